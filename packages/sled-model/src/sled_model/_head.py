"""The head that draws a latent from Gaussian noise in one step, given a hidden state.

An MLP with adaptive layer norm, as in "Autoregressive Image Generation without Vector
Quantization" (2406.11838), but with the noise in the place of the diffusion time and the hidden
state in the place of the noisy sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from ._config import SledConfig

EPS = 1e-6


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Normalise the last dimension without learnt parameters, then scale and shift it."""
    return F.layer_norm(x, x.shape[-1:], eps=EPS) * (1 + scale) + shift


@torch.no_grad()
def zero(linear: nn.Linear) -> None:
    """Set weight and bias to zero."""
    linear.weight.zero_()
    linear.bias.zero_()


class HeadBlock(nn.Module):
    """A residual MLP whose input is shifted and scaled, and whose output gated, by the noise."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.noise_norm = nn.LayerNorm(width, eps=EPS)
        self.modulation = nn.Linear(width, 3 * width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """Map features [.., W] and embedded noise [.., W] to features [.., W]."""
        shift, scale, gate = self.modulation(F.silu(self.noise_norm(noise))).chunk(3, dim=-1)
        out: Tensor = x + gate * self.outer(F.silu(self.inner(modulate(x, shift, scale))))
        return out

    def zero_outputs(self) -> None:
        """Start as the identity: no shift, no scale, closed gate."""
        zero(self.modulation)


class EnergyHead(nn.Module):
    """Condition [.., H] and noise [.., K] to a latent [.., D]."""

    def __init__(self, config: SledConfig) -> None:
        super().__init__()
        width = config.diffloss_w
        self.noise_in = nn.Linear(config.noise_channels, width)
        self.condition_in = nn.Linear(config.hidden_size, width)
        self.blocks = nn.ModuleList(HeadBlock(width) for _ in range(config.diffloss_d))
        self.modulation = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, config.vae_embed_dim)

    def forward(self, z: Tensor, noise: Tensor) -> Tensor:
        """Draw one latent for each noise vector; leading dimensions broadcast."""
        x, y = self.condition_in(z), self.noise_in(noise)
        for block in self.blocks:
            x = block(x, y)
        shift, scale = self.modulation(F.silu(y)).chunk(2, dim=-1)
        latent: Tensor = self.output(modulate(x, shift, scale))
        return latent

    def zero_outputs(self) -> None:
        """Start modulation and output layers at zero, so that the first draws are all zero."""
        for block in self.blocks:
            if isinstance(block, HeadBlock):
                block.zero_outputs()
        zero(self.modulation)
        zero(self.output)
