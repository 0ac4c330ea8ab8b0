"""The histograms of a survey as a PNG."""

from pathlib import Path

import numpy as np
from sled_codec import atomic_path

from .._errors import TrainError
from ._survey import Survey, histogram

_FINE = 40
_SPEAKERS = 20


def plot(found: Survey, target: str | Path, title: str) -> None:
    """Draw durations, text lengths, speaking rates and the largest speakers.

    Raises:
        TrainError: `target` does not end in `.png`.

    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - a second, and seldom needed

    target = Path(target)
    if target.suffix.lower() != ".png":
        raise TrainError(f"{target}: histograms are drawn as .png; give such a name")
    # A figure of its own, without pyplot: no display, no global state.
    figure = Figure(figsize=(10, 7), layout="constrained")
    figure.suptitle(f"{title}: {len(found.seconds):,} clips, {found.hours:.2f} h")
    axes = figure.subplots(2, 2)
    panels = (
        (axes[0, 0], found.seconds, "seconds a clip"),
        (axes[0, 1], found.chars, "characters a text"),
        (axes[1, 0], found.chars / np.maximum(found.seconds, 1e-3), "characters a second"),
    )
    for axis, values, label in panels:
        bins = histogram(values, _FINE)
        axis.stairs(bins.counts, bins.edges, fill=True)
        axis.set(xlabel=label, ylabel="clips")
    largest = sorted(found.speakers.items(), key=lambda pair: -pair[1])[:_SPEAKERS]
    axes[1, 1].barh([name or "(unnamed)" for name, _ in largest], [s / 3600 for _, s in largest])
    axes[1, 1].invert_yaxis()
    axes[1, 1].set(xlabel=f"hours of the largest of {len(found.speakers)} speakers")
    with atomic_path(target) as partial:
        figure.savefig(partial, dpi=110)
