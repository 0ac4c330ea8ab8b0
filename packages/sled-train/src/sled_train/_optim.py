"""The optimizer, its learning rate, and its state as named tensors."""

import math
from typing import Any

import optimi  # type: ignore[import-untyped]
import torch
from torch import Tensor, nn

from ._errors import TrainError
from ._muon import MuonAdamW, hidden_matrices, is_muon
from ._parallel import cut_like, whole
from ._recipe import OptimRecipe

_MATRIX = 2
_COMPENSATION = "kahan_comp"


def build_optimizer(model: nn.Module, recipe: OptimRecipe) -> torch.optim.Optimizer:
    """What `optim.kind` names, over the trainable parameters; only matrices and tables decay.

    For bfloat16 weights, Kahan summation keeps what an update loses by rounding and adds it to the
    next one (`optim.compensate`): a step of 1e-4 would otherwise leave a weight of 1 as it is.
    """
    hidden = hidden_matrices(model) if recipe.kind == "muon" else []
    apart = set(hidden)
    trainable = [p for p in model.parameters() if p.requires_grad and p not in apart]
    groups: list[dict[str, Any]] = [
        {
            "params": [p for p in trainable if p.dim() >= _MATRIX],
            "weight_decay": recipe.weight_decay,
        },
        {"params": [p for p in trainable if p.dim() < _MATRIX], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    common: dict[str, Any] = {"lr": recipe.lr, "betas": recipe.betas, "eps": recipe.eps}
    if hidden:
        return MuonAdamW(hidden, groups, common, recipe.weight_decay)
    if recipe.compensate and trainable[0].dtype == torch.bfloat16:
        # The plain loop: which one runs must not hang on the machine that resumes.
        compensated: torch.optim.Optimizer = optimi.AdamW(
            groups, **common, kahan_sum=True, triton=False, foreach=False
        )
        return compensated
    return torch.optim.AdamW(groups, **common, fused=True)


def learning_rate(step: int, recipe: OptimRecipe, steps: int) -> float:
    """Rate of update `step` (from 0): linear warm-up to `lr`, then linear decay towards 0.

    Neither the first nor the last update has a rate of zero.
    """
    if step < recipe.warmup_steps:
        return recipe.lr * (step + 1) / recipe.warmup_steps
    return recipe.lr * max(0, steps - step) / max(1, steps - recipe.warmup_steps)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every parameter group the same rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def clip_gradients(model: nn.Module, limit: float) -> float:
    """Scale the whole gradient to a norm of at most `limit` (0: leave it); return its norm."""
    norm = nn.utils.clip_grad_norm_(model.parameters(), limit or math.inf)
    return float(whole(norm))


def optimizer_tensors(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """Name the optimizer's tensors `<kind>/<parameter>`, for a safetensors file."""
    shared = {
        parameter: group["step"]
        for group in optimizer.param_groups
        for parameter in group["params"]
        if "step" in group
    }
    tensors: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        for kind, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{kind}/{name}"] = value
        if parameter in shared:
            tensors[f"step/{name}"] = shared[parameter].clone()
    return tensors


def load_optimizer_tensors(
    optimizer: torch.optim.Optimizer, model: nn.Module, tensors: dict[str, Tensor]
) -> None:
    """Put back what `optimizer_tensors` returned; parameters absent there start afresh.

    Raises:
        TrainError: the tensors are of another kind of optimizer.
        KeyError: a tensor belongs to no parameter of the model.

    """
    _check_kind(optimizer, model, tensors)
    parameters = dict(model.named_parameters())
    groups = {p: group for group in optimizer.param_groups for p in group["params"]}
    compensated = isinstance(optimizer, optimi.AdamW)
    for key, value in tensors.items():
        kind, _, name = key.partition("/")
        parameter = parameters[name]
        if kind != "step":
            optimizer.state[parameter][kind] = cut_like(value, parameter)
        elif compensated:
            groups[parameter].update(step=value, setup=True)
        else:
            optimizer.state[parameter][kind] = value.to(parameter.device)


def _check_kind(
    optimizer: torch.optim.Optimizer, model: nn.Module, tensors: dict[str, Tensor]
) -> None:
    kinds = {key.partition("/")[0] for key in tensors}
    stored = {value.dtype for key, value in tensors.items() if not key.startswith("step/")}
    if not stored <= {parameter.dtype for parameter in model.parameters()}:
        differs = "run.precision"
    elif tensors and is_muon(tensors) != isinstance(optimizer, MuonAdamW):
        differs = "optim.kind"
    elif tensors and (_COMPENSATION in kinds) != isinstance(optimizer, optimi.AdamW):
        differs = "optim.compensate"
    else:
        return
    raise TrainError(
        f"the checkpoint's optimizer state is of another {differs}: restore it, "
        "or start another run with run.init_from"
    )
