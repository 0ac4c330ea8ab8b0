"""The head that draws a latent from Gaussian noise in one step, given a hidden state.

An MLP with adaptive layer norm, as in "Autoregressive Image Generation without Vector
Quantization" (2406.11838), but with the noise in the place of the diffusion time and the hidden
state in the place of the noisy sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._config import SledConfig

EPS = 1e-6


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Normalise the last dimension without learnt parameters, then scale and shift it."""
    return torch.addcmul(shift, F.layer_norm(x, x.shape[-1:], eps=EPS), scale)


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

    def modulations(self, noise: Tensor) -> tuple[Tensor, ...]:
        """Give the shift, scale and gate [.., W] that embedded noise [.., W] asks for."""
        shift, scale, gate = self.modulation(F.silu(self.noise_norm(noise))).chunk(3, dim=-1)
        return shift, 1 + scale, gate

    def forward(self, x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor) -> Tensor:
        """Map features [.., W] to features [.., W]."""
        return torch.addcmul(x, gate, self.outer(F.silu(self.inner(modulate(x, shift, scale)))))

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
        return self.draw(z, self.modulations(noise))

    def modulations(self, noise: Tensor) -> list[Tensor]:
        """Compute all that hangs on the noise [.., K] alone, which is most of the weights.

        Returns:
            Tensors [.., W]: shift, scale and gate of each block, shift and scale of the output.

        """
        y = self.noise_in(noise)
        blocks: list[Any] = list(self.blocks)
        parts = [part for block in blocks for part in block.modulations(y)]
        shift, scale = self.modulation(F.silu(y)).chunk(2, dim=-1)
        return [*parts, shift, 1 + scale]

    def draw(self, z: Tensor, modulations: Sequence[Tensor]) -> Tensor:
        """Draw latents [.., D] from hidden states [.., H] and what `modulations` gave."""
        x = self.condition_in(z)
        for number, block in enumerate(self.blocks):
            x = block(x, *modulations[3 * number : 3 * number + 3])
        latent: Tensor = self.output(modulate(x, *modulations[-2:]))
        return latent

    def zero_outputs(self) -> None:
        """Start modulation and output layers at zero, so that the first draws are all zero."""
        for block in self.blocks:
            if isinstance(block, HeadBlock):
                block.zero_outputs()
        zero(self.modulation)
        zero(self.output)
