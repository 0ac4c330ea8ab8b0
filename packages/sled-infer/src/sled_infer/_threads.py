"""How many threads compute: chosen, not inherited, and only while something is computed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ._errors import SynthesisError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_QUOTA = "/sys/fs/cgroup/cpu.max"


def choose_threads(asked: int | None = None) -> int:
    """Say how many threads decoding uses.

    Args:
        asked: so many; None for `OMP_NUM_THREADS` where it is set, else one for each physical
            core that this process may run on (a second thread on a core reads no faster), and
            no more than the processors that a container grants it.

    Raises:
        SynthesisError: fewer than one.

    """
    if asked is None:
        named = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
        return int(named) if named.isdecimal() and int(named) else min(_cores(), _granted())
    if asked < 1:
        raise SynthesisError(f"threads: {asked} is too few; give 1 or more")
    return asked


@contextmanager
def computing(threads: int) -> Iterator[None]:
    """Let this thread's work be shared among so many, as long as the context lasts."""
    before = torch.get_num_threads()
    if before == threads:
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _cores() -> int:
    """Count the physical cores that we may run on, where the system tells which they are."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    processors = os.sched_getaffinity(0)
    return len({_read(_TOPOLOGY.format(number)) or str(number) for number in processors})


def _granted() -> int:
    """Give the whole processors of the container's share, at least one."""
    quota, _, period = _read(_QUOTA).partition(" ")
    if not quota.isdecimal() or not period.isdecimal():
        return os.cpu_count() or 1
    return max(1, int(quota) // max(1, int(period)))


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""
