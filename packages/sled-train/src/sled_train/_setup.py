"""The state of a run before its first step: built from a recipe, or resumed."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from rich.console import Console
from sled_codec import Codec, atomic_write
from sled_model import Layout, SledModel, Tokenizer, layout_for
from torch import nn

from ._build import build_model, with_initial_model
from ._checkpoint import Progress, list_checkpoints, load_optimizer, load_progress
from ._dataset import Dataset
from ._errors import TrainError
from ._inputs import gather
from ._load import recipe_to_yaml
from ._objective import Objective
from ._optim import build_optimizer
from ._parallel import distribute
from ._recipe import Recipe
from ._record import versions
from ._sampler import BatchSampler
from ._stop import StopSignal


@dataclass
class TrainState:
    """A run between two steps."""

    recipe: Recipe
    run: Path
    accelerator: Accelerator
    codec: Codec
    tokenizer: Tokenizer
    model: SledModel
    objective: nn.Module
    layout: Layout
    optimizer: torch.optim.Optimizer
    sampler: BatchSampler
    data: Dataset
    held_out: Dataset | None
    skipped: tuple[str, ...]
    progress: Progress

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        device: torch.device = self.accelerator.device
        return device


def setup(recipe: Recipe, console: Console, stop: StopSignal) -> TrainState | None:
    """Read, encode, build, and resume from the run folder's last checkpoint if it has one.

    Returns None where `stop` was requested before the encoding was done; raises TrainError where
    recipe, corpus or run folder do not fit.
    """
    recipe = with_initial_model(recipe)
    inputs = gather(recipe, console, stop)
    if inputs is None:
        return None
    run, accelerator = inputs.run, inputs.accelerator
    checkpoint = next(reversed(list_checkpoints(run)), None)
    model = build_model(recipe, checkpoint, inputs.tokenizer, inputs.codec)
    model.to(accelerator.device)
    layout = layout_for(model.config)
    objective = distribute(Objective(model, layout), accelerator, recipe.run)
    data, held_out, misfits = inputs.datasets(recipe, model.config.max_position_embeddings)
    state = TrainState(
        recipe=recipe,
        run=run,
        accelerator=accelerator,
        codec=inputs.codec,
        tokenizer=inputs.tokenizer,
        model=model,
        objective=objective,
        layout=layout,
        optimizer=build_optimizer(model, recipe.optim),
        sampler=_sampler(recipe, data),
        data=data,
        held_out=held_out,
        skipped=(*inputs.skipped, *misfits),
        progress=Progress(
            0,
            recipe.run.seed,
            {},
            data.fingerprint(),
            held_out=held_out.fingerprint() if held_out else "",
        ),
    )
    if checkpoint is not None:
        _resume(state, checkpoint)
    if accelerator.is_main_process:
        _write(run / "recipe.yaml", recipe_to_yaml(recipe))
        _write(run / "versions.json", versions(accelerator))
        _write(run / "skipped.txt", "".join(f"{line}\n" for line in state.skipped))
    return state


def _sampler(recipe: Recipe, data: Dataset) -> BatchSampler:
    return BatchSampler(
        lengths=data.frames,
        batch_frames=recipe.data.batch_frames,
        seed=recipe.run.seed,
        bucket=recipe.data.bucket,
    )


def _resume(state: TrainState, checkpoint: Path) -> None:
    saved = load_progress(checkpoint)
    for name in ("seed", "corpus"):
        then, now = getattr(saved, name), getattr(state.progress, name)
        if then != now:
            raise TrainError(
                f"{checkpoint} was trained with {name} {then}, now it is {now}: "
                "restore it, or start another run with run.init_from"
            )
    load_optimizer(checkpoint, state.optimizer, state.model)
    state.sampler.restore(saved.sampler)
    held_out = state.progress.held_out
    if saved.held_out not in ("", held_out):  # losses of two sets do not compare
        saved = replace(saved, best_step=0, best_loss=None)
    state.progress = replace(saved, held_out=held_out)


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as file:
        file.write(text.encode())
