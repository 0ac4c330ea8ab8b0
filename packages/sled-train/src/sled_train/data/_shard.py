"""A shard: the codes and rows of some hundred cuts in one safetensors file.

Tensors: `codes` int16 `[frames, codebooks]` of all clips end to end, `rows` uint8, a line of JSON
for each clip end to end, and for each clip its `frames`, `row_bytes` and the CRC-32 of both,
`codes_crc` and `rows_crc`, int64 `[clips]`. The metadata names the codec, the lines of the cuts
file, the state of the audio files, the clips left out, and the SHA-256 of all that.
"""

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from sled_codec import atomic_write
from torch import Tensor

from .._errors import TrainError

_ABOUT = "sled"
_FORMAT = "sled-codes-1"
DIGITS = 6
"""Of a shard's number in its name."""
_PER_CLIP = ("frames", "row_bytes", "codes_crc", "rows_crc")


@dataclass(frozen=True, slots=True)
class ClipRow:
    """What a shard tells of a clip beside its codes."""

    id: str
    text: str
    speaker: str
    audio: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What a shard was made from; another origin means that it must be made anew."""

    codec: str
    """The codec's fingerprint."""
    lines: str
    """Hash of its lines in the cuts file."""
    files: str
    """Hash of sizes and times of its audio files."""


@dataclass(frozen=True, slots=True)
class ShardHead:
    """A shard without its codes."""

    origin: Origin
    sha256: str
    left_out: tuple[str, ...]
    arrays: dict[str, NDArray[np.int64]]
    """The int64 arrays `[clips]`."""
    places: dict[str, int]
    """Where in the file, in bytes, `codes` and `rows` begin."""
    codebooks: int


def shard_name(number: int) -> str:
    """File name of a shard."""
    return f"codes-{number:0{DIGITS}d}.safetensors"


def write_shard(
    path: Path,
    clips: Sequence[tuple[ClipRow, Tensor]],
    codebooks: int,
    origin: Origin,
    left_out: Sequence[str],
) -> None:
    """Write a shard, whole or not at all; codes are int16 `[frames, codebooks]`.

    What a killed process left of it half-written is removed.
    """
    for partial in path.parent.glob(f".{path.stem}-*.part{path.suffix}"):
        partial.unlink(missing_ok=True)
    rows = [json.dumps(asdict(row), ensure_ascii=False).encode() for row, _ in clips]
    codes = [each.to("cpu", torch.int16).contiguous() for _, each in clips]
    tensors = {
        "codes": torch.cat([torch.empty(0, codebooks, dtype=torch.int16), *codes]),
        "rows": torch.from_numpy(np.frombuffer(b"".join(rows), np.uint8).copy()),
        "frames": torch.tensor([len(each) for each in codes], dtype=torch.int64),
        "row_bytes": torch.tensor([len(row) for row in rows], dtype=torch.int64),
        "codes_crc": torch.tensor([crc(each.numpy()) for each in codes], dtype=torch.int64),
        "rows_crc": torch.tensor([zlib.crc32(row) for row in rows], dtype=torch.int64),
    }
    about = {"format": _FORMAT, **asdict(origin), "left_out": list(left_out)}
    about["sha256"] = _sha256(tensors, about)
    # One entry, for the order of several is random: same cuts, same bytes.
    with atomic_write(path) as file:
        file.write(save(tensors, metadata={_ABOUT: json.dumps(about)}))


def crc(codes: NDArray[np.int16]) -> int:
    """CRC-32 of codes as they lie in a shard, little-endian."""
    return zlib.crc32(np.ascontiguousarray(codes, "<i2").tobytes())


def read_head(path: Path) -> ShardHead:
    """Read what a shard holds beside its codes.

    Raises:
        TrainError: cut short, damaged, or of another format.

    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[_ABOUT])
            arrays = {name: file.get_tensor(name).numpy() for name in _PER_CLIP}
            codebooks = int(file.get_slice("codes").get_shape()[1])
        head = ShardHead(
            Origin(about["codec"], about["lines"], about["files"]),
            about["sha256"],
            tuple(about["left_out"]),
            arrays,
            _places(path),
            codebooks,
        )
    except (SafetensorError, OSError, LookupError, TypeError, ValueError) as error:
        raise TrainError(
            f"{path} is damaged ({error!s:.100}): delete it and encode again"
        ) from None
    if about.get("format") != _FORMAT:
        raise TrainError(f"{path} has the format {about.get('format')}, not {_FORMAT}")
    return head


def check_shard(path: Path) -> None:
    """Read a whole shard and compare its checksum; TrainError if it does not agree."""
    read_head(path)
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()[_ABOUT])
        expected = about.pop("sha256")
        found = _sha256({name: file.get_tensor(name) for name in file.keys()}, about)  # noqa: SIM118
    if found != expected:
        raise TrainError(f"{path} is damaged (its checksum is another): delete it, encode again")


def _places(path: Path) -> dict[str, int]:
    """Parse the header by hand: clips are read from the file directly, without mapping it."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    return {name: 8 + size + header[name]["data_offsets"][0] for name in ("codes", "rows")}


def _sha256(tensors: dict[str, Tensor], about: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()
