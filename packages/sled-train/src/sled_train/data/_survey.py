"""What a cuts file or a folder of codes holds, in numbers; one pass, flat memory."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .._errors import TrainError
from ._cuts import parse_cut, read_lines
from ._store import Store, is_store


@dataclass(frozen=True, slots=True)
class Survey:
    """Lengths of all clips, and how much each speaker says."""

    seconds: NDArray[np.float64]
    """`[clips]`."""
    chars: NDArray[np.int64]
    """Characters of every text, `[clips]`."""
    speakers: dict[str, float]
    """Seconds of each speaker; "" is nobody named."""

    @property
    def hours(self) -> float:
        """Hours of speech."""
        return float(self.seconds.sum()) / 3600

    def facts(self) -> dict[str, object]:
        """Return the numbers that sum it up."""
        return {
            "clips": len(self.seconds),
            "hours": round(self.hours, 4),
            "speakers": len(self.speakers),
            "seconds": _spread(self.seconds),
            "chars": _spread(self.chars),
        }


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts, or sums of weights, `[bins]` between edges `[bins + 1]`."""

    counts: NDArray[np.float64]
    edges: NDArray[np.float64]


def survey(source: str | Path, *, advance: Callable[[int], object] = lambda _: None) -> Survey:
    """Measure a cuts file (`.jsonl`, `.jsonl.gz`) or a folder of codes.

    Raises:
        TrainError: neither, empty, or damaged.

    """
    seconds, chars = array("d"), array("q")
    speakers: defaultdict[str, float] = defaultdict(float)
    for length, text, speaker in _measures(Path(source)):
        seconds.append(length)
        chars.append(len(text))
        speakers[speaker] += length
        advance(1)
    if not seconds:
        raise TrainError(f"{source} holds no cuts")
    return Survey(np.array(seconds), np.array(chars), dict(speakers))


def histogram(
    values: NDArray[np.float64] | NDArray[np.int64],
    bins: int = 12,
    *,
    weights: NDArray[np.float64] | None = None,
) -> Histogram:
    """Count values in at most about so many bins of equal, round width."""
    top = float(values.max())
    width = _round_up(top / bins) if top else 1.0
    edges = width * np.arange(max(1, int(np.ceil(top / width))) + 1, dtype=np.float64)
    counts, _ = np.histogram(values, bins=edges, weights=weights)
    return Histogram(counts.astype(np.float64), edges)


def _measures(source: Path) -> Iterator[tuple[float, str, str]]:
    if source.is_dir() and is_store(source):
        store = Store(source)
        lengths = store.frames / store.summary.frame_rate
        for clip, length in enumerate(lengths.tolist()):
            row = store.row(clip)
            yield length, row.text, row.speaker
        return
    if source.is_dir():
        raise TrainError(f"{source} is no folder of codes: give a cuts file")
    for number, raw in read_lines(source):
        spoken = parse_cut(raw, f"{source}:{number}", [source.parent])
        yield spoken.seconds, spoken.text, spoken.speaker


def _round_up(width: float) -> float:
    """Return the next of 1, 2, 2.5, 5 times a power of ten."""
    scale = 10.0 ** np.floor(np.log10(width))
    return float(next(scale * step for step in (1, 2, 2.5, 5, 10) if scale * step >= width))


def _spread(values: NDArray[np.float64] | NDArray[np.int64]) -> dict[str, float]:
    low, middle, high = np.percentile(values, [5, 50, 95])
    return {
        "min": round(float(values.min()), 2),
        "p5": round(float(low), 2),
        "median": round(float(middle), 2),
        "mean": round(float(values.mean()), 2),
        "p95": round(float(high), 2),
        "max": round(float(values.max()), 2),
    }
