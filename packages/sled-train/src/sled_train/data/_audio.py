"""The waveform of a cut at the codec's rate."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from sled_codec import Codec, CodecError, read_audio, resample
from torch import Tensor

from ._cuts import OVERHANG, Utterance

Heard = Tensor | str
"""A waveform float32 `[samples]`, or why there is none."""


def read_wave(spoken: Utterance) -> tuple[Tensor, int]:
    """Return a cut's audio, mono float32 `[samples]`, and its sample rate.

    Raises:
        CodecError: missing, unreadable, cut short, or NaN.

    """
    if spoken.audio is None:
        return _composed(spoken)
    length = spoken.seconds
    wave, rate = read_audio(spoken.audio, start=float(spoken.cut.start), duration=length)
    if len(wave) < (length - OVERHANG) * rate:
        found = f"{len(wave) / rate:.2f} of {length:.2f} s"
        raise CodecError(f"{spoken.source}: cut short: {found} can be read")
    return wave, rate


def load_wave(spoken: Utterance, codec: Codec) -> Tensor:
    """Return a cut's audio at the codec's rate, mono float32 `[samples]`.

    Raises:
        CodecError: as `read_wave`, or shorter than one frame.

    """
    wave, rate = read_wave(spoken)
    wave = resample(wave, rate, codec.sample_rate)
    if len(wave) < codec.hop_length:
        raise CodecError(f"{spoken.source}: shorter than one frame")
    return wave


def load_ahead(
    windows: Iterator[Sequence[Utterance]], codec: Codec, pool: ThreadPoolExecutor
) -> Iterator[list[Heard]]:
    """Yield the audio of window after window, reading the next while one is worked on."""
    upcoming = [pool.submit(_heard, spoken, codec) for spoken in next(windows, ())]
    while upcoming:
        current, window = upcoming, next(windows, ())
        upcoming = [pool.submit(_heard, spoken, codec) for spoken in window]
        yield [each.result() for each in current]


def _heard(spoken: Utterance, codec: Codec) -> Heard:
    try:
        return load_wave(spoken, codec)
    except (CodecError, OSError) as error:
        return str(error)


def _composed(spoken: Utterance) -> tuple[Tensor, int]:
    """Let lhotse compose mixes, transforms, single channels and sources that are no files."""
    try:
        samples = spoken.cut.load_audio()
    except Exception as error:  # each of lhotse's backends has its own
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CodecError(f"{spoken.source}: lhotse cannot load it ({reason:.120})") from None
    wave = torch.from_numpy(samples).float().mean(dim=0)
    if not bool(torch.isfinite(wave).all()):
        raise CodecError(f"{spoken.source}: holds NaN or infinite samples")
    return wave, int(spoken.cut.sampling_rate)
