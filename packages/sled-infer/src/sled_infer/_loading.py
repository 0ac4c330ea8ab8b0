"""Choosing a device and a dtype by name; loading a model, and the codec it was trained with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from sled_codec import Codec, CodecError
from sled_model import WEIGHTS, SledModel, pack_weights

from ._dictation import Dictation
from ._errors import SynthesisError

if TYPE_CHECKING:
    from sled_model import SledConfig

    from ._card import VoiceCard

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


def load_model(source: str | Path, dtype: str, device: torch.device, **hub: Any) -> SledModel:  # noqa: ANN401
    """Load a model with weights as they decode fastest: packed on a CPU, plain elsewhere.

    Args:
        source: a folder or hub id.
        dtype: "fp32", "bf16", or on the CPU "int8".
        device: where to put it.
        hub: options of `SledModel.from_pretrained`.

    Raises:
        SynthesisError: an unknown dtype, or int8 elsewhere than on the CPU.
        ModelError: the model cannot be read, or this processor has no kernels for the dtype.

    """
    if dtype not in WEIGHTS:
        raise SynthesisError(f"dtype: {dtype!r} is not one of {', '.join(WEIGHTS)}")
    if device.type == "cpu":
        return pack_weights(SledModel.from_pretrained(source, device=device, **hub), dtype)
    if dtype == "int8":
        raise SynthesisError(f"dtype: int8 is for the CPU; on {device} use bf16")
    kind = torch.bfloat16 if dtype == "bf16" else torch.float32
    return SledModel.from_pretrained(source, dtype=kind, device=device, **hub)


def load_codec(
    source: Codec | str | Path,
    model: str | Path,
    *,
    device: torch.device,
    local_files_only: bool,
) -> Codec:
    """Load the codec of a model.

    Args:
        source: a codec, which is given back, "embedded", a folder, a `.th` file, or a hub id; a
            relative folder may also lie in the model's own folder.
        model: the model's folder or hub id.
        device: where to put it.
        local_files_only: never ask the hub.

    Raises:
        CodecError: it cannot be found or read; says which model wanted it.

    """
    if isinstance(source, Codec):
        return source
    inside = Path(model) / source
    found = inside if inside.is_dir() else source
    try:
        return Codec.from_pretrained(found, device=device, local_files_only=local_files_only)
    except CodecError as error:
        raise CodecError(f"{error} (wanted by model {str(model)!r})") from None


def load_dictation(card: VoiceCard | None, config: SledConfig, codec: Codec) -> Dictation | None:
    """Load what a voice dictates its texts by; None if it reads them as they are written.

    Raises:
        SynthesisError: its lexicon or durations are missing, or its layout is not one that
            speaks one token in so many frames.

    """
    if card is None or card.dictation_lead is None:
        return None
    if config.stream_n != 1 or config.stream_m is None:
        raise SynthesisError(
            f"{card.folder}: reads dictations, so its config must have stream_n 1 and stream_m"
        )
    return Dictation.load(card.folder, config.stream_m / codec.frame_rate, card.dictation_lead)


def _is_there(kind: str) -> bool:
    return {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }[kind]
