"""Corpora: which stretch of which audio file says what.

Three forms are read: a folder with `metadata.csv` of `file|speaker|text` rows, the same with
LJSpeech's `id|raw|normalised` rows beside a `wavs/` folder, and a JSONL manifest of
`{"audio", "text", "speaker"?, "start"?, "duration"?}` with paths relative to the manifest.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._errors import TrainError

_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of an audio file (in seconds) and its text."""

    audio: Path
    text: str
    speaker: str = ""
    start: float = 0.0
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """The clips of a manifest in its order, and one line for each row that was skipped."""

    clips: tuple[Clip, ...]
    skipped: tuple[str, ...] = ()


def read_corpus(source: str | Path, *, strict: bool = False) -> Corpus:
    """Read a folder with `metadata.csv`, that file itself, or a `.jsonl` manifest.

    Rows whose audio file does not exist are skipped and listed; `strict` refuses them.

    Raises:
        TrainError: no corpus at `source`, nothing in it, or a malformed row (`file:line`).

    """
    manifest = _manifest(Path(source))
    rows = _jsonl_rows(manifest) if manifest.suffix == ".jsonl" else _csv_rows(manifest)
    clips: list[Clip] = []
    skipped: list[str] = []
    for number, clip in rows:
        if clip.audio.is_file():
            clips.append(clip)
            continue
        line = f"{manifest}:{number}: no file {clip.audio}"
        if strict:
            raise TrainError(f"{line}: mend the row, or leave strict off to skip it")
        skipped.append(line)
    if not clips:
        raise TrainError(f"{manifest} names no existing audio file ({len(skipped)} rows)")
    return Corpus(tuple(clips), tuple(skipped))


def _manifest(source: Path) -> Path:
    if source.is_dir():
        source = source / "metadata.csv"
    if not source.is_file():
        raise TrainError(f"no corpus at {source}: give a folder with metadata.csv or a .jsonl file")
    if source.suffix not in {".csv", ".jsonl"}:
        raise TrainError(f"{source} is neither metadata.csv nor a .jsonl manifest")
    return source


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError:
                raise TrainError(f"{path}:{number}: not UTF-8 text: convert the file") from None
            if line:
                yield number, line


def _csv_rows(path: Path) -> Iterator[tuple[int, Clip]]:
    folder = path.parent
    wavs = folder / "wavs"
    has_wavs = wavs.is_dir()
    for number, line in _lines(path):
        columns = [column.strip() for column in line.split("|", _COLUMNS - 1)]
        if len(columns) != _COLUMNS or not columns[0]:
            raise TrainError(f"{path}:{number}: expected file|speaker|text or id|raw|normalised")
        name, second, third = columns
        if has_wavs and not (folder / name).is_file():
            clip = Clip(wavs / f"{name}.wav", third or second)
        else:
            clip = Clip(folder / name, third, second)
        if not clip.text:
            raise TrainError(f"{path}:{number}: the row has no text")
        yield number, clip


def _jsonl_rows(path: Path) -> Iterator[tuple[int, Clip]]:
    for number, line in _lines(path):
        where = f"{path}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise TrainError(f"{where}: not a JSON object") from None
        if not isinstance(row, dict):
            raise TrainError(f"{where}: not a JSON object")
        duration = row.get("duration")
        yield (
            number,
            Clip(
                audio=path.parent / _string(row, "audio", where),
                text=_string(row, "text", where),
                speaker=_string(row, "speaker", where) if row.get("speaker") else "",
                start=_seconds(row.get("start") or 0.0, "start", where),
                duration=None if duration is None else _seconds(duration, "duration", where),
            ),
        )


def _string(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise TrainError(f"{where}: {key!r} must be a text that is not empty, not {value!r:.60}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TrainError(f"{where}: {key!r} is not valid Unicode") from None
    return value.strip()


def _seconds(value: object, key: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TrainError(f"{where}: {key!r} must be a number of seconds, not {value!r:.60}")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds) or seconds < 0 or (key == "duration" and seconds == 0):
        raise TrainError(f"{where}: {key!r} cannot be {value!r:.60} seconds")
    return seconds
