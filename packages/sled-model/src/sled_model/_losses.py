"""The losses: a kernel score between draws and target, and the stop flag's cross entropy.

Both kernels give an unbiased estimate of a squared maximum mean discrepancy, up to a constant
that does not depend on the model. With draws x_1 … x_n and a target t,

    score = 2 mean_i d(x_i, t) - mean_{i != j} d(x_i, x_j),

where d is |.|^beta for the generalised energy distance (2008.01160; for n = 2 it is the loss of
2505.13181) and 1 - k for a kernel k bounded by 1 (2005.09382: energy and kernel scores).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from ._config import SledConfig

Distance = Callable[[Tensor, Tensor], Tensor]

BANDWIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Gaussian kernel widths in units of sqrt(D): from a quarter to four times the length of a
latent whose D entries have unit variance."""


@dataclass(frozen=True)
class Losses:
    """What one batch gives, all means in float32.

    Attributes:
        total: energy + stop; the only one meant for `backward`.
        energy: attraction - repulsion, averaged over frames.
        stop: binary cross entropy averaged over frames + 1 states of each sample.
        attraction: 2 mean_i d(x_i, t), averaged over frames.
        repulsion: mean_{i != j} d(x_i, x_j), averaged over frames.
        frames: frames averaged over.
        stops: stop states averaged over.
        ends_found: how many samples' ends the stop head calls an end (probability above 0.5).
        false_ends: how many frames' states it calls an end.

    """

    total: Tensor
    energy: Tensor
    stop: Tensor
    attraction: Tensor
    repulsion: Tensor
    frames: int
    stops: int
    ends_found: Tensor
    false_ends: Tensor


def energy_distance(beta: float) -> Distance:
    """Give d(a, b) = |a - b|^beta over the last dimension, with gradient 0 where a = b."""

    def distance(a: Tensor, b: Tensor) -> Tensor:
        norm: Tensor = torch.linalg.vector_norm(a - b, dim=-1)
        if beta == 1:
            return norm
        apart = norm > 0
        return torch.where(apart, norm.where(apart, 1.0).pow(beta), 0.0)

    return distance


def gaussian_distance(a: Tensor, b: Tensor) -> Tensor:
    """Give d(a, b) = 1 - mean_s exp(-|a - b|^2 / (2 s^2 D)) over the widths s in BANDWIDTHS."""
    square = (a - b).square().mean(dim=-1)
    kernels = [torch.exp(-square / (2 * width**2)) for width in BANDWIDTHS]
    return 1 - torch.stack(kernels).mean(dim=0)


def distance_for(config: SledConfig) -> Distance:
    """Give the distance a config asks for."""
    if config.loss_kernel == "gaussian":
        return gaussian_distance
    return energy_distance(config.energy_beta)


def score(draws: Tensor, target: Tensor, distance: Distance) -> tuple[Tensor, Tensor]:
    """Compute attraction and repulsion, [N] each, in float32.

    Args:
        draws: [n, N, D] with n >= 2.
        target: [N, D].
        distance: maps two tensors [.., D] to [..].

    """
    draws, target = draws.float(), target.float()
    attraction = 2 * distance(draws, target).mean(dim=0)
    first, second = torch.triu_indices(len(draws), len(draws), offset=1, device=draws.device)
    repulsion = distance(draws[first], draws[second]).mean(dim=0)
    return attraction, repulsion


def stop_loss(going: Tensor, stopping: Tensor, weight: Tensor) -> Tensor:
    """Average the cross entropy of stop logits over all states, in float32.

    Args:
        going: logits [N] of the states that a frame follows.
        stopping: logits [B] of the states after each sample's last frame.
        weight: [1], weight of the stopping states.

    """
    logits = torch.cat((going, stopping)).float()
    target = torch.cat((torch.zeros_like(going), torch.ones_like(stopping))).float()
    return F.binary_cross_entropy_with_logits(logits, target, pos_weight=weight.float())
