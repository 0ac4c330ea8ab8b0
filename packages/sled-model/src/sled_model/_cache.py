"""The key/value cache of a decoding batch: preallocated buffers and one length a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ._errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from ._config import SledConfig


@dataclass(frozen=True)
class Step:
    """Where L new elements of every row go, and what they see.

    Attributes:
        positions: int64 [1 or B, L], the new elements' positions.
        start: their common first position, or None if the rows differ.
        window: number of cache slots to attend to.
        mask: bool [1 or B, 1, L, window], True where attention is allowed; None if not needed.
        causal: whether plain causal attention over the new elements alone is the whole truth.

    """

    positions: Tensor
    start: int | None
    window: int
    mask: Tensor | None
    causal: bool


class KVCache:
    """Keys and values of the past, for B rows of up to `capacity` positions.

    Rows may have different lengths; each attends to its own past only. The buffers are written
    in place; nothing is allocated while decoding.

    Attributes:
        keys, values: [layers, B, key-value heads, capacity, head size].
        lengths: valid positions of each row, a list of B integers.
        rows, slots: int64 [B] and [capacity], the rows' and the positions' numbers.

    """

    def __init__(self, keys: Tensor, values: Tensor, lengths: Sequence[int]) -> None:
        self.keys = keys
        self.values = values
        self.lengths = list(lengths)
        self.rows = torch.arange(keys.shape[1], device=keys.device)
        self.slots = torch.arange(keys.shape[3], device=keys.device)

    @classmethod
    def allocate(
        cls,
        config: SledConfig,
        batch: int,
        capacity: int,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> KVCache:
        """Make an empty cache of `capacity` positions; ModelError beyond the model's positions."""
        if batch < 1:
            msg = f"cache: need at least one row, not {batch}"
            raise ModelError(msg)
        limit = config.max_position_embeddings
        if not 1 <= capacity <= limit:
            msg = f"cache: {capacity} positions asked for, but the model has 1 to {limit}"
            raise ModelError(msg)
        shape = (
            config.num_hidden_layers,
            batch,
            config.num_key_value_heads,
            capacity,
            config.head_dim,
        )
        keys = torch.zeros(shape, dtype=dtype, device=device)
        return cls(keys, torch.zeros_like(keys), [0] * batch)

    @property
    def capacity(self) -> int:
        """Positions a row can hold."""
        return self.keys.shape[3]

    def select(self, rows: Sequence[int]) -> KVCache:
        """Copy the given rows, in that order, into a new cache; a row may be taken twice."""
        index = torch.tensor(list(rows), dtype=torch.int64, device=self.keys.device)
        lengths = [self.lengths[row] for row in rows]
        return KVCache(
            self.keys.index_select(1, index), self.values.index_select(1, index), lengths
        )

    def reset(self, rows: Sequence[int] | None = None) -> None:
        """Forget the past of the given rows (all if None)."""
        for row in range(len(self.lengths)) if rows is None else rows:
            self.lengths[row] = 0

    def begin(self, batch: int, count: int) -> Step:
        """Plan the appending of `count` elements to every row; ModelError if they do not fit."""
        self.check(batch, count)
        longest = max(self.lengths)
        if min(self.lengths) == longest:
            return self._equal_step(longest, count)
        return self._ragged_step(longest, count)

    def check(self, batch: int, count: int) -> None:
        """Raise ModelError if `count` elements for each of `batch` rows do not fit."""
        if batch != len(self.lengths):
            msg = f"cache: holds {len(self.lengths)} rows, but {batch} were given"
            raise ModelError(msg)
        longest = max(self.lengths)
        if longest + count > self.capacity:
            msg = (
                f"cache: {longest} + {count} positions exceed its limit of {self.capacity}; "
                "shorten the text or ask for less audio"
            )
            raise ModelError(msg)

    def _equal_step(self, start: int, count: int) -> Step:
        positions = self.slots[None, start : start + count]
        window = start + count
        mask = None
        if count > 1 and start > 0:
            mask = (self.slots[:window] <= positions[0, :, None])[None, None]
        return Step(positions, start, window, mask, causal=count > 1 and start == 0)

    def _ragged_step(self, longest: int, count: int) -> Step:
        lengths = torch.tensor(self.lengths, device=self.keys.device)
        positions = lengths[:, None] + self.slots[None, :count]
        window = longest + count
        mask = (self.slots[:window] <= positions[:, :, None])[:, None]
        return Step(positions, None, window, mask, causal=False)

    def append(self, layer: int, key: Tensor, value: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        """Write new keys and values [B, heads, L, size]; give all that the step attends to."""
        keys, values = self.keys[layer], self.values[layer]
        if step.start is None:
            rows = self.rows[:, None]
            keys.transpose(1, 2)[rows, step.positions] = key.transpose(1, 2).to(keys.dtype)
            values.transpose(1, 2)[rows, step.positions] = value.transpose(1, 2).to(values.dtype)
        else:
            keys[:, :, step.start : step.window] = key
            values[:, :, step.start : step.window] = value
        return keys[:, :, : step.window], values[:, :, : step.window]

    def advance(self, counts: int | Sequence[int]) -> None:
        """Count the new elements of each row as valid."""
        if isinstance(counts, int):
            counts = [counts] * len(self.lengths)
        self.lengths = [old + new for old, new in zip(self.lengths, counts, strict=True)]
