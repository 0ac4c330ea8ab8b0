"""What a run notes about the machine: versions and devices, speed and memory."""

import json
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]

_PACKAGES = (
    "sled-train",
    "sled-model",
    "sled-codec",
    "torch",
    "transformers",
    "accelerate",
    "lhotse",
    "torch-optimi",
    "tokenizers",
    "safetensors",
)
_GB = 1e9
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def versions(accelerator: Accelerator) -> str:
    """Versions of what computes, and on how many of which devices, as JSON."""
    device: torch.device = accelerator.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": f"{device.type} {name}".strip(),
        "processes": accelerator.num_processes,
        "threads": torch.get_num_threads(),
        "packages": {package: _version(package) for package in _PACKAGES},
    }
    return json.dumps(found, indent=1) + "\n"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def peak_memory(device: torch.device) -> float:
    """Most memory used so far, in GB: of the device, or of this process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / _GB
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / _GB


class Meter:
    """Frames a second of the steps since the last reading; evaluation and saving do not count."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._seconds = 0.0
        self._frames = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time a step."""
        began = time.perf_counter()
        yield
        self._seconds += time.perf_counter() - began

    def seen(self, frames: int) -> None:
        """Add the frames of a step."""
        self._frames += frames

    def read(self) -> dict[str, float]:
        """Return speed and memory, and begin anew."""
        speed = self._frames / max(self._seconds, 1e-9)
        self._seconds, self._frames = 0.0, 0
        return {"frames_per_s": speed, "memory_gb": peak_memory(self._device)}
