"""`prepare`: a corpus becomes one cuts file, every cut with its text, speaker and audio."""

import gzip
import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from lhotse import Recording, fastcopy
from lhotse.cut import MixedCut
from numpy.typing import NDArray
from sled_codec import atomic_write

from .._errors import TrainError
from .._lock import only_writer
from ._choice import Filters, subset
from ._cuts import OVERHANG, Clip, Utterance, make_cut, parse_cut
from ._journal import Journal
from ._sources import Kind, Row, read_rows


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of a corpus."""

    path: Path
    cuts: int
    hours: float
    left_out: dict[str, int] = field(default_factory=dict)
    """How many rows were left out, by reason."""
    listed: Path | None = None
    """Where each of them is listed, if any."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """What every row of a corpus is held to."""

    filters: Filters
    roots: Sequence[Path]
    """Folders of relative audio paths; none for those of the row."""
    strict: bool
    is_file: Callable[[Path], bool]


class _LeftOut(Exception):  # noqa: N818 - no error: it is counted
    """Why a row becomes no cut: a reason to count by, and what exactly."""

    def __init__(self, reason: str, what: object) -> None:
        super().__init__(f"{reason}: {what}")
        self.reason = reason


def prepare(
    kind: Kind,
    source: str | Path,
    out: str | Path,
    *,
    filters: Filters = Filters(),  # noqa: B008 - frozen
    audio_root: str | Path | None = None,
    limit_hours: float | None = None,
    strict: bool = False,
    advance: Callable[[int], object] = lambda _: None,
) -> Prepared:
    """Write the cuts of a corpus to `out` (`.jsonl` or `.jsonl.gz`), whole or not at all.

    Killed at any moment, the same call goes on where it was. Rows left out are counted and
    listed in `<out>.skipped.txt`.

    Args:
        kind: see `read_rows`.
        source: where the corpus lies.
        out: the file to write; lhotse reads it as a `CutSet`.
        filters: durations and text lengths to keep.
        audio_root: folder that relative audio paths of cuts start from; by default that of
            the cuts file, then the working folder.
        limit_hours: keep a subset of at most so much speech: the same for the same corpus, and
            each smaller one lies within each larger one.
        strict: refuse missing and unreadable audio instead of leaving it out.
        advance: told the number of rows done.

    Raises:
        TrainError: a malformed row, nothing left, another process that writes `out`, or, if
            `strict`, audio that is missing.
        OSError: `out` cannot be written.

    """
    source, out = Path(source), Path(out)
    roots = [] if audio_root is None else [Path(audio_root)]
    # Cuts of one long recording follow each other.
    rules = _Rules(filters, roots, strict, lru_cache(maxsize=4096)(Path.is_file))
    _check(out, limit_hours)
    _check_apart(kind, source, out)
    key = {
        "kind": kind,
        "source": str(source.absolute()),
        "root": str(audio_root),
        "filters": asdict(filters),
        "strict": strict,
    }
    partial, lock = (out.with_name(f".{out.name}.{what}") for what in ("partial", "lock"))
    with only_writer(out, lock), Journal(partial, key) as journal:
        rows = read_rows(kind, source)
        if not all(row["of"] == _digest(next(rows, None)) for row in journal.rows()):
            journal.begin()
            rows = read_rows(kind, source)
        advance(journal.done)
        for row in rows:
            journal.append({"of": _digest(row), **_outcome(row, rules)})
            advance(1)
        journal.flush()
        return _finish(journal, source, out, limit_hours)


def skipped_rows(cuts: Path) -> tuple[str, ...]:
    """A line for each row that `prepare` left out of a cuts file."""
    path = _listed(cuts)
    return tuple(path.read_text("utf-8").splitlines()) if path.is_file() else ()


def _listed(out: Path) -> Path:
    return out.with_name(f"{out.name}.skipped.txt")


def _check(out: Path, limit_hours: float | None) -> None:
    if not out.name.endswith((".jsonl", ".jsonl.gz")):
        raise TrainError(f"{out}: cuts are written as .jsonl or .jsonl.gz; give such a name")
    if not out.parent.is_dir():
        raise TrainError(f"{out.parent}: no such folder; make it first")
    if limit_hours is not None and not limit_hours > 0:
        raise TrainError(f"limit_hours must be above 0, not {limit_hours}")


def _check_apart(kind: Kind, source: Path, out: Path) -> None:
    """Refuse to write over what is read."""
    read = source.glob("*") if kind == "libriheavy" and source.is_dir() else [source]
    if out.exists() and any(file.exists() and out.samefile(file) for file in read):
        raise TrainError(f"{out} is what is read: name another file for the cuts")


def _digest(row: Row | None) -> str:
    """Tell a row from what may stand in its place when the work goes on."""
    return hashlib.blake2b(repr(row).encode(), digest_size=8).hexdigest()


def _outcome(row: Row, rules: _Rules) -> dict[str, object]:
    """Turn a row into its line of the journal: a cut, or why there is none."""
    try:
        spoken = _resolve(row, rules)
    except _LeftOut as reason:
        if rules.strict:
            raise TrainError(f"{row.where}: {reason}; leave --strict off to skip it") from None
        return {"skip": reason.reason, "line": f"{row.where}: {reason}"}
    misfit = rules.filters.misfit(spoken.seconds, len(spoken.text))
    if misfit:
        what = f"{spoken.seconds:.2f} s, {len(spoken.text)} characters"
        return {"skip": misfit, "line": f"{row.where}: {misfit}: {what}"}
    # A mix names no duration of its own.
    return {"cut": _flat(spoken).to_dict(), "id": spoken.id, "seconds": spoken.seconds}


def _resolve(row: Row, rules: _Rules) -> Utterance:
    roots = rules.roots or [row.base, Path()]
    if row.content is None:
        raise _LeftOut("no transcript", f"none lies beside {row.where}")
    if isinstance(row.content, bytes):
        spoken = parse_cut(row.content, row.where, roots)
        if spoken.audio is not None and not rules.is_file(spoken.audio):
            raise _LeftOut("no such file", spoken.audio)
        return spoken
    clip = row.content
    if not clip.audio.is_file():
        raise _LeftOut("no such file", clip.audio)
    recording = _recording(clip)
    if recording.duration <= 0:
        raise _LeftOut("holds no sound", clip.audio)
    cut = make_cut(clip.name, recording, clip)
    if cut.duration <= 0:
        raise TrainError(f"{row.where}: starts at {clip.start} s, after the end of {clip.audio}")
    end, length = clip.start + (clip.duration or 0.0), float(cut.recording.duration)
    if end > length + OVERHANG:
        raise TrainError(f"{row.where}: ends at {end:.6g} s, {clip.audio} at {length:.6g} s")
    return Utterance(cut, clip.text, clip.speaker, clip.audio)


def _recording(clip: Clip) -> Any:  # noqa: ANN401 - lhotse is untyped
    try:
        return Recording.from_file(clip.audio.absolute(), recording_id=clip.name)
    except Exception:  # each of lhotse's backends has its own
        raise _LeftOut("not readable as audio", clip.audio) from None


def _flat(spoken: Utterance) -> Any:  # noqa: ANN401 - lhotse is untyped
    """Return the cut with an absolute audio path and a single text, without its context.

    Libriheavy's `pre_texts` are ten times as long as the text itself.
    """
    cut = spoken.cut
    if isinstance(cut, MixedCut):
        return cut
    first = cut.supervisions[0]
    said = fastcopy(
        first, start=0.0, duration=cut.duration, text=spoken.text, speaker=spoken.speaker or None
    )
    dropped = {"texts", "pre_texts", "begin_byte", "end_byte"}
    said.custom = {k: v for k, v in (first.custom or {}).items() if k not in dropped} or None
    recording = cut.recording
    if spoken.audio is not None:
        place = fastcopy(recording.sources[0], source=str(spoken.audio.absolute()))
        recording = fastcopy(recording, sources=[place])
    return fastcopy(cut, supervisions=[said], recording=recording)


def _finish(journal: Journal, source: Path, out: Path, limit_hours: float | None) -> Prepared:
    names, seconds = array("Q"), array("d")
    reasons: Counter[str] = Counter()
    for row in journal.rows():
        if "cut" in row:
            digest = hashlib.blake2b(row["id"].encode(), digest_size=8).digest()
            names.append(int.from_bytes(digest))
            seconds.append(row["seconds"])
        else:
            reasons[row["skip"]] += 1
    kept = subset(np.array(names), np.array(seconds), limit_hours)
    if not kept.any():
        raise TrainError(_nothing_left(source, reasons, limit_hours))
    _write_cuts(journal, out, kept)
    listed = _listed(out)
    if reasons:
        with atomic_write(listed) as file:
            file.writelines(f"{row['line']}\n".encode() for row in journal.rows() if "skip" in row)
    else:
        listed.unlink(missing_ok=True)
    hours = float(np.array(seconds)[kept].sum()) / 3600
    return Prepared(out, int(kept.sum()), hours, dict(reasons), listed if reasons else None)


def _nothing_left(source: Path, reasons: Counter[str], limit_hours: float | None) -> str:
    why = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    limit = f"no cut is as short as {limit_hours} h" if limit_hours else "no rows"
    return f"no row of {source} can be used ({why or limit}): mend the corpus or the limits"


def _write_cuts(journal: Journal, out: Path, kept: NDArray[np.bool_]) -> None:
    cuts = (row["cut"] for row in journal.rows() if "cut" in row)
    with atomic_write(out) as file:
        # Neither name nor time of writing go into the archive: same cuts, same bytes.
        packed = gzip.GzipFile("", "wb", 6, file, 0) if out.suffix == ".gz" else None
        target = cast("BinaryIO", packed or file)
        for cut, keep in zip(cuts, kept.tolist(), strict=True):
            if keep:
                target.write(json.dumps(cut, ensure_ascii=False).encode() + b"\n")
        if packed is not None:
            packed.close()
