"""A voice's file: what it holds, read and checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from safetensors import SafetensorError, safe_open

from ._errors import SynthesisError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

Mode = Literal["reference", "continuation"]
FORMAT = "sled-voice-1"
_CODES_DIMS = 2  # frames, codebooks


class Held(NamedTuple):
    """What a file holds; see `Voice`."""

    codes: Tensor
    transcript: str
    mode: Mode
    codec_fingerprint: str
    dictation: str
    recorded_frames: int
    timbre: Tensor | None


def read_voice(path: Path) -> Held:
    """Read what `Voice.save` wrote; SynthesisError if it is missing, damaged, or something else."""
    if not path.is_file():
        raise SynthesisError(f"{path}: no such voice file; check the path")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            codes, timbre = (
                file.get_tensor(name) if name in file.keys() else None  # noqa: SIM118 (not iterable)
                for name in ("codes", "timbre")
            )
    except SafetensorError as error:
        raise SynthesisError(
            f"{path}: damaged or no safetensors file ({error}); export the voice again"
        ) from None
    if codes is None or not (_is_header(metadata) and _are_codes(codes)):
        raise SynthesisError(f"{path}: not a voice; make one with Voice.save")
    mode: Mode = "continuation" if metadata.get("mode") == "continuation" else "reference"
    transcript, fingerprint = metadata["transcript"], metadata["codec_fingerprint"]
    dictation, whole = metadata.get("dictation", ""), int(metadata.get("recorded_frames", 0))
    return Held(codes.long(), transcript, mode, fingerprint, dictation, whole, timbre)


def _is_header(metadata: dict[str, str]) -> bool:
    wanted = {"transcript", "codec_fingerprint"} <= metadata.keys()
    frames = re.fullmatch(r"\d{1,9}", metadata.get("recorded_frames", "0"))
    return metadata.get("format") == FORMAT and wanted and frames is not None


def _are_codes(codes: Tensor) -> bool:
    return codes.dim() == _CODES_DIMS and len(codes) > 0 and not codes.is_floating_point()
