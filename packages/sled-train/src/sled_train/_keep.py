"""What a run keeps: checkpoints to go on from, the best model, the final one."""

import math
from dataclasses import replace
from pathlib import Path

from sled_model import SledModel

from ._checkpoint import Speaker, save_checkpoint, save_model
from ._optim import optimizer_tensors
from ._parallel import whole_tensors
from ._precision import move
from ._setup import TrainState


def keep_checkpoint(state: TrainState) -> None:
    """Write `checkpoints/step-N`, and remove the oldest."""
    speaker = _speaker(state)
    optimizer = whole_tensors(optimizer_tensors(state.optimizer, state.model))
    if state.accelerator.is_main_process:
        last = state.recipe.run.keep_last
        save_checkpoint(state.run, speaker, optimizer, state.progress, keep_last=last)
    state.accelerator.wait_for_everyone()


def keep_best(state: TrainState, loss: float) -> bool:
    """Write `best/` if the held-out loss is the lowest so far; say whether it is."""
    best = state.progress.best_loss
    lowest = math.isfinite(loss) and (best is None or loss < best)
    if not (state.recipe.run.keep_best and lowest):
        return False
    state.progress = replace(state.progress, best_loss=loss, best_step=state.progress.step)
    _keep_model(state, state.run / "best")
    return True


def keep_final(state: TrainState) -> Path:
    """Write `final/`."""
    _keep_model(state, state.run / "final")
    return state.run / "final"


def speaking_model(state: TrainState) -> SledModel | None:
    """Return the model as one that can generate, on the main process; None on the others.

    A model that is cut up between processes is put together on the CPU.
    """
    if state.recipe.run.parallel == "ddp":
        return state.model if state.accelerator.is_main_process else None
    weights = whole_tensors(state.model.state_dict())
    if not state.accelerator.is_main_process:
        return None
    model = SledModel(state.model.config)
    move(model, state.model.dtype)
    model.load_state_dict(weights)
    move(model, state.model.dtype, state.device)
    return model


def _keep_model(state: TrainState, target: Path) -> None:
    speaker = _speaker(state)
    if state.accelerator.is_main_process:
        save_model(target, speaker)
    state.accelerator.wait_for_everyone()


def _speaker(state: TrainState) -> Speaker:
    return Speaker(state.model, whole_tensors(state.model.state_dict()), state.tokenizer)
