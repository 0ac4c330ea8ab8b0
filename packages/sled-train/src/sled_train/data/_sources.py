"""Corpora as they come: every kind is read row by row, and every row says where it stands."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from .._errors import TrainError
from ._cuts import Clip, clean_seconds, clean_text, decode_line, parse_object, read_lines

Kind = Literal["libriheavy", "ljspeech", "libritts", "folder", "jsonl"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_AUDIO = {".flac", ".mp3", ".ogg", ".opus", ".wav"}
_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a corpus: a clip, or the raw line of a cuts file."""

    where: str
    """`file:line`, or the audio file where there is no list."""
    content: Clip | bytes | None
    """None for a recording without a transcript."""
    base: Path
    """Folder of the list, below which relative paths of a raw line are looked for."""


def read_rows(kind: Kind, source: Path) -> Iterator[Row]:
    """Yield the rows of a corpus in a fixed order, holding one at a time.

    Args:
        kind: "libriheavy" is a cuts file, or a folder of `libriheavy_cuts_*.jsonl.gz`; "jsonl" is
            a list of `{"audio", "text", "speaker"?, "start"?, "duration"?}` or any cuts file;
            "ljspeech" is a folder with `metadata.csv` of `id|raw|normalised` beside `wavs/`;
            "folder" has `metadata.csv` of `file|speaker|text`, or a `.txt` beside every
            recording; "libritts" is `split/speaker/chapter/` with `.normalized.txt` files.
        source: where it lies.

    Raises:
        TrainError: not there, not of this kind, or a malformed row.

    """
    if not source.exists():
        raise TrainError(f"no corpus at {source}: check the path")
    yield from _READERS[kind](source)


def guess_kind(source: Path) -> Kind:
    """Tell the kind of a corpus that `sled train` was given; TrainError if there is none."""
    if source.is_dir() or source.name.endswith(".csv"):
        return "folder"
    if source.is_file() and source.name.endswith((".jsonl", ".jsonl.gz")):
        return "jsonl"
    raise TrainError(
        f"no corpus at {source}: give a folder of speech, a .jsonl list or a folder that "
        "'sled data encode' wrote"
    )


def _libriheavy(source: Path) -> Iterator[Row]:
    files = sorted(source.glob("libriheavy_cuts_*.jsonl*")) if source.is_dir() else [source]
    if not files:
        raise TrainError(f"{source} holds no libriheavy_cuts_*.jsonl.gz: give the cuts file itself")
    for file in files:
        yield from _jsonl(file)


def _jsonl(source: Path) -> Iterator[Row]:
    if source.is_dir():
        raise TrainError(f"{source} is a folder: give the .jsonl file in it")
    for number, raw in read_lines(source):
        where = f"{source}:{number}"
        row = parse_object(raw, where)
        if "recording" in row or "tracks" in row:  # a cut; rows have no such keys
            yield Row(where, raw, source.parent)
        else:
            yield Row(where, _jsonl_clip(row, where, source.parent), source.parent)


def _jsonl_clip(row: dict[str, Any], where: str, folder: Path) -> Clip:
    clean_text(row.get("audio"), "audio", where)
    audio: str = row["audio"]  # as it is: names of files may hold any spaces
    start = clean_seconds(row.get("start") or 0.0, "start", where, above_zero=False)
    duration = row.get("duration")
    if duration is not None:
        duration = clean_seconds(duration, "duration", where, above_zero=True)
    speaker = row.get("speaker")
    return Clip(
        f"{Path(audio).stem}-{where.rpartition(':')[2]}",
        folder / audio,
        clean_text(row.get("text"), "text", where),
        clean_text(speaker, "speaker", where) if speaker else "",
        start,
        duration,
    )


def _csv(source: Path) -> Iterator[Row]:
    """`file|speaker|text`, or LJ Speech's `id|raw|normalised` where there is a `wavs/` folder."""
    source = source / "metadata.csv" if source.is_dir() else source
    folder = source.parent
    wavs = folder / "wavs"
    has_wavs = wavs.is_dir()
    for number, raw in read_lines(source):
        where = f"{source}:{number}"
        line = decode_line(raw, where)
        if "\r" in line:
            raise TrainError(f"{where}: lines end with a carriage return alone: convert the file")
        columns = [c.strip() for c in line.split("|", _COLUMNS - 1)]
        if len(columns) != _COLUMNS or not Path(columns[0]).name or "\0" in columns[0]:
            raise TrainError(f"{where}: expected file|speaker|text or id|raw|normalised")
        name, second, third = columns
        if has_wavs and not (folder / name).is_file():
            text = clean_text(third or second, "text", where)
            clip = Clip(name, _recorded(wavs, name), text, "LJ")
        else:
            text = clean_text(third, "text", where)
            clip = Clip(str(Path(name).with_suffix("")), folder / name, text, second)
        yield Row(where, clip, folder)


def _recorded(wavs: Path, name: str) -> Path:
    """Find the recording of an id, or of a file's name; `ID.wav` where there is none."""
    places = [wavs / name, *(wavs / f"{name}{suffix}" for suffix in sorted(_AUDIO))]
    return next((place for place in places if place.is_file()), wavs / f"{name}.wav")


def _folder(source: Path) -> Iterator[Row]:
    if not source.is_dir() or (source / "metadata.csv").is_file():
        yield from _csv(source)
        return
    yield from _transcribed(source, (".txt", ".normalized.txt"), lambda _: "")


def _libritts(source: Path) -> Iterator[Row]:
    if not source.is_dir():
        raise TrainError(f"{source} is no folder: give the folder of splits or of one split")
    # split/speaker/chapter/speaker_chapter_….wav
    speaker_of: Callable[[Path], str] = lambda audio: audio.parent.parent.name  # noqa: E731
    yield from _transcribed(source, (".normalized.txt",), speaker_of)


def _transcribed(
    source: Path, endings: Sequence[str], speaker_of: Callable[[Path], str]
) -> Iterator[Row]:
    """Recordings with their transcript beside them, in the order of their names."""
    for audio in _walk(source):
        texts = [audio.with_suffix(ending) for ending in endings]
        text = next((place for place in texts if place.is_file()), None)
        if text is None:
            yield Row(str(audio), None, source)
            continue
        said = clean_text(decode_line(text.read_bytes(), str(text)), "text", str(text))
        name = str(audio.relative_to(source).with_suffix(""))
        yield Row(str(audio), Clip(name, audio, said, speaker_of(audio)), source)


def _walk(folder: Path, within: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Path]:
    """Recordings below a folder; links to a folder that they lie in lead nowhere."""
    about = folder.stat()
    here = (about.st_dev, about.st_ino)
    if here in within:
        return
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.name.startswith("._"):  # what macOS leaves beside files on foreign disks
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), within | {here})
        elif Path(entry.name).suffix.lower() in _AUDIO:
            yield Path(entry.path)


_READERS: dict[Kind, Callable[[Path], Iterator[Row]]] = {
    "libriheavy": _libriheavy,
    "ljspeech": _csv,
    "libritts": _libritts,
    "folder": _folder,
    "jsonl": _jsonl,
}
