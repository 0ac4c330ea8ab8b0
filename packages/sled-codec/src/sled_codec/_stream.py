"""Audio files while they are still being made: what has been given out never changes."""

import soundfile
from torch import Tensor

from sled_codec._audio import FORMATS, float_samples
from sled_codec._errors import CodecError
from sled_codec._pcm import pcm_bytes, wav_header

STREAM_SUFFIXES = (".wav", ".pcm", ".mp3", ".ogg", ".opus")
_MP3_HEADER = 4
# A constant rate, 64 kbit/s at 24 kHz, as no table of contents can follow that would tell how long
# it is: players then know it from the size.
_MP3 = {"bitrate_mode": "CONSTANT", "compression_level": 0.6}


class StreamEncoder:
    """Encode one channel of audio that comes in pieces.

    `suffix` is one of `STREAM_SUFFIXES`; `.wav` has a header of unknown length, `.pcm` none, both
    hold 16-bit samples. Raises `CodecError` for any other, and for a rate that it cannot hold.
    """

    def __init__(self, sample_rate: int, suffix: str) -> None:
        if suffix not in STREAM_SUFFIXES:
            known = ", ".join(STREAM_SUFFIXES)
            raise CodecError(f"cannot stream audio as {suffix!r}; use one of {known}")
        self._head = wav_header(sample_rate) if suffix == ".wav" else b""
        self._sink = _Sink()
        self._file: soundfile.SoundFile | None = None
        if suffix not in (".wav", ".pcm"):
            self._file = _open(self._sink, sample_rate, suffix)

    def push(self, wave: Tensor) -> bytes:
        """Take float samples `[samples]`, full scale ±1, and give what is ready: perhaps nothing.

        Louder ones are clipped; `CodecError` for NaN.
        """
        if self._file is None:
            head, self._head = self._head, b""
            return head + pcm_bytes(wave)
        if wave.numel() == 0:
            return b""
        self._file.write(float_samples(wave).numpy())
        return self._sink.take()

    def finish(self) -> bytes:
        """Give what is left; nothing can be pushed then."""
        if self._file is None:
            return b""
        self._file.close()
        return self._sink.take()


def _open(sink: "_Sink", rate: int, suffix: str) -> soundfile.SoundFile:
    container, subtype = FORMATS[suffix]
    manner = _MP3 if suffix == ".mp3" else {}
    try:
        return soundfile.SoundFile(sink, "w", rate, 1, subtype, format=container, **manner)
    except soundfile.SoundFileError as error:
        raise CodecError(f"cannot stream {suffix} at {rate} Hz ({error})") from None


class _Sink:
    """What libsndfile writes to: it keeps what is appended until it is taken.

    What it would change of the beginning once all is known, it cannot: that has been sent.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._at = self._end = 0

    def write(self, content: bytes) -> int:
        size = len(content)
        if self._at == self._end:
            self._end += size
            # MP3's first frame is left free for a table of contents; here it were but a silence.
            if self._at or any(content[_MP3_HEADER:]):
                self._waiting += content
        self._at += size
        return size

    def take(self) -> bytes:
        ready = bytes(self._waiting)
        self._waiting.clear()
        return ready

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = (0, self._at, self._end)[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, _: int = -1) -> bytes:
        return b""
