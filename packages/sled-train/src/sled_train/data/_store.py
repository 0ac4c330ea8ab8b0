"""`Store`: a finished folder of codes, read clip by clip.

Nothing is held but the mapped index: a clip costs one read of its codes and one of its row, both
checked against their CRC-32. Codes take 16 bytes a frame.
"""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._errors import TrainError
from ._index import LEFT_OUT, Summary, has_summary, read_summary, read_table
from ._shard import ClipRow, crc, shard_name


class Store:
    """Read access to a folder that `encode` finished.

    Raises:
        TrainError: the folder is unfinished, or a file of it is missing or damaged.

    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.summary: Summary = read_summary(self.folder)
        self._table = read_table(self.folder, self.summary)
        for number, size in enumerate(self.summary.shards):
            path = self.folder / shard_name(number)
            if not path.is_file() or path.stat().st_size != size:
                raise TrainError(
                    f"{path} is missing or cut short: delete it and run 'sled data encode' again"
                )

    def __len__(self) -> int:
        return self.summary.clips

    @property
    def frames(self) -> NDArray[np.int32]:
        """Frames of every clip, `[clips]`."""
        frames: NDArray[np.int32] = self._table["frames"]
        return frames

    @property
    def row_bytes(self) -> NDArray[np.int32]:
        """Bytes of every clip's row, `[clips]`: never fewer than its text has."""
        found: NDArray[np.int32] = self._table["row_bytes"]
        return found

    def codes(self, clip: int) -> Tensor:
        """Codes of a clip, int16 `[frames, codebooks]`; TrainError if they are damaged."""
        entry = self._table[clip]
        count = int(entry["frames"]) * self.summary.codebooks
        codes = self._read(entry, "codes", "<i2", count)
        if len(codes) != count or crc(codes) != entry["codes_crc"]:
            raise self._damaged(clip)
        return torch.from_numpy(codes.astype(np.int16, copy=False)).view(int(entry["frames"]), -1)

    def row(self, clip: int) -> ClipRow:
        """Name, text, speaker and audio file of a clip; TrainError if they are damaged."""
        entry = self._table[clip]
        raw = self._read(entry, "row", "u1", int(entry["row_bytes"])).tobytes()
        if zlib.crc32(raw) != entry["rows_crc"]:
            raise self._damaged(clip)
        return ClipRow(**json.loads(raw))

    def texts(self) -> Iterator[str]:
        """All texts, in order."""
        return (self.row(clip).text for clip in range(len(self)))

    def left_out(self) -> tuple[str, ...]:
        """A line for each cut that could not be encoded."""
        path = self.folder / LEFT_OUT
        return tuple(path.read_text("utf-8").splitlines()) if path.is_file() else ()

    def _read(self, entry: Any, what: str, kind: str, count: int) -> NDArray[Any]:  # noqa: ANN401
        # Opened anew each time: a corpus may have more shards than a process may hold open, and
        # a mapped shard would count as this process's memory.
        path = self.folder / shard_name(int(entry["shard"]))
        return np.fromfile(path, dtype=kind, count=count, offset=int(entry[what]))

    def _damaged(self, clip: int) -> TrainError:
        path = self.folder / shard_name(int(self._table[clip]["shard"]))
        return TrainError(
            f"{path} is damaged (clip {clip} of the folder): delete it, run 'sled data encode'"
        )


def is_store(folder: str | Path) -> bool:
    """Whether a folder holds codes, finished or not."""
    folder = Path(folder)
    return any(folder.glob("codes-*.safetensors")) or has_summary(folder)
