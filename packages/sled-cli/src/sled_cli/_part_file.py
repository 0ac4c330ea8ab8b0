"""A long text's audio while it is spoken: a WAV that grows beside its place, piece by piece.

A run that is broken off leaves `NAME.part.wav`, which can be listened to, and the journal of its
pieces, `NAME.part.jsonl`. The same command goes on from there, and ends with the same audio as if
it had never been broken off: each piece has a seed of its own.
"""

import errno
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from sled_cli._errors import CliError
from sled_cli._stream_out import BYTES, HEADER_BYTES, correct_header, write_all
from sled_cli._targets import naming

if TYPE_CHECKING:
    from sled_infer import Journal, Speech

_TEXT = "text"  # the journal's row that tells what is spoken
_OURS = f'{{"name": "{_TEXT}", "digest": "'.encode()  # how each journal of ours begins


@dataclass(frozen=True)
class Said:
    """A piece that was spoken; `samples` without the pause before it, `spent` in seconds."""

    text: str
    samples: int
    pause: int
    stopped: bool
    left_out: list[str]
    spent: float

    @classmethod
    def of(cls, speech: "Speech", spent: float) -> Self:
        """Tell of a piece, and what time it took."""
        pause = round(speech.pause * speech.sample_rate)
        words = list(speech.unsupported)
        return cls(speech.text, len(speech.wave), pause, speech.stopped, words, spent)


class PartFile:
    """The file of an unfinished text; used by `with`, which keeps it unless nothing was said.

    Attributes:
        path: where it lies.
        said: its pieces.
        began: what became of a part that was there; empty if there was none.

    """

    def __init__(self, target: Path, sample_rate: int, digest: str) -> None:
        """Open the part of `target`, with the pieces it has if they are of the same `digest`.

        Raises:
            CliError: another process is writing it, or what is there is no part of ours.
            OSError: the file system refuses.

        """
        self.path = target.with_suffix(".part.wav")
        self._target, self._rate, self._digest = target, sample_rate, digest
        self._file = _only_mine(self.path)
        self._refuse_strangers(target.with_suffix(".part.jsonl"))
        self.began = ""
        self.said = self._known()

    @property
    def seconds(self) -> float:
        """Length of the audio, pauses included."""
        return sum(each.pause + each.samples for each in self.said) / self._rate

    def add(self, speech: "Speech", spent: float) -> None:
        """Write a piece; once this returns, only a broken disk undoes it."""
        said = Said.of(speech, spent)
        with naming(self.path):
            write_all(self._file, bytes(BYTES * said.pause) + _samples(speech))
            correct_header(self._file, self._rate, self._file.tell() - HEADER_BYTES)
            os.fsync(self._file.fileno())
        with naming(self._journal.path):
            self._journal.add(str(len(self.said)), **asdict(said))
        self.said.append(said)

    def finish(self) -> None:
        """Let it become the target, in the format of that; leave nothing if nothing was said."""
        from sled_codec import atomic_path, convert_audio  # noqa: PLC0415 - heavy

        self._file.close()
        if not any(each.samples for each in self.said):
            self.remove()
            return
        with naming(self._target):
            if self._target.suffix.lower() == ".wav":
                with atomic_path(self._target) as temporary:
                    shutil.move(self.path, temporary)
            else:
                convert_audio(self.path, self._target)
        self.remove()

    def remove(self) -> None:
        """Leave nothing of it."""
        self._file.close()
        self.path.unlink(missing_ok=True)
        self._journal.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self.said:
            self.remove()

    def _refuse_strangers(self, journal: Path) -> None:
        """Raise `CliError` for a file that is not of ours; a kill may leave empty ones that are."""
        begins = journal.read_bytes()[: len(_OURS)] if journal.is_file() else b""
        filled = os.fstat(self._file.fileno()).st_size > 0
        if begins == _OURS or (not filled and _OURS.startswith(begins)):
            return
        self._file.close()
        if not filled:
            self.path.unlink()
        stranger = self.path if filled else journal
        raise CliError(f"{stranger}: no part of sled's; move it away, or change --out")

    def _known(self) -> list[Said]:
        """Read the journal; begin anew if it is of something else, or tells of more than there is.

        What is in the file beyond the journal was torn by a kill, and is cut off.
        """
        self._journal = self._open_journal()
        rows = [row for name, row in self._journal.rows.items() if name != _TEXT]
        said = [Said(**{key: row[key] for key in row if key != "name"}) for row in rows]
        size = BYTES * sum(each.pause + each.samples for each in said)
        wanted = self._journal.rows.get(_TEXT, {}).get("digest")
        if wanted != self._digest or self._file.seek(0, os.SEEK_END) < HEADER_BYTES + size:
            self._journal.path.unlink(missing_ok=True)
            self._journal = self._open_journal()
            self._journal.add(_TEXT, digest=self._digest)
            said, size = [], 0
            self.began = "was something else's, or damaged; begun anew" if wanted else ""
        elif said:
            self.began = f"goes on after {len(said)} of its pieces"
        self._file.truncate(HEADER_BYTES + size)
        correct_header(self._file, self._rate, size)
        return said

    def _open_journal(self) -> "Journal":
        from sled_infer import Journal  # noqa: PLC0415 - heavy

        return Journal(self._target.with_suffix(".part.jsonl"))


def _samples(speech: "Speech") -> bytes:
    """Give a piece's samples as they are in any WAV that is written at once."""
    from sled_codec import write_audio  # noqa: PLC0415 - heavy

    whole = BytesIO()
    if len(speech.wave):
        write_audio(whole, speech.wave, speech.sample_rate)
    return whole.getvalue()[HEADER_BYTES:]


def _only_mine(path: Path) -> BinaryIO:
    """Open a file to read and write that no other process has open so."""
    with naming(path):
        file = open(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "rb+", buffering=0)  # noqa: SIM115, PTH123
    if sys.platform == "win32":
        return file
    import fcntl  # noqa: PLC0415 - not on Windows

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except OSError as error:
        file.close()
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        mine = False
    if not mine:
        file.close()
        raise CliError(f"{path}: is being written by another sled; wait for it, or change --out")
    return file
