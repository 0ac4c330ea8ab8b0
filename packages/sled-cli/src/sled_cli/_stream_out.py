"""Where a stream's audio goes while it is made: 16-bit samples, bare or as a WAV, or MP3 or Ogg.

A file is written in place, not beside it, so that it can be listened to meanwhile. Its first
piece is written together with its WAV header, which is right after every later one: whenever the
work is broken off, what is there is valid. A pipe, which cannot be gone back in, gets a header of
unknown length, which players read to the end. MP3 and Ogg are never gone back in.
"""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Self

from sled_cli._errors import CliError
from sled_cli._targets import STDOUT, audio_suffixes, check_target, naming

if TYPE_CHECKING:
    from torch import Tensor

Format = Literal["wav", "pcm", "mp3", "ogg", "opus"]
_FORMATS: dict[str, Format] = {
    ".wav": "wav",
    ".pcm": "pcm",
    ".raw": "pcm",
    ".mp3": "mp3",
    ".ogg": "ogg",
    ".opus": "opus",
}
BYTES = 2  # a sample
HEADER_BYTES = 44


def choose_format(target: Path, asked: Format | None) -> Format:
    """Check the target of a stream, and give the format that its name or the option says."""
    check_target(target, audio=target == STDOUT)
    if target == STDOUT:
        return asked or "wav"
    suffix = target.suffix.lower()
    found = _FORMATS.get(suffix)
    if asked is not None:
        if found != asked and suffix in {*_FORMATS, *audio_suffixes()}:
            mend = f"name it {target.with_suffix(f'.{asked}')}"
            raise CliError(f"{target}: --format {asked} contradicts this suffix; {mend}")
        return asked
    if found is None:
        known = ", ".join(_FORMATS)
        raise CliError(f"{target}: no format of a stream: use one of {known}, or --format")
    return found


class StreamSink:
    """Writes mono audio piece by piece; the file appears with the first one."""

    def __init__(self, target: Path, stdout: BinaryIO, sample_rate: int, kind: Format) -> None:
        from sled_codec import StreamEncoder  # noqa: PLC0415 - heavy

        # A WAV's header is written here, where it can be corrected.
        self._encoder = StreamEncoder(sample_rate, ".pcm" if kind == "wav" else f".{kind}")
        self._target = target
        self._stdout = stdout
        self._rate = sample_rate
        self._kind = kind
        self._file: BinaryIO | None = None
        self._begun = False
        self._written = 0

    def write(self, wave: "Tensor") -> None:
        """Write float samples `[samples]`, full scale ±1; louder is clipped."""
        self._write(self._encoder.push(wave))
        self._begun = True

    def _write(self, content: bytes) -> None:
        if not content:
            return
        with naming(self._target):
            if self._file is None:
                self._file = self._open()
                write_all(self._file, self._header(self._file, len(content)) + content)
            else:
                write_all(self._file, content)
                self._correct_header(self._file, self._written + len(content))
            self._file.flush()
        self._written += len(content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if self._begun and not isinstance(error, OSError):
                self._write(self._encoder.finish())
        finally:
            if self._file is not None and self._file is not self._stdout:
                self._file.close()

    def _open(self) -> BinaryIO:
        return self._stdout if self._target == STDOUT else self._target.open("wb", buffering=0)

    def _header(self, file: BinaryIO, size: int) -> bytes:
        from sled_codec import wav_header  # noqa: PLC0415 - heavy

        if self._kind != "wav":
            return b""
        return wav_header(self._rate, size if self._can_go_back(file) else None)

    def _correct_header(self, file: BinaryIO, size: int) -> None:
        if self._kind == "wav" and self._can_go_back(file):
            correct_header(file, self._rate, size)

    def _can_go_back(self, file: BinaryIO) -> bool:
        # Standard output may be a file that something else was written to before.
        return file is not self._stdout and file.seekable()


def correct_header(file: BinaryIO, rate: int, size: int) -> None:
    """Let the header at a file's start say how much there is."""
    from sled_codec import wav_header  # noqa: PLC0415 - heavy

    file.seek(0)
    write_all(file, wav_header(rate, size))
    file.seek(0, 2)


def write_all(file: BinaryIO, content: bytes) -> int:
    """Write all of it: an unbuffered file may take a part at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
    return len(content)
