"""Where a request's Gaussian noise comes from: its own generator, or given numbers.

Drawn on the CPU whatever the device, so that a seed means the same audio everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from ._errors import SynthesisError

if TYPE_CHECKING:
    from torch import Tensor

_BLOCK = 64
_SEEDS = range(-(2**63), 2**64)


class Noise(Protocol):
    """A source of one noise vector a frame."""

    def draw(self, most: int) -> Tensor:
        """Give the next float32 vectors [1 to `most`, K], on the CPU."""
        ...


class SeededNoise:
    """Normal vectors of a request's own `torch.Generator`, with standard deviation `scale`.

    Drawn a block at a time; frame t of a seed is always the same vector.
    """

    def __init__(self, seed: int, channels: int, scale: float = 1.0) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int) or seed not in _SEEDS:
            raise SynthesisError(
                f"seed: {seed!r} is not a 64-bit whole number; give one, such as 0"
            )
        self._generator = torch.Generator().manual_seed(seed)
        self._channels, self._scale = channels, scale
        self._block = torch.empty(0, channels)
        self._next = 0

    def draw(self, most: int) -> Tensor:
        """Give the next vectors [1 to `most`, K]."""
        if self._next == len(self._block):
            drawn = torch.randn(_BLOCK, self._channels, generator=self._generator)
            self._block = self._scale * drawn
            self._next = 0
        first, self._next = self._next, min(self._next + most, len(self._block))
        return self._block[first : self._next]


class GivenNoise:
    """The rows of a tensor [frames, K], in order: for tests against recorded numbers."""

    def __init__(self, vectors: Tensor) -> None:
        self._vectors = vectors.to("cpu", torch.float32)
        self._next = 0

    def draw(self, most: int) -> Tensor:
        """Give the next vectors [1 to `most`, K]; SynthesisError when there is none left."""
        if self._next == len(self._vectors):
            raise SynthesisError(f"noise: only {self._next} vectors were given; give one a frame")
        first, self._next = self._next, min(self._next + most, len(self._vectors))
        return self._vectors[first : self._next]
