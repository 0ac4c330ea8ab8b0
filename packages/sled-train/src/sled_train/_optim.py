"""The optimizer and its learning rate."""

import torch
from torch import nn

from ._recipe import OptimRecipe

_MATRIX = 2


def build_optimizer(model: nn.Module, recipe: OptimRecipe) -> torch.optim.AdamW:
    """AdamW over the trainable parameters; only matrices and tables decay."""
    trainable = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {
            "params": [p for p in trainable if p.dim() >= _MATRIX],
            "weight_decay": recipe.weight_decay,
        },
        {"params": [p for p in trainable if p.dim() < _MATRIX], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=recipe.lr,
        betas=recipe.betas,
        eps=recipe.eps,
        fused=True,
    )


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


def optimizer_tensors(
    optimizer: torch.optim.Optimizer, model: nn.Module
) -> dict[str, torch.Tensor]:
    """Name the optimizer's tensors `<kind>/<parameter>`, for a safetensors file."""
    tensors: dict[str, torch.Tensor] = {}
    for name, parameter in model.named_parameters():
        for kind, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{kind}/{name}"] = value
    return tensors


def load_optimizer_tensors(
    optimizer: torch.optim.Optimizer, model: nn.Module, tensors: dict[str, torch.Tensor]
) -> None:
    """Put back what `optimizer_tensors` returned; parameters absent there start afresh."""
    parameters = dict(model.named_parameters())
    for key, value in tensors.items():
        kind, _, name = key.partition("/")
        parameter = parameters[name]
        optimizer.state[parameter][kind] = value.to(parameter.device)
