"""Whole recordings, of different lengths in one batch, each as if it were alone.

Both networks are causal. On a CPU each recording goes through in pieces small enough for the
processor's cache, every layer remembering its past: memory does not grow with the length, and
results are the same to the last bit alone and in a batch.

On accelerators one pass serves all. Padding on the right never reaches what comes before it;
only the end of a recording needs care (see `sled_codec._stages.Downsampling`), and recordings
too short for the padding on the left, which EnCodec pads in another way, are processed alone.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from sled_codec._incremental import DecoderState, push
from sled_codec._memory import Memory
from sled_codec._pack import Network

_FRAMES_AT_ONCE = 32


def encode_each(
    network: Network, waves: Sequence[Tensor], hop: int, *, in_one_pass: bool
) -> list[Tensor]:
    """Return ``[ceil(samples / hop), D]`` for each wave ``[samples]``."""

    def run(rows: Sequence[Tensor]) -> list[Tensor]:
        lengths = [len(row) for row in rows]
        memory = Memory(None, network.mode, lengths)
        frames = network.stages(pad_sequence(list(rows))[..., None], memory)
        counts = [-(-length // hop) for length in lengths]
        return [frames[:count, row] for row, count in enumerate(counts)]

    if not in_one_pass:
        return [_encode_in_pieces(network, wave, hop) for wave in waves]
    return _in_groups(waves, run, at_least=hop * network.frames_to_start)


def decode_each(
    network: Network, latents: Sequence[Tensor], hop: int, *, in_one_pass: bool
) -> list[Tensor]:
    """Return ``[frames · hop]`` for each of the latents ``[frames, D]``."""

    def run(rows: Sequence[Tensor]) -> list[Tensor]:
        memory = Memory(None, network.mode)
        waves = network.stages(pad_sequence(list(rows)), memory)[..., 0]
        return [waves[: len(row) * hop, place] for place, row in enumerate(rows)]

    if not in_one_pass:
        return [_decode_in_pieces(network, each) for each in latents]
    return _in_groups(latents, run, at_least=network.frames_to_start)


def _encode_in_pieces(network: Network, wave: Tensor, hop: int) -> Tensor:
    frames, before = [], None
    for piece, is_last in _pieces(wave, hop * max(_FRAMES_AT_ONCE, network.frames_to_start)):
        memory = Memory(before, network.mode, [len(piece)] if is_last else None)
        frames.append(network.stages(piece[:, None, None], memory)[:, 0])
        before = iter(memory.after)
    return torch.cat(frames)


def _decode_in_pieces(network: Network, latents: Tensor) -> Tensor:
    state, waves = DecoderState(), []
    for piece, is_last in _pieces(latents, max(_FRAMES_AT_ONCE, network.frames_to_start)):
        waves += push(network, [piece], [state], last=is_last)
    return torch.cat(waves)


def _pieces(whole: Tensor, size: int) -> Iterator[tuple[Tensor, bool]]:
    """Cut into pieces of ``size``, and say which is the last: it is longer, never shorter.

    So it holds all that its end is completed from.
    """
    count = max(1, len(whole) // size)
    for number in range(count):
        is_last = number == count - 1
        yield whole[number * size : None if is_last else (number + 1) * size], is_last


def _in_groups(
    rows: Sequence[Tensor], run: Callable[[Sequence[Tensor]], list[Tensor]], *, at_least: int
) -> list[Tensor]:
    """Process rows of ``at_least`` that length together, the others one by one, in order."""
    long = [index for index, row in enumerate(rows) if len(row) >= at_least]
    done: dict[int, Tensor] = {}
    if long:
        done.update(zip(long, run([rows[index] for index in long]), strict=True))
    return [done[i] if i in done else run([row])[0] for i, row in enumerate(rows)]
