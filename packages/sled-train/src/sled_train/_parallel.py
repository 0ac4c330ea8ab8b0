"""Several processes as one: how the model is copied or cut up, and who does which micro-batch.

`ddp` keeps all weights in every process; `fsdp` gives each process a part of weights, gradients
and optimizer state and gathers a layer while it computes. Files hold whole tensors either way, so
a run resumes on another number of processes and with the other kind.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import (  # type: ignore[import-untyped]
    DistributedDataParallelKwargs,
    InitProcessGroupKwargs,
)
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from ._errors import TrainError
from ._objective import Objective
from ._recipe import RunRecipe

_TRANSPORTS = ("gloo", "nccl", "ccl")
# The others wait while one reads a corpus or trains the tokenizer; NCCL would give up in minutes.
_PATIENCE = timedelta(hours=12)
_FOREIGN = ("FSDP", "DEEPSPEED", "MEGATRON_LM", "PARALLELISM_CONFIG")


def build_accelerator(run: RunRecipe) -> Accelerator:
    """Join the process group that `torchrun` or `accelerate launch` made, if any.

    Raises:
        TrainError: accelerate was configured to cut the model up itself.

    """
    for name in _FOREIGN:
        if os.environ.get(f"ACCELERATE_USE_{name}", "").lower() == "true":
            raise TrainError(
                f"accelerate is to use {name} (ACCELERATE_USE_{name}), but how a model is "
                "cut up is the recipe's: leave that out of accelerate's options and configuration, "
                "and set run.parallel=fsdp"
            )
    if run.threads is not None:
        torch.set_num_threads(run.threads)
    # Every process computes its own buffers (rotary tables): none need to be sent.
    alike = DistributedDataParallelKwargs(broadcast_buffers=False, gradient_as_bucket_view=True)
    patient = InitProcessGroupKwargs(timeout=_PATIENCE)
    return Accelerator(
        cpu=run.device == "cpu", mixed_precision="no", kwargs_handlers=[alike, patient]
    )


def distribute(objective: Objective, accelerator: Accelerator, run: RunRecipe) -> nn.Module:
    """Prepare the objective for the processes at hand; with `fsdp` its weights are cut up.

    Raises:
        TrainError: `fsdp` without several processes.

    """
    if run.parallel == "ddp":
        prepared: nn.Module = accelerator.prepare(objective)
        return prepared
    if accelerator.num_processes == 1:
        raise TrainError(
            "run.parallel=fsdp cuts the model up between processes, but there is one: "
            "start with torchrun --nproc-per-node=N, or set run.parallel=ddp"
        )
    # Not accelerate's own plugin: it knows no FSDP between CPU processes.
    mesh = init_device_mesh(accelerator.device.type, (accelerator.num_processes,))
    model = objective.model
    for part in (*model.backbone.layers, model.head):
        fully_shard(part, mesh=mesh)
    fully_shard(objective, mesh=mesh)
    return objective


def turns(micros: int, accelerator: Accelerator) -> Iterator[tuple[int, float, bool]]:
    """Yield (micro-batch, weight, last) of this process.

    All processes do the same number of passes, as the reduction of gradients needs; where the
    micro-batches do not divide, the last one is repeated with weight 0.
    """
    rank, processes = accelerator.process_index, accelerator.num_processes
    rounds = math.ceil(micros / processes)
    for turn in range(rounds):
        number = turn * processes + rank
        yield min(number, micros - 1), float(number < micros), turn == rounds - 1


def accumulating(
    objective: nn.Module, accelerator: Accelerator, *, last: bool
) -> AbstractContextManager[None]:
    """Leave gradients in this process until the last micro-batch."""
    if isinstance(objective, FSDPModule):
        objective.set_requires_gradient_sync(last)
        return nullcontext()
    return nullcontext() if last else accelerator.no_sync(objective)


def whole(tensor: Tensor) -> Tensor:
    """Gather a tensor that is cut up between processes; all of them must ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def whole_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Gather all of these tensors, on the CPU where they were cut up."""
    return {
        name: whole(tensor).cpu() if isinstance(tensor, DTensor) else tensor
        for name, tensor in tensors.items()
    }


def cut_like(tensor: Tensor, other: Tensor) -> Tensor:
    """Put a whole tensor where `other` is, cut up as it is if it is."""
    moved = tensor.to(other.device)
    if isinstance(other, DTensor):
        return distribute_tensor(moved, other.device_mesh, other.placements)
    return moved


@contextmanager
def naming_lost_processes() -> Iterator[None]:
    """Turn the failure of a reduction, because another process has died, into a TrainError."""
    rank, processes = (os.environ.get(name, "1") for name in ("RANK", "WORLD_SIZE"))
    try:
        yield
    except RuntimeError as error:
        if processes == "1" or not _is_lost(error):
            raise
        reason = " ".join(str(error).split())[:200]
        raise TrainError(
            f"process {rank} of {processes}: another process of the run ended ({reason}): look for "
            "its message, then start the same command again to go on from the last checkpoint"
        ) from None


def _is_lost(error: RuntimeError) -> bool:
    if isinstance(error, torch.distributed.DistError):
        return True
    return any(name in str(error).lower() for name in _TRANSPORTS)
