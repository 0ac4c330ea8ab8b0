"""The mean of several draws of a frame: what is heard, where a single draw sounds rough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from ._model import SledModel

_SEED = 0
_MOST_ROWS = 1024  # of one pass: they bound the memory


class MeanDraw:
    """Gives of hidden states the mean of the latents that the head draws from some fixed noise.

    Frames are drawn independently of each other, so that a latent jumps from frame to frame by
    what the model does not know of it. The mean is the estimate with the least squared error, and
    does not jump. It is for what is heard; the model goes on from a single draw, as it was
    trained to. For inference only, with the weights that the head has now.
    """

    @torch.no_grad()
    def __init__(self, model: SledModel, draws: int) -> None:
        """Compute what hangs on the noise alone: vectors in pairs, each with its opposite."""
        generator = torch.Generator().manual_seed(_SEED)
        drawn = torch.randn((draws + 1) // 2, model.config.noise_channels, generator=generator)
        noise = torch.stack((drawn, -drawn), dim=1).flatten(0, 1)[:draws]
        self._head = model.head
        self._draws = draws
        self._modulations = model.head.modulations(noise.to(model.device, model.dtype))

    @torch.no_grad()
    def __call__(self, states: Tensor) -> Tensor:
        """Give latents [n, D] of states [n, H]."""
        parts = torch.split(states, max(1, _MOST_ROWS // self._draws))
        return torch.cat([self._mean(part) for part in parts])

    def _mean(self, states: Tensor) -> Tensor:
        draws: Tensor = self._head.draw(states[:, None], self._modulations)
        return draws.mean(dim=1)
