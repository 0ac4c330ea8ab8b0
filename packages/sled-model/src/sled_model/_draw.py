"""Drawing the next frame of every row, from its hidden state and what its noise asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ._head import EPS
from ._native_step import native_draw

if TYPE_CHECKING:
    from torch import Tensor

    from ._head import EnergyHead


class Drawer:
    """Draws as `EnergyHead.draw` does, few rows on a CPU by native code where it is there.

    For inference only, with the modules and weights that the head has now.
    """

    def __init__(self, head: EnergyHead) -> None:
        self._head = head
        self._native = native_draw(head, EPS)

    def __call__(self, z: Tensor, modulations: Tensor) -> Tensor:
        """Draw latents.

        Args:
            z: hidden states [B, H].
            modulations: [B, …], what `EnergyHead.modulations` gives for the noise, joined along
                the last dimension.

        Returns:
            Latents [B, D].

        """
        if self._native is not None and self._native.takes(z, modulations):
            return self._native(z, modulations)
        count = 3 * len(self._head.blocks) + 2
        return self._head.draw(z, torch.chunk(modulations, count, dim=-1))
