"""The decoder piece by piece: latents in as they come, samples out, equal to one decode of all.

Every layer carries what it needs of its past: a causal convolution the last inputs its kernel
still reaches, a transposed one the outputs that overlap what comes next, the LSTM its state.

Only the start needs more than the past. EnCodec fills the place left of the first input with a
reflection of the first inputs, so the first sample hangs on `frames_to_start` frames; until
they are there (or the stream is over), frames wait and no samples come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import torch
from encodec.modules.conv import SConv1d, SConvTranspose1d, pad1d
from encodec.modules.lstm import SLSTM
from encodec.modules.seanet import SEANetResnetBlock
from torch import Tensor, nn
from torch.nn.functional import conv_transpose1d

from sled_codec._network import left_padding


@dataclass
class DecoderState:
    """All that decoding one stream of latents remembers; of one size however long the stream.

    Made by `Codec.decoder_state`, changed by `Codec.decode_step`. ``frames`` is how many were
    pushed so far, ``ended`` whether the last one was. A copy goes on by itself.
    """

    waiting: list[Tensor] = field(default_factory=list, repr=False)
    memory: tuple[Tensor, ...] | None = field(default=None, repr=False)
    frames: int = 0
    ended: bool = False

    def copy(self) -> "DecoderState":
        """Return a state that goes on from here, independent of this one."""
        # The tensors are replaced, never written to, so that they can be shared.
        return DecoderState(list(self.waiting), self.memory, self.frames, self.ended)


@dataclass
class _Push:
    """Frames ``[frames, D]`` that go through the network now, and whose they are."""

    state: DecoderState
    latents: Tensor
    whole: bool
    place: int

    @property
    def kind(self) -> tuple[bool, bool, int]:
        """What pushes must share to go through the network together."""
        return (self.whole, self.state.memory is None, len(self.latents))


def frames_to_start(decoder: Any, pad_mode: str) -> int:  # noqa: ANN401 (encodec is untyped)
    """Return how many frames the first sample hangs on: 1 unless the padding reflects."""
    needed, steps = 1, 1
    if pad_mode != "reflect":
        return needed
    for layer in decoder.modules():
        if isinstance(layer, SConvTranspose1d):
            steps *= _stride(layer)
        needed = max(needed, -(-(left_padding(layer) + 1) // steps))
    return needed


def _stride(layer: Any) -> int:  # noqa: ANN401
    stride: int = layer.convtr.convtr.stride[0]
    return stride


def push(
    decoder: nn.Module,
    latents: Sequence[Tensor],
    states: Sequence[DecoderState],
    *,
    last: bool,
    to_start: int,
) -> list[Tensor]:
    """Decode what each stream pushed; streams in the same phase go through together.

    ``latents``: ``[frames, D]`` each, frames may be 0. Returns ``[samples]`` each.
    """
    waves = [each.new_empty(0) for each in latents]
    ready = [
        _take(state, each, place, last=last, to_start=to_start)
        for place, (state, each) in enumerate(zip(states, latents, strict=True))
    ]
    pushes = sorted((each for each in ready if each is not None), key=lambda each: each.kind)
    for _, group in groupby(pushes, key=lambda each: each.kind):
        together = list(group)
        for each, wave in zip(together, _decode(decoder, together), strict=True):
            waves[each.place] = wave
    return waves


def _take(
    state: DecoderState, latents: Tensor, place: int, *, last: bool, to_start: int
) -> _Push | None:
    """Count new frames in; give those that can be decoded now, with the ones that waited."""
    state.frames += len(latents)
    state.ended = last
    if state.memory is not None:
        return _Push(state, latents, whole=False, place=place) if len(latents) else None
    if len(latents):
        state.waiting.append(latents)
    enough = state.frames >= to_start
    if state.frames == 0 or not (enough or last):
        return None
    latents, state.waiting = torch.cat(state.waiting), []
    return _Push(state, latents, whole=not enough, place=place)


def _decode(decoder: nn.Module, pushes: Sequence[_Push]) -> list[Tensor]:
    x = torch.stack([each.latents for each in pushes]).transpose(1, 2)
    if pushes[0].whole:
        return list(decoder(x)[:, 0])
    memories = [each.state.memory for each in pushes if each.state.memory is not None]
    run = _Run([torch.stack(parts) for parts in zip(*memories, strict=True)])
    waves = run(decoder, x)[:, 0]
    for place, each in enumerate(pushes):
        each.state.memory = tuple(part[place] for part in run.after)
    return list(waves)


class _Run:
    """One pass: takes each layer's memory, in their order, and keeps what it leaves behind."""

    def __init__(self, before: Sequence[Tensor]) -> None:
        self._before = iter(before)
        self._starting = not before
        self.after: list[Tensor] = []

    def __call__(self, layer: Any, x: Tensor) -> Tensor:  # noqa: ANN401 (encodec is untyped)
        """Run a layer, or all layers of a network, on ``[B, C, steps]``."""
        if isinstance(layer, SConv1d):
            return self._convolve(layer, x)
        if isinstance(layer, SConvTranspose1d):
            return self._transposed(layer.convtr.convtr, x)
        if isinstance(layer, SLSTM):
            return self._recur(layer, x)
        if isinstance(layer, SEANetResnetBlock):
            return self(layer.shortcut, x) + self(layer.block, x)
        children = list(layer.children())
        if not children:
            done: Tensor = layer(x)
            return done
        for child in children:
            x = self(child, x)
        return x

    def _convolve(self, layer: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        reach = left_padding(layer)
        if reach:
            if self._starting:
                x = pad1d(x, (reach, 0), mode=layer.pad_mode)
            else:
                x = torch.cat((next(self._before), x), dim=-1)
            self.after.append(x[..., -reach:].clone())
        done: Tensor = layer.conv(x)
        return done

    def _transposed(self, conv: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        """Add what earlier inputs left for these outputs; keep what these leave for later ones."""
        y = conv_transpose1d(x, conv.weight, stride=conv.stride)
        overlap = conv.kernel_size[0] - conv.stride[0]
        if not self._starting:
            y[..., :overlap] += next(self._before)
        split = x.shape[-1] * conv.stride[0]
        self.after.append(y[..., split:].clone())
        done: Tensor = y[..., :split] + conv.bias[:, None]
        return done

    def _recur(self, layer: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        steps = x.permute(2, 0, 1)
        before = None
        if not self._starting:
            before = tuple(next(self._before).transpose(0, 1).contiguous() for _ in range(2))
        y, after = layer.lstm(steps, before)
        self.after += [part.transpose(0, 1) for part in after]
        done: Tensor = (y + steps if layer.skip else y).permute(1, 2, 0)
        return done
