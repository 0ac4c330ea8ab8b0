"""`validate`: everything that would go wrong later, found now and named by its place."""

import hashlib
import os
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from sled_codec import CodecError

from .._errors import TrainError
from ._audio import read_wave
from ._cuts import Utterance, parse_cut, read_lines
from ._index import SUMMARY, table_digest
from ._shard import check_shard, shard_name
from ._store import Store, is_store


def validate(
    source: str | Path,
    *,
    audio: bool = False,
    advance: Callable[[int], object] = lambda _: None,
) -> Iterator[str]:
    """Check a cuts file or a folder of codes; yield a line for each problem, `file:line: what`.

    Of cuts: form, text, times, names that occur twice, audio files that are missing or, with
    `audio`, cannot be decoded. Of codes: every checksum, every row, every code's range.
    `advance` is told the number of clips checked.

    Raises:
        TrainError: nothing there that could be checked.

    """
    source = Path(source)
    if not source.is_dir():
        yield from _validate_cuts(source, advance, audio=audio)
    elif is_store(source):
        yield from _validate_store(source, advance)
    else:
        raise TrainError(f"{source} is no folder of codes: give a cuts file")


def _validate_cuts(source: Path, advance: Callable[[int], object], *, audio: bool) -> Iterator[str]:
    names = array("Q")
    for number, raw in read_lines(source):
        where = f"{source}:{number}"
        advance(1)
        try:
            spoken = parse_cut(raw, where, [source.parent, Path()])
        except TrainError as error:
            yield str(error)
            continue
        problem = _audio_problem(spoken, decode=audio)
        if problem:
            yield f"{where}: {problem}"
        names.append(_hashed(spoken.id))
    if not names:
        yield f"{source} holds no usable cut"
    twice = len(names) - len(np.unique(np.array(names)))
    if twice:
        yield f"{source}: {twice} cuts bear the id of another one"


def _audio_problem(spoken: Utterance, *, decode: bool) -> str | None:
    if spoken.audio is not None and not os.path.isfile(spoken.audio):  # noqa: PTH113 - once for every clip of a corpus
        return f"no such file: {spoken.audio}"
    if decode:
        try:
            read_wave(spoken)
        except CodecError as error:
            return str(error)
    return None


def _validate_store(folder: Path, advance: Callable[[int], object]) -> Iterator[str]:
    try:
        store = Store(folder)
    except TrainError as error:
        yield str(error)
        return
    for number in range(len(store.summary.shards)):
        try:
            check_shard(folder / shard_name(number))
        except TrainError as error:
            yield str(error)
    if table_digest(folder) != store.summary.table:
        yield f"{folder} has an index that is damaged: delete {SUMMARY} and encode again"
    for clip in range(len(store)):
        advance(1)
        try:
            store.row(clip)
            codes = store.codes(clip)
        except TrainError as error:
            yield str(error)
            continue
        size, low, high = store.summary.codebook_size, int(codes.min()), int(codes.max())
        if low < 0 or (size and high >= size):
            yield f"{folder}: clip {clip} has codes {low}..{high}, outside 0..{size - 1}"


def _hashed(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
