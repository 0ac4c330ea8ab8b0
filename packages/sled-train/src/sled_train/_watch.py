"""What a run shows of itself: a progress bar, `progress.jsonl`, TensorBoard."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
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
from torch.utils.tensorboard import SummaryWriter

_LOG = "progress.jsonl"


def progress_bar(console: Console) -> Progress:
    """A bar with counts, time left and a free `note` field, on `console`."""
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=console.quiet,
    )


class Watch:
    """Writes the course of training; on all but the main process it does nothing.

    On resume it forgets what was logged after `start`, the step of the checkpoint, so that the
    log of a killed run reads like that of an uninterrupted one.
    """

    def __init__(
        self, run: Path, console: Console, *, start: int, steps: int, tensorboard: bool, main: bool
    ) -> None:
        self.console = console
        self._path = run / _LOG if main else None
        self._board: SummaryWriter | None = None
        self._bar = progress_bar(console) if main else None
        self._task = TaskID(0)
        self._span = (start, steps)
        self._folder = run / "tensorboard" if main and tensorboard else None

    def __enter__(self) -> Self:
        start, steps = self._span
        if self._path is not None:
            _forget_after(self._path, start)
        if self._folder is not None:
            self._board = SummaryWriter(str(self._folder), purge_step=start + 1 if start else None)
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("training", total=steps, completed=start, note="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._board is not None:
            self._board.close()

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
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def audio(self, step: int, name: str, wave: torch.Tensor, sample_rate: int) -> None:
        """Record a mono waveform `[samples]`."""
        if self._board is not None and wave.numel():
            sound = wave.detach().cpu().float().clamp(-1, 1).unsqueeze(0)
            self._board.add_audio(name, sound, step, sample_rate=sample_rate)

    def text(self, step: int, name: str, text: str) -> None:
        """Record a text."""
        if self._board is not None:
            self._board.add_text(name, text, step)

    def say(self, message: str) -> None:
        """Print a line above the bar."""
        if self._bar is not None:
            self.console.print(message, markup=False, highlight=False)


def _forget_after(path: Path, step: int) -> None:
    if not path.exists():
        return
    kept = []
    for line in path.read_text("utf-8").splitlines():
        try:
            if int(json.loads(line)["step"]) <= step:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            continue
    with atomic_write(path) as file:
        file.write("".join(f"{line}\n" for line in kept).encode())
