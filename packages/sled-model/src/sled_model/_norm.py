"""Root-mean-square norms (1910.07467) of few operations: around decoding's products they count."""

from __future__ import annotations

from functools import cache
from math import sqrt

import torch
from torch import Tensor, nn


class RMSNorm(nn.RMSNorm):
    """torch's own; where nothing is learnt, the same in half as many operations."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise [.., H]."""
        if torch.is_grad_enabled() or x.device.type != "cpu" or x.dtype != torch.float32:
            return super().forward(x)
        mean = torch.linalg.vector_norm(x, dim=-1, keepdim=True).mul_(x.shape[-1] ** -0.5)
        return x.div(mean.hypot_(_constant(sqrt(self.eps or 0.0)))).mul_(self.weight)


class UnitNorm(nn.Module):
    """Scale each vector to length one: what is left once linear maps have taken the rest over.

    `RMSNorm(x)` is `UnitNorm(x)`, times the norm's weight and the root of the vector's size.
    """

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.floor = sqrt(size * eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise [.., H]."""
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        out: Tensor = x / length.hypot_(_constant(self.floor))
        return out


@cache
def _constant(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float32, device="cpu")
