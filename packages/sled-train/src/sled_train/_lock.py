"""One writer at a time: a lock file that the kernel lets go of, however its process ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from ._errors import TrainError


@contextmanager
def only_writer(place: Path, lock: Path) -> Iterator[None]:
    """Keep other processes from writing to `place` during the block; `lock` is a file for that.

    Where the system knows no such locks (Windows, some network disks) it does nothing.

    Raises:
        TrainError: another process writes there.

    """
    if find_spec("fcntl") is None:
        yield
        return
    handle = _take(place, lock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(handle)


def _take(place: Path, lock: Path) -> int:
    """Return the handle of the lock file, which is ours as long as the handle is open."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        if not _is_ours(handle):
            os.close(handle)
            raise TrainError(
                f"{place} is being written by another process: wait for it, or give another place"
            )
        # Whoever had it may have removed it between our opening and our taking it.
        if lock.exists() and os.path.samestat(os.fstat(handle), lock.stat()):
            return handle
        os.close(handle)


def _is_ours(handle: int) -> bool:
    import fcntl  # noqa: PLC0415 - absent on Windows

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # this disk knows no locks
        return True
    return True
