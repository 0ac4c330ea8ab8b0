"""Test sets: what is to be said, and mostly recordings of it, by whom, and their references."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sled_codec import read_audio

from sled_infer import SynthesisError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from torch import Tensor

METADATA = "metadata.csv"
SHORTEST, LONGEST = 4.0, 10.0  # of the published test sets, in seconds
_COLUMNS, _TEXT_COLUMNS = 3, 2


@dataclass(frozen=True)
class Clip:
    """One text of a test set, and its recording if there is one.

    Attributes:
        name: tells it from all others, and its files in a run folder.
        path: of the recording; None in a test set of texts.
        speaker: who speaks.
        text: the words.
        seconds: length of the recording.
        reference: the speaker's previous clip, for cloning; None if this is the only one.

    """

    name: str
    path: Path | None
    speaker: str
    text: str
    seconds: float = 0.0
    reference: Clip | None = None

    def read(self) -> tuple[Tensor, int]:
        """Read the recording: float32 `[samples]` and its rate; SynthesisError without one."""
        if self.path is None:
            raise SynthesisError(f"{self.name}: a text alone, without a recording; add one")
        return read_audio(self.path)


def read_clips(
    source: str | Path,
    *,
    seconds: tuple[float, float] = (SHORTEST, LONGEST),
    only: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Clip]:
    """Read a test set.

    Args:
        source: a folder with `metadata.csv`, such a file (`file|speaker|text` lines, LJ Speech's
            `id|raw|normalised` beside `wavs/`, or `id|text` lines of texts that nobody recorded),
            or a manifest of JSON lines (`audio_filepath` or `audio`, `text`, `duration`, as of
            LibriSpeech-PC or of a corpus to train on).
        seconds: only recordings of so many, from the first to the second.
        only: only the files or ids of these names, as they stand in the set or with folders before.
        limit: so many clips, spread evenly over the set; their references may be others.

    Raises:
        SynthesisError: nothing there, a malformed line, or no clip that is listed or fits.
        CodecError: a recording cannot be read.

    """
    table = _find(Path(source))
    rows = list(_json_rows(table) if table.suffix in (".json", ".jsonl") else _csv_rows(table))
    if only is not None:
        rows = _listed(rows, table, only)
    low, high = seconds
    fitting = [
        clip for clip in map(_measured, rows) if clip.path is None or low <= clip.seconds <= high
    ]
    if not fitting:
        raise SynthesisError(
            f"{table}: none of {len(rows)} clips has {low:g} to {high:g} s; choose other --seconds"
        )
    clips = _with_references(_with_names(fitting, table))
    return clips if limit is None else _spread(clips, limit)


def _find(source: Path) -> Path:
    table = source / METADATA if source.is_dir() else source
    if not table.is_file():
        raise SynthesisError(
            f"{source}: no test set; give a folder with {METADATA} (file|speaker|text or id|text "
            "lines), that file, or a manifest of JSON lines"
        )
    return table


def _lines(table: Path) -> Iterator[tuple[str, str]]:
    """Give each line that is not empty, and where it stands."""
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SynthesisError(f"{table}: not UTF-8 text; convert it to UTF-8 first") from None
    # Not `splitlines`, which tears a text at U+2028 and others that JSON may hold as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{table}:{number}", line


def _csv_rows(table: Path) -> Iterator[Clip]:
    wavs = table.parent / "wavs"
    has_wavs = wavs.is_dir()
    columns = 0  # as many as the first line has: a text alone cannot be told from a torn line
    for where, line in _lines(table):
        cells = [cell.strip() for cell in line.split("|", (columns or _COLUMNS) - 1)]
        columns = columns or len(cells)
        if not cells[0].strip("/") or len(cells) != columns or columns == 1:
            wanted = "id|text" if columns == _TEXT_COLUMNS else "file|speaker|text"
            raise SynthesisError(f"{where}: not {wanted}; mend the line")
        if columns == _TEXT_COLUMNS:
            yield Clip(cells[0], None, "", cells[1])
        elif has_wavs and not (table.parent / cells[0]).is_file():
            files = (cells[0], f"{cells[0]}.flac", f"{cells[0]}.wav")
            path = next(
                (wavs / file for file in files if (wavs / file).is_file()), wavs / files[-1]
            )
            yield Clip(cells[0], path, "LJ", cells[2] or cells[1])
        else:
            yield Clip(cells[0], table.parent / cells[0], cells[1], cells[2])


def _json_rows(table: Path) -> Iterator[Clip]:
    for where, line in _lines(table):
        try:
            row = json.loads(line)
            file = _worded(row["audio_filepath"] if "audio_filepath" in row else row["audio"])
            text = _worded(row["text"])
            seconds = float(row.get("duration") or 0)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SynthesisError(
                f"{where}: not a JSON object with audio_filepath (or audio) and text, and duration "
                "in seconds if it has one; mend the line"
            ) from None
        speaker = row.get("speaker")
        if speaker is None:  # LibriSpeech's names begin with it: 1089-134686-0001.flac.
            speaker = Path(file).stem.split("-")[0]
        yield Clip(file, table.parent / file, str(speaker), text, seconds)


def _worded(value: object) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def _listed(rows: Sequence[Clip], table: Path, only: Collection[str]) -> list[Clip]:
    found = [row for row in rows if _is_listed(table.parent / row.name, only)]
    if not found:
        raise SynthesisError(
            f"{table}: none of {len(rows)} clips is among the {len(only)} of --only; list files "
            "or ids as they stand in the set"
        )
    return found


def _is_listed(path: Path, only: Collection[str]) -> bool:
    """Tell whether any ending of the path, from whole folders on, is listed."""
    parts = path.parts
    return any("/".join(parts[first:]) in only for first in range(len(parts)))


def _measured(clip: Clip) -> Clip:
    if clip.seconds or clip.path is None:
        return clip
    wave, rate = clip.read()
    return replace(clip, seconds=len(wave) / rate)


def _with_names(clips: Sequence[Clip], table: Path) -> list[Clip]:
    """Name each clip by its id or file, with folders and suffix only where that is needed."""
    stems = [Path(c.name).stem if c.path else c.name.replace("/", "_") for c in clips]
    alone = len(set(stems)) == len(stems)
    names = stems if alone else [clip.name.strip("/").replace("/", "_") for clip in clips]
    named = {name: replace(c, name=name) for name, c in zip(names, clips, strict=True)}
    if len(named) < len(clips):
        raise SynthesisError(f"{table}: one file or id is listed twice; mend the list")
    return list(named.values())


def _with_references(clips: Sequence[Clip]) -> list[Clip]:
    """Give each clip the one its speaker spoke before it; the first one gets the last."""
    latest = {clip.speaker: clip for clip in clips}
    linked = []
    for clip in clips:
        before = latest[clip.speaker]
        alone = before.name == clip.name or before.path is None
        linked.append(replace(clip, reference=None if alone else before))
        latest[clip.speaker] = clip
    return linked


def _spread(clips: list[Clip], limit: int) -> list[Clip]:
    if limit < 1:
        raise SynthesisError(f"limit: {limit} leaves no clip; give 1 or more")
    count = min(limit, len(clips))
    return [clips[number * len(clips) // count] for number in range(count)]
