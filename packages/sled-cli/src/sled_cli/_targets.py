"""Where results go: checked before the work, written whole or not at all."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sled_cli._errors import CliError

if TYPE_CHECKING:
    from torch import Tensor

STDOUT = Path("-")


def check_target(target: Path, *, audio: bool = False) -> None:
    """Refuse a target that cannot be written, before minutes are spent on its content."""
    if target == STDOUT:
        if not audio:
            raise CliError("-: only audio can go to standard output; give a file name")
        return
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; give a file name", str(target))
    if not target.parent.is_dir():
        where = str(target.parent)
        raise FileNotFoundError(errno.ENOENT, "no such folder; make it first", where)
    if audio and target.suffix.lower() not in audio_suffixes():
        known = ", ".join(audio_suffixes())
        raise CliError(f"{target}: cannot write audio as {target.suffix!r}; use one of {known}")


def audio_suffixes() -> tuple[str, ...]:
    """Give the suffixes of the files that whole audio is written to."""
    from sled_codec import AUDIO_SUFFIXES  # noqa: PLC0415 - heavy

    return AUDIO_SUFFIXES


def pair_targets(sources: Sequence[Path], output: Path, suffix: str) -> list[tuple[Path, Path]]:
    """Give each source its target: `output` itself, or, for several or a folder, one inside it.

    Raises `CliError` where two sources would be written to one file, or one over its source.
    """
    if len(sources) == 1 and not output.is_dir():
        check_target(output, audio=suffix in audio_suffixes())
        targets = [output]
    elif output == STDOUT or not output.is_dir():
        raise CliError(f"{output}: several files need an existing folder as --out")
    else:
        targets = [output / f"{source.stem}{suffix}" for source in sources]
    if len(set(targets)) < len(targets):
        raise CliError("two of the files have the same name: write them to different folders")
    for source, target in zip(sources, targets, strict=True):
        check_source(source, target)
    return list(zip(sources, targets, strict=True))


def check_source(source: Path, target: Path) -> None:
    """Refuse to write a result over the file that it is made from."""
    if target.exists() and source.exists() and target.samefile(source):
        raise CliError(f"{source}: --out would overwrite it; choose another")


@contextmanager
def naming(target: Path) -> Iterator[None]:
    """Make system errors inside say which file they are about: a full disk does not know."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(target)
        raise


def write_wave(target: Path, wave: "Tensor", sample_rate: int, stdout: BinaryIO) -> None:
    """Write audio to the file `target`, or as WAV to `stdout` where the target is `-`."""
    from sled_codec import write_audio  # noqa: PLC0415 - heavy

    if target != STDOUT:
        with naming(target):
            write_audio(target, wave, sample_rate)
        return
    write_audio(stdout, wave, sample_rate)
    stdout.flush()
