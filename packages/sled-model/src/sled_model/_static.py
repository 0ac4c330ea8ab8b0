"""A frame of every row in a step of unchanging shapes, from the frame before to the frame after.

All that a step needs lies in tensors that stay where they are: which rows hear which frame, where
they end, how they are guided, the frames themselves. A step reads its own last frames and counts
its own positions, so that the host has nothing to say between two steps but the noise, and asks
the device for nothing. Rows and positions come in powers of two, so that few shapes occur; on
CUDA each is one graph (see `_graphs.py`).

    step = StaticStep(model, cache)
    step.lay(seats, rows)                   # once, and whenever the rows' company changes
    latents, states, chances = step(modulations)    # a frame for each seat
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import torch

from ._cache import KVCache
from ._errors import ModelError
from ._graphs import Graphs
from ._step import Stepper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from ._model import SledModel

_FEWEST_ROWS = 2
_FEWEST_POSITIONS = 256

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Seat:
    """Who speaks.

    Attributes:
        row: the row of the cache that has read the text.
        plain: the row that has not, for guidance; the same row without guidance.
        cfg: `z = z_plain + cfg · (z_row − z_plain)`.
        frame: latent [D] on the model's device: said last, and not yet heard by either row.

    """

    row: int
    plain: int
    cfg: float
    frame: Tensor


class StaticStep:
    """Lets rows hear the frame said last and draws the next one; for inference only.

    Rows without a seat rest: what is written beyond their end is no part of their past.
    """

    def __init__(self, model: SledModel, cache: KVCache) -> None:
        config, rows, device = model.config, len(cache.rows), cache.keys.device
        self._model = model
        self._cache = cache
        self._stepper = Stepper(model.backbone)
        self._width: int = config.diffloss_w
        noisy = (3 * config.diffloss_d + 2) * self._width
        zeros = partial(torch.zeros, dtype=model.dtype, device=device)
        self._frames = zeros((rows, config.vae_embed_dim))
        self._states = zeros((rows, config.hidden_size))
        self._modulations = zeros((rows, noisy))
        self._scale = zeros((rows, 1))
        self._chances = torch.zeros(rows, dtype=torch.float32, device=device)
        # One row each: the seat a row hears, a seat's two rows, positions, and who moves on.
        self._table = torch.zeros(5, rows, dtype=torch.int64, device=device)
        self._graphs = Graphs(device, (self._frames, self._table))
        self._views: dict[tuple[int, int], KVCache] = {}
        self._counts: list[int] = []
        self._seats = 0
        self._rows = 0

    def lay(self, seats: Sequence[Seat], rows: int) -> None:
        """Say who speaks from now on.

        Args:
            seats: at least one.
            rows: how many rows of the cache are in use; they are the first ones, and end where
                `cache.lengths` says.

        """
        total = len(self._cache.rows)
        heard, self._counts = [0] * total, [0] * total
        for number, seat in enumerate(seats):
            for row in (seat.row, seat.plain):
                heard[row], self._counts[row] = number, 1
        lengths = self._cache.lengths[:rows] + [0] * (total - rows)
        speaking = _padded([seat.row for seat in seats], total)
        plain = _padded([seat.plain for seat in seats], total)
        _upload([heard, speaking, plain, lengths, self._counts], self._table)
        _upload([[each] for each in _padded([seat.cfg for seat in seats], total)], self._scale)
        self._frames[: len(seats)] = torch.stack([seat.frame for seat in seats])
        self._seats, self._rows = len(seats), rows

    def __call__(self, modulations: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Move every seat on by one frame, and count it in the cache's `lengths`.

        Args:
            modulations: [seats, …], what `EnergyHead.modulations` gives for the next frames,
                joined along the last dimension.

        Returns:
            Latents [seats, D], the guided states [seats, H] that they were drawn from, and
            float32 [seats], each one's probability of having ended before this frame.

        Raises:
            ModelError: a row has no further position in the cache.

        """
        rows, window = min(_bucket(self._rows, _FEWEST_ROWS), len(self._cache.rows)), self._window()
        self._modulations[: self._seats].copy_(modulations)
        self._graphs.run((rows, window), partial(self._run, rows, self._view(rows, window)))
        self._cache.advance(self._counts)
        left = (self._frames, self._states, self._chances)
        latents, states, chances = (each[: self._seats].clone() for each in left)
        return latents, states, chances

    def _run(self, rows: int, cache: KVCache) -> None:
        model = self._model
        heard, speaking, plain, positions, counts = self._table[:, :rows].unbind(0)
        x = model.embed_latents(self._frames[:rows]).index_select(0, heard)
        hidden = self._stepper.at(x, cache, positions)
        states = hidden.index_select(0, speaking)
        self._chances[:rows].copy_(model.stop_logits(states).float().sigmoid())
        z = torch.lerp(hidden.index_select(0, plain), states, self._scale[:rows])
        self._states[:rows].copy_(z)
        modulations = torch.split(self._modulations[:rows], self._width, dim=1)
        self._frames[:rows].copy_(model.head.draw(z, modulations))
        positions.add_(counts)

    def _window(self) -> int:
        wanted, capacity = max(self._cache.lengths[: self._rows]) + 1, self._cache.capacity
        if wanted > capacity:
            raise ModelError(
                f"cache: {wanted} positions exceed its limit of {capacity}; shorten the text or "
                "ask for less audio"
            )
        return min(_bucket(wanted, _FEWEST_POSITIONS), capacity)

    def _view(self, rows: int, window: int) -> KVCache:
        """Give the first rows and positions as a cache; a graph needs it to stay where it is."""
        if (rows, window) not in self._views:
            keys, values = (
                buffer[:, :rows, :, :window] for buffer in (self._cache.keys, self._cache.values)
            )
            self._views[rows, window] = KVCache(keys, values, [0] * rows)
        return self._views[rows, window]


def _bucket(count: int, least: int) -> int:
    """Give the next power of two, at least so many."""
    return max(least, 1 << (count - 1).bit_length())


def _padded(values: list[Number], count: int) -> list[Number]:
    """Let unused seats be like the first: what they draw goes nowhere."""
    return values + values[:1] * (count - len(values))


def _upload(values: object, target: Tensor) -> None:
    """Copy numbers to the device without waiting for what it is doing."""
    numbers = torch.tensor(values, dtype=target.dtype, pin_memory=target.is_cuda)
    target.copy_(numbers, non_blocking=True)
