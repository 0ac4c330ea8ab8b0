"""Choosing a device and a dtype by name, and finding the codec that a model was trained with."""

from __future__ import annotations

from pathlib import Path

import torch
from sled_codec import Codec, CodecError

from ._errors import SynthesisError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
_KINDS = ("cpu", "cuda", "mps")


def pick_device(name: str) -> torch.device:
    """Give the device of a name; "auto" takes CUDA, then MPS, then the CPU.

    Raises:
        SynthesisError: unknown, or not there.

    """
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if _is_there(kind)))
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in _KINDS:
        raise SynthesisError(f"device: {name!r} is not one of auto, {', '.join(_KINDS)}")
    if not _is_there(device.type) or (device.index or 0) >= max(1, torch.cuda.device_count()):
        raise SynthesisError(f"device: this machine has no {name!r}; use 'auto' or 'cpu'")
    return device


def pick_dtype(name: str) -> torch.dtype:
    """Give the dtype of a name; SynthesisError if it is unknown."""
    if name not in DTYPES:
        raise SynthesisError(f"dtype: {name!r} is not one of {', '.join(DTYPES)}")
    return DTYPES[name]


def load_codec(
    source: str | Path,
    model: str | Path,
    *,
    device: torch.device,
    local_files_only: bool,
) -> Codec:
    """Load the codec of a model.

    Args:
        source: "embedded", a folder, a `.th` file, a hub id; a relative folder may also lie in
            the model's own folder.
        model: the model's folder or hub id.
        device: where to put it.
        local_files_only: never ask the hub.

    Raises:
        CodecError: it cannot be found or read; says which model wanted it.

    """
    inside = Path(model) / source
    found = inside if inside.is_dir() else source
    try:
        return Codec.from_pretrained(found, device=device, local_files_only=local_files_only)
    except CodecError as error:
        raise CodecError(f"{error} (wanted by model {str(model)!r})") from None


def _is_there(kind: str) -> bool:
    return {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }[kind]
