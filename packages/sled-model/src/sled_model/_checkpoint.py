"""Reading and writing a model folder's `config.json` and `model.safetensors`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from ._config import SledConfig
from ._errors import ModelError
from ._files import find_file, replacing

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

CONFIG, WEIGHTS = "config.json", "model.safetensors"


def read_config(source: str | Path, **hub: Any) -> SledConfig:  # noqa: ANN401 (passed through)
    """Read a folder's or hub repository's config; unknown fields are kept and do no harm.

    Raises:
        ModelError: no such file, not JSON, of another model type, or with impossible values.

    """
    path = find_file(source, CONFIG, **hub)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"{path}: not a JSON file ({error})"
        raise ModelError(msg) from error
    kind = fields.get("model_type") if isinstance(fields, dict) else None
    if kind != SledConfig.model_type:
        msg = f"{path}: model_type is {kind!r}, but a SLED model's is {SledConfig.model_type!r}"
        raise ModelError(msg)
    try:
        return SledConfig(**fields)
    except (TypeError, ValueError, AttributeError) as error:
        msg = f"{path}: {error}"
        raise ModelError(msg) from error


def read_weights(source: str | Path, **hub: Any) -> tuple[dict[str, Tensor], Path]:  # noqa: ANN401
    """Read the published tensors; ModelError if the file is missing, truncated or malformed."""
    path = find_file(source, WEIGHTS, **hub)
    try:
        return load_file(path), path
    except (SafetensorError, OSError) as error:
        msg = f"{path}: cannot be read ({error}); the file is damaged, get it again"
        raise ModelError(msg) from error


def choose_dtype(asked: torch.dtype | str | None, stored: dict[str, Tensor]) -> torch.dtype:
    """Give the dtype that was asked for: float32 if None, that of the stored norms if "auto"."""
    if asked == "auto":
        return next(
            (t.dtype for name, t in stored.items() if name.endswith("norm.weight")), torch.float32
        )
    if asked is None:
        return torch.float32
    found = getattr(torch, asked, None) if isinstance(asked, str) else asked
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        msg = f"dtype: {asked!r} is no floating-point type of torch"
        raise ModelError(msg)
    return found


def write_model(folder: Path, config: SledConfig, tensors: dict[str, Tensor]) -> None:
    """Write config and weights into a folder, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / WEIGHTS) as part:
        # Not save_file: on a full disk it raises its own error instead of OSError.
        part.write_bytes(save(tensors, metadata={"format": "pt"}))
    with replacing(folder / CONFIG) as part:
        # Readers older than transformers 5 know the dtype by its former name.
        fields = config.to_diff_dict()
        fields["torch_dtype"] = fields.get("dtype")
        part.write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n", encoding="utf-8")
