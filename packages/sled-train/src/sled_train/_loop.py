"""Training: `train(recipe)` sets up, then runs one flat loop until the last step or a stop."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console

from ._boards import check_boards
from ._evaluate import Speak, evaluate, log_audio
from ._inputs import own_folder
from ._keep import keep_best, keep_checkpoint, keep_final
from ._parallel import naming_lost_processes
from ._recipe import Recipe
from ._record import Meter
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
        TrainError: the recipe, corpus or run folder do not fit, another run writes to the
            folder, or the loss is not finite.
        ValueError: the errors of `sled_codec` and `sled_model`, for damaged models.
        OSError: the run folder cannot be written.

    """
    if quiet or console is None:
        console = Console(stderr=True, quiet=quiet)
    check_boards(recipe)
    with StopSignal(quiet=quiet) as stop, naming_lost_processes(), own_folder(recipe.run.out):
        state = setup(recipe, console, stop)
        if state is None:
            console.print("stopped while reading; training again goes on from there")
            return TrainResult(Path(recipe.run.out or ""), 0, finished=False)
        main, start = state.accelerator.is_main_process, state.progress.step
        with Watch(state.recipe, state.run, console, start=start, main=main) as watch:
            return _loop(state, watch, stop, speak)


def _loop(state: TrainState, watch: Watch, stop: StopSignal, speak: Speak | None) -> TrainResult:
    run = state.recipe.run
    _announce(state, watch)
    state.model.train()
    meter, first, halt = Meter(state.device), True, False
    losses, evaluation = watch.logged("train"), watch.logged("eval")
    while state.progress.step < run.steps and not halt:
        with meter.running():
            before = state.progress.frames
            losses = train_step(state)
        meter.seen(state.progress.frames - before)
        step = state.progress.step
        last = step == run.steps
        watch.advance(step)
        if last or step % run.log_every == 0:
            watch.log(step, "train", {**losses, **meter.read()})
        if state.held_out is not None and (last or step % run.eval_every == 0):
            evaluation = evaluate(state, state.held_out)
            watch.log(step, "eval", evaluation)
            mark = " (the lowest so far)" if keep_best(state, evaluation["loss"]) else ""
            watch.say(f"step {step}: held-out loss {evaluation['loss']:.4f}{mark}")
            log_audio(state, state.held_out, watch, speak, first=first)
            first = False
        halt = _any_stop(state, stop)
        if last or halt or step % run.save_every == 0:
            keep_checkpoint(state)
    if state.progress.step < run.steps:
        watch.say(f"stopped and saved at step {state.progress.step}; train again to go on")
    final = keep_final(state) if state.progress.step >= run.steps else None
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
    hours = state.data.frames.sum(dtype=float) / state.codec.frame_rate / 3600
    begin = f", from step {state.progress.step}" if state.progress.step else ""
    watch.say(
        f"{parameters:,} parameters, {len(state.data)} clips, {hours:.2f} h, "
        f"{state.recipe.layout.title}, {state.device}, {state.recipe.run.precision}{begin}"
    )


def _any_stop(state: TrainState, stop: StopSignal) -> bool:
    """Whether any process was asked to stop: all must end at the same step."""
    if state.accelerator.num_processes == 1:
        return stop.requested
    wish = torch.tensor(float(stop.requested), device=state.device)
    return bool(state.accelerator.reduce(wish, reduction="sum") > 0)
