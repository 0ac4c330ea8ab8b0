"""The decoder piece by piece: latents in as they come, samples out, equal to one decode of all.

Every layer carries what it needs of its past: a convolution the last inputs that its kernel
still reaches, the LSTM its state.

Only the start needs more than the past. EnCodec fills the place left of the first input with a
reflection of the first inputs, so the first sample hangs on `Network.frames_to_start` frames; until
they are there (or the stream is over), frames wait and no samples come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import torch
from torch import Tensor

from sled_codec._memory import Memory
from sled_codec._pack import Network


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
    place: int

    @property
    def kind(self) -> tuple[bool, int]:
        """What pushes must share to go through the network together."""
        return (self.state.memory is None, len(self.latents))


def push(
    network: Network, latents: Sequence[Tensor], states: Sequence[DecoderState], *, last: bool
) -> list[Tensor]:
    """Decode what each stream pushed; streams in the same phase go through together.

    ``latents``: ``[frames, D]`` each, frames may be 0. Returns ``[samples]`` each.
    """
    waves = [each.new_empty(0) for each in latents]
    ready = [
        _take(state, each, place, last=last, to_start=network.frames_to_start)
        for place, (state, each) in enumerate(zip(states, latents, strict=True))
    ]
    pushes = sorted((each for each in ready if each is not None), key=lambda each: each.kind)
    for _, group in groupby(pushes, key=lambda each: each.kind):
        together = list(group)
        for each, wave in zip(together, _decode(network, together), strict=True):
            waves[each.place] = wave
    return waves


def _take(
    state: DecoderState, latents: Tensor, place: int, *, last: bool, to_start: int
) -> _Push | None:
    """Count new frames in; give those that can be decoded now, with the ones that waited."""
    state.frames += len(latents)
    state.ended = last
    if state.memory is not None:
        return _Push(state, latents, place) if len(latents) else None
    if len(latents):
        state.waiting.append(latents)
    if not state.waiting or not (last or state.frames >= to_start):
        return None
    latents, state.waiting = torch.cat(state.waiting), []
    return _Push(state, latents, place)


def _decode(network: Network, pushes: Sequence[_Push]) -> list[Tensor]:
    x = torch.stack([each.latents for each in pushes], dim=1)
    memories = [each.state.memory for each in pushes if each.state.memory is not None]
    before = iter([_together(parts) for parts in zip(*memories, strict=True)])
    memory = Memory(before if memories else None, network.mode)
    waves = network.stages(x, memory)[..., 0]
    for place, each in enumerate(pushes):
        each.state.memory = tuple(part[..., place : place + 1, :] for part in memory.after)
    return list(waves.t())


def _together(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts), dim=-2)
