"""One writer at a time: a lock file that the kernel lets go of, however its process ends."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from ._errors import TrainError

# Seconds: who was killed a moment ago may not be gone yet.
_PATIENCE = 5.0


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
    deadline = time.monotonic() + _PATIENCE
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        if _is_ours(handle) and _is_at(lock, handle):
            return handle
        os.close(handle)
        if time.monotonic() >= deadline:
            raise TrainError(
                f"{place} is being written by another process: wait for it, or give another place"
            )
        time.sleep(0.05)


def _is_at(lock: Path, handle: int) -> bool:
    """Tell whether whoever had it has not removed it between our opening and our taking it."""
    try:
        return os.path.samestat(os.fstat(handle), lock.stat())
    except FileNotFoundError:
        return False


def _is_ours(handle: int) -> bool:
    import fcntl  # noqa: PLC0415 - absent on Windows

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # this disk knows no locks
        return True
    return True
