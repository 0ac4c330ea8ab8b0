"""Files appear whole or not at all: written beside their place, then renamed into it."""

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a path beside ``path``; when the block ends well, what lies there becomes ``path``.

    On any exception the temporary file is removed and ``path`` stays as it was. The temporary
    name keeps the suffix of ``path``. Symbolic links are followed; devices and pipes are
    written to, never replaced. Raises `OSError` where the folder is missing, where ``path``
    is itself a folder, or where nothing was written.
    """
    target = Path(path).expanduser().resolve()
    _check_place(target)
    if target.exists() and not target.is_file():
        with _copied_into(target) as temporary:
            yield temporary
        return
    name = f".{target.stem[:40]}-{secrets.token_hex(4)}.part{target.suffix}"
    temporary = target.with_name(name)
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """Yield a binary file to write; when the block ends well it becomes ``path``.

    The guarantees and errors are those of `atomic_path`.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        yield file


def _check_place(target: Path) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; give a file name", str(target))
    if not target.parent.is_dir():
        where = str(target.parent)
        raise FileNotFoundError(errno.ENOENT, "no such folder; make it first", where)


@contextmanager
def _copied_into(device: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sled-") as folder:
        temporary = Path(folder) / f"out{device.suffix}"
        yield temporary
        with temporary.open("rb") as source, device.open("wb") as sink:
            shutil.copyfileobj(source, sink)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; not every system lets a folder be opened for that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
