"""The index of a folder of shards: 40 bytes a clip, mapped rather than loaded.

`index.npy` says for every clip in which shard and where it lies; `index.json` sums the folder up
and is written last: a folder that has it is complete.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sled_codec import Codec, atomic_write

from .._errors import TrainError
from ._shard import DIGITS, ShardHead, read_head, shard_name

SUMMARY, TABLE, LEFT_OUT = "index.json", "index.npy", "skipped.txt"
_FORMAT = "sled-codes-1"

ENTRY = np.dtype(
    [
        ("shard", "<i4"),
        ("frames", "<i4"),
        ("codes", "<i8"),
        ("row", "<i8"),
        ("row_bytes", "<i4"),
        ("codes_crc", "<u4"),
        ("rows_crc", "<u4"),
        ("unused", "<u4"),
    ]
)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a folder of codes holds."""

    codec: str
    """The codec's fingerprint."""
    frame_rate: float
    codebooks: int
    clips: int
    frames: int
    left_out: int
    shards: list[int]
    """Size of every shard, in bytes."""
    cuts: str
    """Hash of all lines of the cuts file."""
    table: str
    """SHA-256 of `index.npy`."""
    format: str = _FORMAT
    codebook_size: int = 0
    """Codes are below it; 0 in folders that do not tell."""

    @property
    def hours(self) -> float:
        """Hours of speech."""
        return self.frames / self.frame_rate / 3600


def write_index(folder: Path, shards: int, cuts: str, codec: Codec) -> Summary:
    """Index the first so many shards of a folder, made from `cuts`, and remove those beyond.

    Raises:
        TrainError: a shard is damaged, or none of them holds a clip.

    """
    entries: list[NDArray[Any]] = []
    left_out: list[str] = []
    sizes: list[int] = []
    for number in range(shards):
        path = folder / shard_name(number)
        head = read_head(path)
        entries.append(_entries(number, head, codec.config.n_codebooks))
        left_out += head.left_out
        sizes.append(path.stat().st_size)
    table = np.concatenate([np.empty(0, ENTRY), *entries])
    if not len(table):
        for number in range(shards):
            (folder / shard_name(number)).unlink()
        why = f", the first because: {left_out[0]}" if left_out else ""
        raise TrainError(f"{folder}: no clip could be encoded{why}")
    _write(folder / LEFT_OUT, "".join(f"{line}\n" for line in left_out).encode())
    with atomic_write(folder / TABLE) as file:
        np.save(file, table)
    summary = Summary(
        codec.fingerprint,
        codec.frame_rate,
        codec.config.n_codebooks,
        len(table),
        int(table["frames"].sum(dtype=np.int64)),
        len(left_out),
        sizes,
        cuts,
        table_digest(folder),
        codebook_size=codec.config.codebook_size,
    )
    _write(folder / SUMMARY, (json.dumps(asdict(summary)) + "\n").encode())
    _remove_beyond(folder, shards)
    return summary


def table_digest(folder: Path) -> str:
    """SHA-256 of `index.npy`."""
    with (folder / TABLE).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_summary(folder: Path) -> bool:
    """Whether `index.json` is one of ours, damaged or not; others use that name, too."""
    try:
        return b"sled-codes" in (folder / SUMMARY).read_bytes()
    except OSError:
        return False


def read_summary(folder: Path) -> Summary:
    """Read `index.json`; TrainError if the folder is unfinished or the file damaged."""
    path = folder / SUMMARY
    if not path.is_file():
        raise TrainError(f"{folder} has no {SUMMARY}: run 'sled data encode' again to finish it")
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        summary = Summary(**found)
        if summary.format == _FORMAT and _is_sound(summary):
            return summary
    except (ValueError, TypeError, RecursionError):
        pass
    raise TrainError(f"{path} is damaged: delete it and run 'sled data encode' again")


def _is_sound(summary: Summary) -> bool:
    counts = (summary.clips, summary.frames, summary.codebooks, *summary.shards)
    words = (summary.codec, summary.cuts, summary.table)
    return (
        len(summary.shards) > 0
        and all(type(count) is int and count > 0 for count in counts)
        and all(type(word) is str for word in words)
        and summary.frame_rate > 0
        and summary.left_out >= 0
        and type(summary.codebook_size) is int
        and summary.codebook_size >= 0
    )


def read_table(folder: Path, summary: Summary) -> NDArray[Any]:
    """Map `index.npy`, an array of ENTRY `[clips]`; TrainError if it does not fit the summary."""
    path = folder / TABLE
    try:
        table: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        table = np.empty(0)
    fits = table.dtype == ENTRY and table.shape == (summary.clips,)
    if fits:
        frames = int(table["frames"].sum(dtype=np.int64))
        fits = frames == summary.frames and int(table["shard"].max()) < len(summary.shards)
    if not fits:
        raise TrainError(f"{path} is damaged: delete {SUMMARY} and run 'sled data encode' again")
    return table


def _entries(number: int, head: ShardHead, codebooks: int) -> NDArray[Any]:
    """Return the index entries of a shard; places are in bytes from the start of its file."""
    arrays = head.arrays
    entries = np.zeros(len(arrays["frames"]), ENTRY)
    entries["shard"] = number
    for name in ("frames", "row_bytes", "codes_crc", "rows_crc"):
        entries[name] = arrays[name]
    width = 2 * codebooks
    ends = np.cumsum(arrays["frames"]) * width
    entries["codes"] = head.places["codes"] + ends - arrays["frames"] * width
    entries["row"] = head.places["rows"] + np.cumsum(arrays["row_bytes"]) - arrays["row_bytes"]
    return entries


def _remove_beyond(folder: Path, shards: int) -> None:
    """Remove the shards of a longer cuts file, half-written ones included.

    Processes that end together all do so: what one has removed is not missed by another.
    """
    for path in folder.glob(f"*codes-{'[0-9]' * DIGITS}*.safetensors"):
        if int(path.name.partition("codes-")[2][:DIGITS]) >= shards:
            path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as file:
        file.write(content)
