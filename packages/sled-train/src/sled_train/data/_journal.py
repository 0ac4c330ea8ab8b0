"""A journal of rows done: killed at any moment, the work goes on after its last whole line."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

_BUFFERED = 256


class Journal:
    """Lines of JSON beside the file that they will become.

    The first line is the `key`: what the work depends on. A journal of another key is begun
    anew. Nothing is written before `_BUFFERED` lines are there, so that a corpus refused in its
    first rows leaves no trace.
    """

    def __init__(self, path: Path, key: Mapping[str, object]) -> None:
        self.path = path
        self._key = json.dumps(key, sort_keys=True).encode() + b"\n"
        self._waiting: list[bytes] = []
        self.done = self._recover()

    def append(self, row: Mapping[str, object]) -> None:
        """Add a row."""
        self._waiting.append(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        if len(self._waiting) >= _BUFFERED:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        fresh = not self.path.exists()
        with self.path.open("ab") as file:
            file.write((self._key if fresh else b"") + b"".join(self._waiting))
            file.flush()
            os.fsync(file.fileno())
        self._waiting.clear()

    def begin(self) -> None:
        """Forget all rows."""
        self.remove()
        self.done = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield all rows that are written, in order."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            next(file, None)
            for line in file:
                yield json.loads(line)

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # What was refused would be refused again; what was interrupted goes on.
        if kind is None or issubclass(kind, Exception):
            self.remove()

    def _recover(self) -> int:
        """Return the number of whole rows there are, cutting off a half-written one."""
        if not self.path.exists():
            return 0
        rows, end = 0, 0
        with self.path.open("rb+") as file:
            if file.readline() == self._key:
                end = file.tell()
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    rows, end = rows + 1, end + len(line)
            file.truncate(end)
        if not end:
            self.remove()
        return rows
