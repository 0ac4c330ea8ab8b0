"""Audio files in and out, through libsndfile."""

import math
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from sled_codec._errors import CodecError
from sled_codec._files import atomic_write

FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".opus": ("OGG", "OPUS"),
}
AUDIO_SUFFIXES = tuple(FORMATS)
_BLOCK = 1 << 16
_FLOATS = ("FLOAT", "DOUBLE")
_REFUSALS = (soundfile.SoundFileError, RuntimeError, TypeError, ValueError, OverflowError)


def read_audio(
    path: str | Path, *, start: float = 0.0, duration: float | None = None
) -> tuple[Tensor, int]:
    """Read an audio file, or ``duration`` seconds of it from ``start`` on.

    Returns mono float32 ``[samples]`` (the mean of the channels, full scale ±1) and the
    file's own sample rate. WAV, FLAC, OGG, MP3 and whatever else libsndfile knows. A part
    that reaches beyond the end stops there. Raises `CodecError` for a file that is missing,
    unreadable, empty, cut short or holds NaN, and for a part outside of it.
    """
    _check_part(path, start, duration)
    try:
        with _opened(path) as file:
            rate: int = file.samplerate
            first, count = _part(path, file.frames, rate, start, duration)
            file.seek(first)
            samples = file.read(count, dtype="float32", always_2d=True)
            exact = file.format != "MP3"
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise CodecError(f"{path}: not readable as audio ({_reason(error)})") from None
    if len(samples) == 0 or (exact and len(samples) < count):
        raise CodecError(f"{path}: cut short: {len(samples)} of {count} samples can be read")
    wave = torch.from_numpy(samples).mean(dim=1)
    if not bool(torch.isfinite(wave).all()):
        raise CodecError(f"{path}: holds NaN or infinite samples; export it again")
    return wave, rate


def write_audio(
    target: str | Path | BinaryIO, wave: Tensor, sample_rate: int, *, suffix: str = ".wav"
) -> None:
    """Write ``wave`` ``[samples]`` or ``[channels, samples]``, full scale ±1, louder is clipped.

    A path is written atomically in the format of its suffix (.wav as 16-bit PCM, .flac,
    .ogg, .mp3, .opus); a binary file object, seekable or not, in that of ``suffix``. Raises
    `CodecError` for an unknown suffix, an empty wave, NaN, or a rate the format cannot hold, and
    `OSError` where the file system refuses; then nothing half-written is left.
    """
    form = FORMATS[_suffix(target if isinstance(target, str | Path) else f"audio{suffix}")]
    content = _encode(float_samples(wave), sample_rate, *form)
    if isinstance(target, str | Path):
        with atomic_write(target) as file:
            file.write(content)
    else:
        target.write(content)


def convert_audio(source: str | Path, target: str | Path) -> None:
    """Write an audio file again, in the format of the target's suffix, a block at a time.

    Samples of 16 bits stay as they are where the format can hold them; memory does not grow with
    the length. The target is written atomically. Raises `CodecError` for an unknown suffix and for
    a source that is missing or unreadable, and `OSError` where the file system refuses.
    """
    form = FORMATS[_suffix(target)]
    with _opened(source) as read, atomic_write(target) as file:
        sink = _Sink(file)
        try:
            with soundfile.SoundFile(
                sink, "w", read.samplerate, read.channels, form[1], format=form[0]
            ) as written:
                for block in _blocks(read):
                    written.write(block)
        except (*_REFUSALS, AssertionError) as error:
            if sink.error is not None:
                raise sink.error from None
            raise CodecError(f"{target}: cannot be written ({_reason(error)})") from None


def _blocks(file: soundfile.SoundFile) -> Iterator[NDArray[np.generic]]:
    """Yield samples of 16 bits, or float32 where the file holds floats: those are not scaled."""
    if file.subtype not in _FLOATS:
        yield from file.blocks(_BLOCK, dtype="int16", always_2d=True)
        return
    for block in file.blocks(_BLOCK, dtype="float32", always_2d=True):
        yield float_samples(torch.from_numpy(block).t()).numpy()


class _Sink:
    """A file for libsndfile, which loses exceptions: the first one waits here to be raised."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self.seek, self.tell, self.read = file.seek, file.tell, file.read

    def write(self, content: bytes) -> int:
        try:
            return self._file.write(content)
        except OSError as error:
            self.error = self.error or error
            return 0


def _opened(path: str | Path) -> soundfile.SoundFile:
    if not Path(path).is_file():
        raise CodecError(f"{path}: no such audio file; check the path")
    try:
        return soundfile.SoundFile(str(path))
    except _REFUSALS as error:
        raise CodecError(f"{path}: not readable as audio ({_reason(error)})") from None


def _suffix(target: str | Path) -> str:
    suffix = Path(target).suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(FORMATS)
        raise CodecError(f"{target}: cannot write audio as {suffix!r}; use one of {known}")
    return suffix


def _check_part(path: str | Path, start: float, duration: float | None) -> None:
    if not (math.isfinite(start) and start >= 0):
        raise CodecError(f"{path}: start must be 0 or more seconds: {start}")
    if duration is not None and not (math.isfinite(duration) and duration > 0):
        raise CodecError(f"{path}: duration must be more than 0 seconds: {duration}")


def _part(
    path: str | Path, frames: int, rate: int, start: float, duration: float | None
) -> tuple[int, int]:
    """Return the first sample of the part and how many there are."""
    if frames <= 0:
        raise CodecError(f"{path}: holds no samples; record it again")
    first = round(start * rate)
    if first >= frames:
        raise CodecError(f"{path}: start {start} s lies beyond its end at {frames / rate:.3f} s")
    rest = frames - first
    if duration is None:
        return first, rest
    return first, max(1, min(rest, round(duration * rate)))


def float_samples(wave: Tensor) -> Tensor:
    """Give ``[samples, channels]`` on the CPU, clipped to full scale."""
    if wave.dim() not in (1, 2) or wave.numel() == 0:
        shape = list(wave.shape)
        raise CodecError(f"audio to write must be [samples] or [channels, samples]: {shape}")
    wave = wave.detach().to("cpu", torch.float32)
    if not bool(torch.isfinite(wave).all()):
        raise CodecError("audio to write holds NaN or infinite samples; nothing was written")
    return wave.reshape(-1, wave.shape[-1]).t().clamp(-1.0, 1.0)


def _encode(samples: Tensor, rate: int, container: str, subtype: str) -> bytes:
    """Return the bytes of an audio file; built in memory, so that a pipe can take them."""
    buffer = BytesIO()
    data = samples.contiguous().numpy()
    try:
        with soundfile.SoundFile(
            buffer, "w", rate, data.shape[1], subtype, format=container
        ) as file:
            for begin in range(0, len(data), _BLOCK):
                file.write(data[begin : begin + _BLOCK])
    except _REFUSALS as error:
        what = f"{data.shape[1]} channel(s) at {rate} Hz"
        raise CodecError(f"cannot write {container} with {what} ({_reason(error)})") from None
    return buffer.getvalue()


def _reason(error: Exception) -> str:
    text = str(getattr(error, "error_string", error)).strip()
    return (text.splitlines() or [type(error).__name__])[0].rstrip(".")
