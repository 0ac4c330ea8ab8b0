"""One update: a global batch in micro-batches, exact weights, clipping, the optimizer."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from sled_codec import atomic_write
from sled_model import blur_past, drop_text
from torch import Tensor

from ._errors import TrainError
from ._objective import PARTS, Counts, named_parts, seeded
from ._optim import clip_gradients, learning_rate, set_learning_rate
from ._parallel import accumulating, turns
from ._precision import autocast
from ._sampler import derive_seed
from ._setup import TrainState

_NAMED = 3


def train_step(state: TrainState) -> dict[str, float]:
    """Do one update on the next global batch; return its losses, gradient norm and rate.

    Raises:
        TrainError: loss or gradient are not finite; names the step and the batch's files.

    """
    recipe, progress = state.recipe, state.progress
    indices = state.sampler.next()
    micros = state.sampler.micro_batches(indices, recipe.data.micro_frames)
    frames = state.data.frames[indices].tolist()
    counts = Counts.of(frames)
    parts, broken = _backward(state, micros, counts)
    norm = clip_gradients(state.model, recipe.optim.clip)
    losses = {**named_parts(parts, counts), "grad_norm": norm}
    if not all(math.isfinite(value) for value in losses.values()):
        suspects = [i for micro, bad in zip(micros, broken, strict=True) if bad for i in micro]
        raise _not_finite(state, losses, suspects or indices)
    rate = learning_rate(progress.step, recipe.optim, recipe.run.steps)
    set_learning_rate(state.optimizer, rate)
    state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=True)
    state.progress = replace(
        progress,
        step=progress.step + 1,
        sampler=state.sampler.state(),
        clips=progress.clips + len(indices),
        frames=progress.frames + sum(frames),
    )
    return {**losses, "lr": rate, "padding": state.sampler.padding}


def _backward(
    state: TrainState, micros: Sequence[Sequence[int]], counts: Counts
) -> tuple[Tensor, list[bool]]:
    """Accumulate the global batch's gradient.

    Returns:
        Its loss parts `[PARTS]`, and which micro-batches had a loss that is not finite; both of
        all processes.

    """
    accelerator, objective = state.accelerator, state.objective
    seen = torch.zeros(PARTS + len(micros), device=state.device)
    for number, weight, last in turns(len(micros), accelerator):
        with accumulating(objective, accelerator, last=last):
            parts = _micro(state, number, micros[number], counts, weight)
        if weight:
            seen[:PARTS] += parts
            seen[PARTS + number] = (~torch.isfinite(parts).all()).float()
    seen = accelerator.reduce(seen, reduction="sum")
    return seen[:PARTS], [flag > 0 for flag in seen[PARTS:].tolist()]


def _micro(
    state: TrainState, number: int, indices: Sequence[int], counts: Counts, weight: float
) -> Tensor:
    """Forward and backward of one micro-batch; return its loss parts."""
    recipe, device = state.recipe, state.device
    place = (state.progress.step, number)
    batch = state.data.collate(indices, state.codec, device)
    dropping = torch.Generator().manual_seed(derive_seed(recipe.run.seed, "text", *place))
    batch = drop_text(batch, state.layout, recipe.model.training_cfg, dropping)
    blurring = torch.Generator(device).manual_seed(derive_seed(recipe.run.seed, "past", *place))
    batch = blur_past(batch, recipe.optim.past_noise, blurring)
    noise = torch.Generator(device).manual_seed(derive_seed(recipe.run.seed, "noise", *place))
    # Gradients are averaged over processes; what is wanted is their sum.
    scale = weight * state.accelerator.num_processes
    with seeded(derive_seed(recipe.run.seed, "dropout", *place), device):
        with autocast(device, recipe.run.precision):
            total, parts = state.objective(batch, noise, counts)
        (total * scale).backward()
    shares: Tensor = parts
    return shares


def _not_finite(state: TrainState, losses: dict[str, float], indices: Sequence[int]) -> TrainError:
    files = [state.data.row(i).audio for i in indices]
    place = state.run / "failed_batch.txt"
    if state.accelerator.is_main_process:
        with atomic_write(place) as file:
            file.write("".join(f"{name}\n" for name in files).encode())
    bad = ", ".join(f"{k} {v}" for k, v in losses.items() if not math.isfinite(v))
    shown = ", ".join(files[:_NAMED]) + (" …" if len(files) > _NAMED else "")
    return TrainError(
        f"step {state.progress.step + 1}: {bad} in the batch of {shown} (all in {place}): "
        "lower optim.lr and resume, or leave these clips out of another run that begins --from the "
        "last checkpoint"
    )
