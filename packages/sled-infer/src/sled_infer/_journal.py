"""A journal of what is done: JSON lines that are only ever added, and survive a kill."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class Journal:
    """Rows by the name of what they are about; a later row takes the place of an earlier one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = {}
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True) if path.is_file() else []:
            row = _parsed(line)
            if row is None:
                break  # torn by a kill: what follows is not to be trusted
            self.rows[str(row["name"])] = row
            whole += len(line)
        if path.is_file() and whole < path.stat().st_size:
            with path.open("rb+") as file:
                file.truncate(whole)

    def add(self, name: str, **fields: object) -> None:
        """Write one row; once this returns, a kill does not undo it."""
        row = {"name": name, **fields}
        with self.path.open("ab") as file:
            file.write(f"{json.dumps(row, ensure_ascii=False)}\n".encode())
        self.rows[name] = row


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(row, dict) and "name" in row and line.endswith(b"\n")
    return row if whole else None
