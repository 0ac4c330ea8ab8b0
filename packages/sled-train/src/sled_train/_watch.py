"""What a run shows of itself: a progress bar, `progress.jsonl`, and the boards."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from sled_codec import atomic_write

from ._boards import Board, open_boards
from ._recipe import Recipe

_LOG = "progress.jsonl"


def progress_bar(console: Console, *, transient: bool = False) -> Progress:
    """A bar with counts, time left and a free `note` field, on `console`.

    A transient one leaves nothing behind, so that an error is the only line.
    """
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=transient,
        disable=console.quiet or (transient and not console.is_terminal),
    )


class Watch:
    """Writes the course of training; on all but the main process it does nothing.

    On resume it forgets what was logged after `start`, the step of the checkpoint, so that the
    log of a killed run reads like that of an uninterrupted one.
    """

    def __init__(
        self, recipe: Recipe, run: Path, console: Console, *, start: int, main: bool
    ) -> None:
        self.console = console
        self._recipe = recipe
        self._run = run
        self._start = start
        self._path = run / _LOG if main else None
        self._boards: Sequence[Board] = ()
        self._bar = progress_bar(console) if main else None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        if self._path is not None:
            _forget_after(self._path, self._start)
            self._boards = open_boards(self._recipe, self._run, self._start)
        if self._bar is not None:
            steps = self._recipe.run.steps
            self._bar.start()
            self._task = self._bar.add_task("training", total=steps, completed=self._start, note="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        for board in self._boards:
            board.close()

    def advance(self, step: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(self._task, completed=step)

    def log(self, step: int, kind: str, values: Mapping[str, float]) -> None:
        """Record numbers of `step`; `kind` is "train" or "eval"."""
        if self._bar is not None and kind == "train":
            note = f"loss {values['loss']:.4f}  {values.get('frames_per_s', 0.0):,.0f} frames/s"
            self._bar.update(self._task, note=note)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "kind": kind, **values}) + "\n")
        for board in self._boards:
            board.scalars(step, {f"{kind}/{name}": value for name, value in values.items()})

    def logged(self, kind: str) -> dict[str, float]:
        """Numbers logged last, also before a resume."""
        lines = [] if self._path is None or not self._path.exists() else _lines(self._path)
        for row in map(json.loads, reversed(lines)):
            if row["kind"] == kind:
                return {name: row[name] for name in row.keys() - {"step", "kind"}}
        return {}

    def audio(self, step: int, name: str, wave: torch.Tensor, sample_rate: int) -> None:
        """Record a mono waveform `[samples]`."""
        if wave.numel():
            sound = wave.detach().cpu().float().clamp(-1, 1)
            for board in self._boards:
                board.audio(step, name, sound, sample_rate)

    def text(self, step: int, name: str, text: str) -> None:
        """Record a text."""
        for board in self._boards:
            board.text(step, name, text)

    def say(self, message: str) -> None:
        """Print a line above the bar."""
        if self._bar is not None:
            self.console.print(message, markup=False, highlight=False)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def _forget_after(path: Path, step: int) -> None:
    if not path.exists():
        return
    kept = []
    for line in _lines(path):
        try:
            if int(json.loads(line)["step"]) <= step:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            continue
    with atomic_write(path) as file:
        file.write("".join(f"{line}\n" for line in kept).encode())
