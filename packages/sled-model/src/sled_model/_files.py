"""Finding a model's files in a folder or on the hub, and writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers.utils.hub import cached_file

from ._errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator


CONTENTS = "a model folder holds config.json, model.safetensors, vocab.json and merges.txt"


def find_file(source: str | Path, name: str, **hub: Any) -> Path:  # noqa: ANN401 (passed through)
    """Locate one file of a model folder or hub repository.

    Args:
        source: an existing folder, or a hub id such as `ICTNLP/SLED-TTS-Libriheavy`.
        name: the file's name.
        hub: `cache_dir`, `revision`, `token`, `local_files_only`, … of transformers. Its cache
            and offline environment switches apply.

    Raises:
        ModelError: there is no such folder, repository or file.

    """
    folder = Path(source) / str(hub.get("subfolder", ""))
    if folder.is_dir():
        if not (folder / name).is_file():
            msg = f"{folder}: {name} is missing; {CONTENTS}"
            raise ModelError(msg)
        return folder / name
    if not _may_be_hub_id(source):
        msg = f"{source}: no such folder"
        raise ModelError(msg)
    try:
        found = cached_file(str(source), name, **hub)
    except (OSError, ValueError) as error:
        msg = f"{source}: cannot get {name} ({_first_line(error)}); check the name and the network"
        raise ModelError(msg) from error
    return Path(str(found))


def _may_be_hub_id(source: str | Path) -> bool:
    text = str(source)
    return isinstance(source, str) and text.count("/") <= 1 and not text.startswith((".", "/", "~"))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; rename it there on success, remove it on failure."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
