"""The tables of `sled data stats`."""

import io
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.table import Table
from sled_train.data import histogram

if TYPE_CHECKING:
    from sled_train.data import Survey

_WIDTH = 88
_BAR = 40
_SPEAKERS = 10


def tables(found: "Survey", title: str) -> str:
    """Render what a survey found as text."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=_WIDTH, highlight=False, markup=False)
    clips = len(found.seconds)
    console.print(f"{title}: {clips:,} clips, {found.hours:.2f} h, {_speakers(found)}")
    console.print(_spreads(found))
    console.print(_bars(found))
    if len(found.speakers) > 1:
        console.print(_largest(found))
    return buffer.getvalue().rstrip()


def _speakers(found: "Survey") -> str:
    named = [name for name in found.speakers if name]
    count = f"{len(named)} speaker{'s' if len(named) != 1 else ''}"
    return count if "" not in found.speakers else f"{count}, some clips without a name"


def _spreads(found: "Survey") -> Table:
    table = Table("", "min", "5 %", "median", "mean", "95 %", "max")
    facts = found.facts()
    for label, key in (("seconds", "seconds"), ("characters", "chars")):
        spread = cast("dict[str, float]", facts[key])
        table.add_row(label, *(f"{value:,.2f}" for value in spread.values()))
    return table


def _bars(found: "Survey") -> Table:
    table = Table("seconds", "clips", "hours", "")
    bins = histogram(found.seconds)
    most = max(int(bins.counts.max()), 1)
    hours = histogram(found.seconds, weights=found.seconds / 3600)
    for low, high, count, share in zip(
        bins.edges, bins.edges[1:], bins.counts, hours.counts, strict=False
    ):
        bar = "█" * round(_BAR * int(count) / most)
        table.add_row(f"{low:g}-{high:g}", f"{int(count):,}", f"{float(share):.2f}", bar)
    return table


def _largest(found: "Survey") -> Table:
    table = Table("speaker", "hours", "share", title=f"largest of {len(found.speakers)} speakers")
    total = sum(found.speakers.values())
    for name, seconds in sorted(found.speakers.items(), key=lambda pair: -pair[1])[:_SPEAKERS]:
        table.add_row(name or "(unnamed)", f"{seconds / 3600:.2f}", f"{seconds / total:.1%}")
    return table
