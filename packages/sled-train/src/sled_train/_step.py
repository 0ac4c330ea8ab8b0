"""One update: a global batch in micro-batches, exact weights, clipping, AdamW."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import torch
from sled_codec import atomic_write
from sled_model import drop_text
from torch import Tensor

from ._errors import TrainError
from ._objective import Counts, autocast, named_parts, seeded
from ._optim import learning_rate, set_learning_rate
from ._sampler import cut_micro, derive_seed
from ._setup import TrainState

_NAMED = 3


def train_step(state: TrainState) -> dict[str, float]:
    """Do one update on the next global batch; return its losses, gradient norm and rate.

    Raises:
        TrainError: loss or gradient are not finite; names the step and the batch's files.

    """
    recipe, progress = state.recipe, state.progress
    indices = state.sampler.next()
    micros = cut_micro(indices, state.data.positions, recipe.data.micro_frames)
    frames = [state.data.items[i].frames for i in indices]
    parts = _backward(state, micros, Counts.of(frames))
    norm = torch.nn.utils.clip_grad_norm_(
        state.model.parameters(), recipe.optim.clip or math.inf, foreach=True
    )
    losses = {**named_parts(parts), "grad_norm": float(norm)}
    if not all(math.isfinite(value) for value in losses.values()):
        raise _not_finite(state, losses, indices)
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
    return {**losses, "lr": rate}


def _backward(state: TrainState, micros: Sequence[Sequence[int]], counts: Counts) -> Tensor:
    """Accumulate the global batch's gradient; return its loss parts, summed over processes.

    All processes do the same number of passes, as gradient reduction needs; where the
    micro-batches do not divide, the last one is repeated with weight 0.
    """
    accelerator = state.accelerator
    rank, processes = accelerator.process_index, accelerator.num_processes
    parts = torch.zeros(4, device=state.device)
    rounds = math.ceil(len(micros) / processes)
    for turn in range(rounds):
        number = min(turn * processes + rank, len(micros) - 1)
        weight = 1.0 if turn * processes + rank < len(micros) else 0.0
        last = turn == rounds - 1
        with nullcontext() if last else accelerator.no_sync(state.objective):
            parts += weight * _micro(state, number, micros[number], counts, weight * processes)
    summed: Tensor = accelerator.reduce(parts, reduction="sum")
    return summed


def _micro(
    state: TrainState, number: int, indices: Sequence[int], counts: Counts, weight: float
) -> Tensor:
    """Forward and backward of one micro-batch; `weight` undoes the mean over processes."""
    recipe, device = state.recipe, state.device
    place = (state.progress.step, number)
    batch = state.data.collate(indices, state.codec, device)
    dropping = torch.Generator().manual_seed(derive_seed(recipe.run.seed, "text", *place))
    batch = drop_text(batch, state.layout, recipe.model.training_cfg, dropping)
    noise = torch.Generator(device).manual_seed(derive_seed(recipe.run.seed, "noise", *place))
    with seeded(derive_seed(recipe.run.seed, "dropout", *place), device):
        with autocast(device, recipe.run.precision):
            losses = state.objective(batch, noise)
        state.accelerator.backward(counts.total(losses) * weight)
    return counts.parts(losses)


def _not_finite(state: TrainState, losses: dict[str, float], indices: Sequence[int]) -> TrainError:
    files = [str(state.data.items[i].clip.audio) for i in indices]
    place = state.run / "failed_batch.txt"
    with atomic_write(place) as file:
        file.write("".join(f"{name}\n" for name in files).encode())
    bad = ", ".join(f"{k} {v}" for k, v in losses.items() if not math.isfinite(v))
    shown = ", ".join(files[:_NAMED]) + (" …" if len(files) > _NAMED else "")
    return TrainError(
        f"step {state.progress.step + 1}: {bad} in the batch of {shown} (all in {place}): "
        "lower optim.lr or remove these clips, then resume"
    )
