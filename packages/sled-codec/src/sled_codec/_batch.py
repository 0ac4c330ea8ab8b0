"""Recordings of different lengths in one pass, each as if it were alone.

Both networks are causal, so padding on the right never reaches what comes before it. Two
places need care: a strided convolution reflects the end of a recording that does not fill its
last step, so each row gets its own reflection there; and a recording shorter than a reflection
on the left is padded in another way by EnCodec, so such rows are processed alone.

One pass serves accelerators. On a CPU it is no faster and sums in another order, so there
every row is run alone and the results are the same to the last bit.
"""

from collections.abc import Callable, Sequence
from typing import Any

from encodec.modules.conv import pad1d
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from sled_codec._network import downsampling, longest_padding


def encode_each(
    encoder: nn.Module, waves: Sequence[Tensor], hop: int, *, in_one_pass: bool
) -> list[Tensor]:
    """Return ``[ceil(samples / hop), D]`` for each wave ``[samples]``."""

    def run(rows: Sequence[Tensor]) -> list[Tensor]:
        lengths = [len(row) for row in rows]
        frames = _encode(encoder, pad_sequence(list(rows), batch_first=True)[:, None], lengths)
        counts = [-(-length // hop) for length in lengths]
        return [row[:, :count].t() for row, count in zip(frames, counts, strict=True)]

    if not in_one_pass:
        return [run([wave])[0] for wave in waves]
    return _in_groups(waves, run, longer_than=hop * longest_padding(encoder))


def decode_each(
    decoder: nn.Module, latents: Sequence[Tensor], hop: int, *, in_one_pass: bool
) -> list[Tensor]:
    """Return ``[frames · hop]`` for each of the latents ``[frames, D]``."""

    def run(rows: Sequence[Tensor]) -> list[Tensor]:
        waves = decoder(pad_sequence(list(rows), batch_first=True).transpose(1, 2))[:, 0]
        return [wave[: len(row) * hop] for wave, row in zip(waves, rows, strict=True)]

    if not in_one_pass:
        return [run([each])[0] for each in latents]
    return _in_groups(latents, run, longer_than=longest_padding(decoder))


def _in_groups(
    rows: Sequence[Tensor],
    run: Callable[[Sequence[Tensor]], list[Tensor]],
    *,
    longer_than: int,
) -> list[Tensor]:
    """Process rows ``longer_than`` a limit together, the others one by one, keeping the order."""
    long = [index for index, row in enumerate(rows) if len(row) > longer_than]
    done: dict[int, Tensor] = {}
    if long:
        done.update(zip(long, run([rows[index] for index in long]), strict=True))
    for index, row in enumerate(rows):
        if index not in done:
            done[index] = run([row])[0]
    return [done[index] for index in range(len(rows))]


def _encode(encoder: nn.Module, x: Tensor, lengths: Sequence[int]) -> Tensor:
    layers: Any = encoder.model
    for layer in layers:
        stride = downsampling(layer)
        if stride > 1:
            x = _complete_last_steps(x, lengths, stride, layer.pad_mode)
            lengths = [-(-length // stride) for length in lengths]
        x = layer(x)
    return x


def _complete_last_steps(x: Tensor, lengths: Sequence[int], stride: int, mode: str) -> Tensor:
    """Pad each row ``x[b, :, :lengths[b]]`` in place of what lies behind it, to full steps."""
    if len(lengths) == 1:
        return x
    x = nn.functional.pad(x, (0, -x.shape[-1] % stride))
    for row, length in zip(x, lengths, strict=True):
        extra = -length % stride
        if extra:
            whole = pad1d(row[None, :, :length], (0, extra), mode=mode)
            row[:, length : length + extra] = whole[0, :, length:]
    return x
