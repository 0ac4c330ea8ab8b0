"""Cuts files of lhotse, a line at a time: whatever the number of cuts, memory stays flat.

A line is checked before anything is done with it, so that wrong types or impossible times are
named by `file:line` here and not met hours later in the codec.
"""

import gzip
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from lhotse import MonoCut, SupervisionSegment, fastcopy
from lhotse.cut import MixedCut, MultiCut
from lhotse.serialization import deserialize_item

from .._errors import TrainError

T = TypeVar("T")

# What a cut may reach beyond the header's end: rounding, and MP3 headers that only estimate.
OVERHANG = 0.5


@dataclass(frozen=True, slots=True)
class Clip:
    """A row that is not yet a cut: a stretch of an audio file (in seconds) and its text."""

    name: str
    audio: Path
    text: str
    speaker: str = ""
    start: float = 0.0
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """A checked cut: what is said, by whom, where it lies."""

    cut: Any
    """The lhotse cut."""
    text: str
    speaker: str
    audio: Path | None
    """The audio file; None where lhotse must compose the audio (mixes, URLs, transforms)."""

    @property
    def id(self) -> str:
        """The cut's own name."""
        name: str = self.cut.id
        return name

    @property
    def seconds(self) -> float:
        """Duration of the cut."""
        return float(self.cut.duration)

    @property
    def source(self) -> str:
        """The audio file, or what stands for it in messages."""
        return str(self.audio or f"cut {self.id}")


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank with their numbers, from 1; `.gz` is unpacked.

    Raises:
        TrainError: no such file, or the archive is damaged.

    """
    if not path.is_file():
        raise TrainError(f"no file {path}: check the path")
    number = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip(b"\r\n")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise TrainError(
                f"{path}: a damaged archive after line {number} ({error}): fetch it anew"
            ) from None


def count_cuts(path: str | Path) -> int:
    """Number of cuts in a file; TrainError as `read_lines`."""
    return sum(1 for _ in read_lines(Path(path)))


def groups(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield successive tuples of `size` items, the last one shorter."""
    source = iter(items)
    while group := tuple(islice(source, size)):
        yield group


def decode_line(raw: bytes, where: str) -> str:
    """Return the text of a line, without a byte order mark; TrainError if it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise TrainError(f"{where}: not UTF-8 text: convert the file") from None


def parse_object(raw: bytes, where: str) -> dict[str, Any]:
    """Return the JSON object of a line; TrainError if it is none."""
    try:
        row = json.loads(decode_line(raw, where))
    except (ValueError, RecursionError) as error:
        if isinstance(error, TrainError):
            raise
        raise TrainError(f"{where}: not a JSON object") from None
    if not isinstance(row, dict):
        raise TrainError(f"{where}: not a JSON object")
    return row


def clean_text(value: object, key: str, where: str) -> str:
    """Return a text with single spaces; TrainError if it is empty or not valid Unicode."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise TrainError(f"{where}: {key!r} must be a text that is not empty, not {value!r:.60}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TrainError(f"{where}: {key!r} is not valid Unicode") from None
    return " ".join(value.split())


def clean_seconds(value: object, key: str, where: str, *, above_zero: bool) -> float:
    """Return a time in seconds; TrainError if it is no finite number of the right sign."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TrainError(f"{where}: {key!r} must be a number of seconds, not {value!r:.60}")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds) or seconds < 0 or (above_zero and seconds == 0):
        raise TrainError(f"{where}: {key!r} cannot be {value!r:.60} seconds")
    return seconds


def locate(source: str | Path, roots: Sequence[Path]) -> Path:
    """Return a relative path below the first root that has it, else below the first of all."""
    places = [root / source for root in roots]
    return next((place for place in places if place.is_file()), places[0])


def parse_cut(raw: bytes, where: str, roots: Sequence[Path]) -> Utterance:
    """Check one line of a cuts file.

    Args:
        raw: a JSON object as lhotse writes it. The text is the supervisions' `text` or, as in
            Libriheavy, the first of their `custom.texts`.
        where: `file:line`, for messages.
        roots: folders below which relative audio paths are looked for.

    Raises:
        TrainError: no cut, no text, or impossible times.

    """
    row = parse_object(raw, where)
    if "audio" in row and not row.keys() & {"recording", "tracks"}:
        raise TrainError(
            f"{where}: a clip, no cut: run 'sled data prepare jsonl' on the list first"
        )
    try:
        cut = deserialize_item(row)
        supervisions = list(cut.supervisions)
    except Exception as error:  # whatever lhotse's constructors meet in foreign data
        reason = f"{type(error).__name__}: {error}"
        raise TrainError(f"{where}: not a lhotse cut ({reason:.120})") from None
    clean_text(cut.id, "id", where)
    clean_seconds(cut.duration, "duration", where, above_zero=True)
    audio = None if isinstance(cut, MixedCut) else _audio(cut, where, roots)
    return Utterance(
        _placed(cut, where, roots) if audio is None else cut,
        _text(supervisions, where),
        next((str(s.speaker) for s in supervisions if s.speaker), ""),
        audio,
    )


def make_cut(name: str, recording: Any, clip: Clip) -> Any:  # noqa: ANN401 - lhotse is untyped
    """Make a lhotse cut of one supervision that spans it; of several channels it takes all."""
    start = clip.start
    rest = recording.duration - start
    seconds = rest if clip.duration is None else min(clip.duration, rest)
    said = SupervisionSegment(
        name, recording.id, 0.0, seconds, text=clip.text, speaker=clip.speaker or None
    )
    channels = recording.channel_ids
    kind, channel = (MonoCut, channels[0]) if len(channels) == 1 else (MultiCut, channels)
    return kind(name, start, seconds, channel, supervisions=[said], recording=recording)


def _text(supervisions: Sequence[Any], where: str) -> str:
    found = []
    for supervision in supervisions:
        text, custom = supervision.text, supervision.custom
        if not text and isinstance(custom, dict) and isinstance(custom.get("texts"), list):
            text = next(iter(custom["texts"]), None)
        found.append(clean_text(text, "text", where))
    if not found:
        raise TrainError(f"{where}: the cut has no supervision, so no text")
    return " ".join(found)


def _placed(cut: Any, where: str, roots: Sequence[Path]) -> Any:  # noqa: ANN401
    """Return a cut with absolute paths, for lhotse looks for others in the working folder."""
    if isinstance(cut, MixedCut):
        tracks = [fastcopy(each, cut=_placed(each.cut, where, roots)) for each in cut.tracks]
        return fastcopy(cut, tracks=tracks)
    recording = getattr(cut, "recording", None)
    if recording is None:  # silence between others
        return cut
    sources = []
    for source in recording.sources:
        if source.type != "file":
            sources.append(source)
            continue
        if not isinstance(source.source, str) or "\0" in source.source:
            raise TrainError(f"{where}: the recording names no audio source")
        sources.append(fastcopy(source, source=str(locate(source.source, roots).absolute())))
    return fastcopy(cut, recording=fastcopy(recording, sources=sources))


def _audio(cut: Any, where: str, roots: Sequence[Path]) -> Path | None:  # noqa: ANN401
    """Check the recording of a cut; return its file if plain reading gives the cut's audio."""
    recording = getattr(cut, "recording", None)
    if recording is None:
        raise TrainError(f"{where}: the cut has no recording: features alone cannot be encoded")
    start = clean_seconds(cut.start, "start", where, above_zero=False)
    length = clean_seconds(recording.duration, "recording.duration", where, above_zero=True)
    if start + cut.duration > length + OVERHANG:
        end = start + cut.duration
        raise TrainError(f"{where}: ends at {end:.6g} s, its recording at {length:.6g} s")
    clean_seconds(recording.sampling_rate, "sampling_rate", where, above_zero=True)
    sources = recording.sources
    if not sources or not isinstance(sources[0].source, str) or "\0" in sources[0].source:
        raise TrainError(f"{where}: the recording names no audio source")
    channels = cut.channel if isinstance(cut.channel, list) else [cut.channel]
    if not all(type(channel) is int for channel in channels):
        raise TrainError(f"{where}: 'channel' must be a number, not {cut.channel!r:.60}")
    plain = sources[0].type == "file" and len(sources) == 1 and not recording.transforms
    if not plain or len(channels) != len(recording.channel_ids or channels):
        return None
    return locate(sources[0].source, roots)
