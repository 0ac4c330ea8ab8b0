"""Muon for what maps hidden states to hidden states, AdamW for all else.

Muon turns the momentum of a matrix into the nearest one whose singular values are about equal, so
that an update moves all directions alike, rare ones too. Tables, what reads latents or noise, what
gives latents, biases and norms are no such maps. Keller Jordan, "Muon: An optimizer for hidden
layers in neural networks" (2024); the scale that makes AdamW's rates fit: arXiv 2502.16982, eq. 4.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

_MOMENTUM = "momentum_buffer"
_HIDDEN = ("backbone.layers.", "head.blocks.")
_MATRIX, _FLOAT = 2, 4  # dimensions, bytes


def hidden_matrices(model: nn.Module) -> list[nn.Parameter]:
    """The trainable matrices of `SledModel` that map hidden states to hidden states."""
    return [
        parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and parameter.dim() == _MATRIX and name.startswith(_HIDDEN)
    ]


class MuonAdamW(torch.optim.Optimizer):
    """Two optimizers that share groups and state, as one.

    Args:
        hidden: parameters of two dimensions, for Muon.
        others: AdamW's parameter groups.
        common: of both: `lr`; of AdamW: `betas`, `eps`.
        weight_decay: of the hidden matrices.

    """

    def __init__(
        self,
        hidden: Iterable[nn.Parameter],
        others: list[dict[str, Any]],
        common: dict[str, Any],
        weight_decay: float,
    ) -> None:
        muon = torch.optim.Muon(
            hidden, lr=common["lr"], weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
        )
        self._parts = (muon, torch.optim.AdamW(others, **common, fused=True))
        super().__init__([group for part in self._parts for group in part.param_groups], {})
        for part in self._parts:
            part.state = self.state

    def step(self, closure: None = None) -> None:  # type: ignore[override]  # takes none
        """Update all parameters."""
        del closure
        for part in self._parts:
            part.step()  # type: ignore[no-untyped-call]  # torch leaves Muon's so


def is_muon(tensors: Iterable[str]) -> bool:
    """Tell whether named optimizer tensors (`<kind>/<parameter>`) are of `MuonAdamW`."""
    return any(name.startswith(f"{_MOMENTUM}/") for name in tensors)


def spared_bytes(model: nn.Module) -> int:
    """How much less state it keeps than AdamW: one number a hidden weight instead of two."""
    return _FLOAT * sum(parameter.numel() for parameter in hidden_matrices(model))
