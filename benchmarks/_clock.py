"""What the speed benchmarks share: threads, rounds, memory, and writing the figures down."""

from __future__ import annotations

import json
import os
import platform
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from sled_infer import choose_threads

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping


CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def synchronised() -> float:
    """Give the time once the GPU has done all that it was given."""
    torch.cuda.synchronize()
    return time.perf_counter()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the number of threads be chosen and the figures be written to files."""
    parser.add_argument("--threads", type=int, help="default: all processors given to us")
    parser.add_argument("--rounds", type=int, default=3, help="the fastest counts")
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="processor: time spent computing, for one thread on a machine that others use too",
    )
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--plot", type=Path, help="write a plot (.png, .svg) here")


def set_threads(asked: int | None) -> int:
    """Use as many threads as asked for, else as decoding does by itself."""
    threads = choose_threads(asked)
    torch.set_num_threads(threads)
    return threads


def fastest(
    ways: Mapping[str, Callable[[], object]], rounds: int, now: Callable[[], float]
) -> dict[str, float]:
    """Time the ways in turn, several rounds; give each one's fastest, in seconds.

    In turn, so that whatever else the machine does meets all of them alike.
    """
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            best[name] = min(best[name], seconds(way, now))
    return best


def seconds(way: Callable[[], object], now: Callable[[], float]) -> float:
    """Time one call."""
    start = now()
    way()
    return now() - start


def reset_peak() -> None:
    """Let `peak_mib` count from now on, where the system can."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # torch leaves it so
        torch.cuda.reset_peak_memory_stats()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mib(device: str = "cpu") -> float:
    """Give the most memory that this process held, or that its tensors held on a GPU, in MiB."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def held_mib() -> float:
    """Give the memory this process holds now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def machine(threads: int) -> dict[str, Any]:
    """Say what the figures were taken on."""
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor(),
        "processors": len(os.sched_getaffinity(0)),
        "threads": threads,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
        "load": os.getloadavg()[0],
    }


def write(path: Path | None, figures: Mapping[str, Any]) -> None:
    """Write the figures as JSON, estimates by their parts, if a file was asked for."""
    if path is not None:
        path.write_text(json.dumps(figures, indent=1, default=asdict) + "\n", encoding="utf-8")
