"""Training: `train(recipe)` sets up, then runs one flat loop until the last step or a stop."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console

from ._checkpoint import save_checkpoint, save_final
from ._evaluate import Speak, evaluate, log_audio
from ._recipe import Recipe
from ._setup import TrainState, setup
from ._step import train_step
from ._stop import StopSignal
from ._watch import Watch


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a run ended."""

    run: Path
    step: int
    """Steps done, those before a resume included."""
    finished: bool
    """False if Ctrl-C or SIGTERM ended it; training again goes on from there."""
    final: Path | None = None
    """The finished model folder."""
    losses: dict[str, float] = field(default_factory=dict)
    """Parts of the last step's loss."""
    evaluation: dict[str, float] = field(default_factory=dict)
    """Parts of the last held-out loss."""
    skipped: tuple[str, ...] = ()
    """One line for each row or clip that was left out."""


def train(
    recipe: Recipe,
    *,
    console: Console | None = None,
    quiet: bool = False,
    speak: Speak | None = None,
) -> TrainResult:
    """Train as the recipe says; goes on from the run folder's last checkpoint if it has one.

    Args:
        recipe: see `load_recipe`; `data.train` and `run.out` must be set.
        console: where bar and messages go; standard error by default.
        quiet: no bar and no messages.
        speak: lets the model speak held-out texts at evaluations, for TensorBoard.

    Raises:
        TrainError: the recipe, corpus or run folder do not fit, or the loss is not finite.
        ValueError: the errors of `sled_codec` and `sled_model`, for damaged models.
        OSError: the run folder cannot be written.

    """
    if quiet or console is None:
        console = Console(stderr=True, quiet=quiet)
    with StopSignal() as stop:
        state = setup(recipe, console, stop)
        if state is None:
            console.print("stopped while encoding; training again goes on from there")
            return TrainResult(Path(recipe.run.out or ""), 0, finished=False)
        run = state.recipe.run
        with Watch(
            state.run,
            console,
            start=state.progress.step,
            steps=run.steps,
            tensorboard=run.tensorboard,
            main=state.accelerator.is_main_process,
        ) as watch:
            return _loop(state, watch, stop, speak)


def _loop(state: TrainState, watch: Watch, stop: StopSignal, speak: Speak | None) -> TrainResult:
    run = state.recipe.run
    _announce(state, watch)
    state.model.train()
    losses: dict[str, float] = {}
    evaluation: dict[str, float] = {}
    clock, frames, first = time.perf_counter(), state.progress.frames, True
    halt = False
    while state.progress.step < run.steps and not halt:
        losses = train_step(state)
        step = state.progress.step
        last = step == run.steps
        watch.advance(step)
        if last or step % run.log_every == 0:
            now, seen = time.perf_counter(), state.progress.frames
            watch.log(step, "train", {**losses, "frames_per_s": (seen - frames) / (now - clock)})
            clock, frames = now, seen
        if state.held_out is not None and (last or step % run.eval_every == 0):
            evaluation = evaluate(state, state.held_out)
            watch.log(step, "eval", evaluation)
            watch.say(f"step {step}: held-out loss {evaluation['loss']:.4f}")
            log_audio(state, state.held_out, watch, speak, first=first)
            first = False
        halt = _any_stop(state, stop)
        if last or halt or step % run.save_every == 0:
            _save(state)
    if state.progress.step < run.steps:
        watch.say(f"stopped and saved at step {state.progress.step}; train again to go on")
    final = _finish(state) if state.progress.step >= run.steps else None
    return TrainResult(
        run=state.run,
        step=state.progress.step,
        finished=final is not None,
        final=final,
        losses=losses,
        evaluation=evaluation,
        skipped=state.skipped,
    )


def _announce(state: TrainState, watch: Watch) -> None:
    if state.skipped:
        first, count = state.skipped[0], len(state.skipped)
        watch.say(f"left out {count} clips (listed in {state.run / 'skipped.txt'}): {first}")
    parameters = sum(p.numel() for p in state.model.parameters())
    hours = sum(state.data.frames) / state.codec.frame_rate / 3600
    begin = f", from step {state.progress.step}" if state.progress.step else ""
    watch.say(
        f"{parameters:,} parameters, {len(state.data.items)} clips, {hours:.2f} h, "
        f"{state.device}, {state.recipe.run.precision}{begin}"
    )


def _any_stop(state: TrainState, stop: StopSignal) -> bool:
    """Whether any process was asked to stop: all must end at the same step."""
    if state.accelerator.num_processes == 1:
        return stop.requested
    wish = torch.tensor(float(stop.requested), device=state.device)
    return bool(state.accelerator.reduce(wish, reduction="sum") > 0)


def _save(state: TrainState) -> None:
    if state.accelerator.is_main_process:
        save_checkpoint(
            state.run,
            state.model,
            state.tokenizer,
            state.optimizer,
            state.progress,
            keep_last=state.recipe.run.keep_last,
        )
    state.accelerator.wait_for_everyone()


def _finish(state: TrainState) -> Path:
    if state.accelerator.is_main_process:
        save_final(state.run, state.model, state.tokenizer)
    state.accelerator.wait_for_everyone()
    return state.run / "final"
