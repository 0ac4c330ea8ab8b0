"""The rows of a batch: each a past in the key/value cache and the state after its last element.

Rows come and go at any step. They always fill the first places of preallocated buffers: where
one leaves, the last takes its place. The buffers double, in rows or in positions, when they are
full, and are given back when the last row has left; but not on CUDA, where captured steps are of
use only as long as the buffers stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from sled_model import Drawer, KVCache, StaticStep, Stepper
from torch.nn.utils.rnn import pad_sequence

from ._passes import plan_passes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sled_model import SledModel
    from torch import Tensor

_FEWEST_ROWS = 2
_FEWEST_POSITIONS = 256


@dataclass(eq=False)
class Row:
    """A row's present place in the buffers; it changes when another row leaves."""

    index: int


class Rows:
    """All rows that share one pass over the weights.

    Attributes:
        changes: grows whenever rows come, go or read; not with `static` steps.
        draw: draws latents from states and joined modulations.

    """

    def __init__(self, model: SledModel) -> None:
        self.changes = 0
        self.draw = Drawer(model.head)
        self._model = model
        self._step = Stepper(model.backbone)
        self._static: StaticStep | None = None
        self._rows: list[Row] = []
        self._cache: KVCache | None = None
        self._hidden = torch.empty(0)
        self._views: dict[tuple[int, int], KVCache] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def positions(self) -> int:
        """How many elements a row can hold."""
        return self._model.config.max_position_embeddings

    def add(self) -> Row:
        """Give a new row, without a past."""
        self.changes += 1
        cache = self._cache
        if cache is None:
            cache = self._resize(_FEWEST_ROWS, min(_FEWEST_POSITIONS, self.positions))
        elif len(self._rows) == len(cache.lengths):
            cache = self._resize(2 * len(self._rows), cache.capacity)
        row = Row(len(self._rows))
        self._rows.append(row)
        cache.lengths[row.index] = 0
        return row

    def remove(self, row: Row) -> None:
        """Let a row leave; the last one moves into its place."""
        self.changes += 1
        cache = self._held()
        last = self._rows.pop()
        if last is not row:
            hole, length = row.index, cache.lengths[last.index]
            for buffer in (cache.keys, cache.values):
                buffer[:, hole, :, :length] = buffer[:, last.index, :, :length]
            self._hidden[hole] = self._hidden[last.index]
            cache.lengths[hole] = length
            last.index = hole
            self._rows[hole] = last
        if not self._rows and cache.keys.device.type != "cuda":
            self._cache, self._hidden, self._static = None, torch.empty(0), None
            self._views.clear()

    def hidden(self, rows: Sequence[Row]) -> Tensor:
        """Give the states [len(rows), H] after each row's last element."""
        places = [row.index for row in rows]
        # A lone row, as one voice has, without the copying of an index.
        return self._hidden[places] if len(places) > 1 else self._hidden[places[0] : places[0] + 1]

    def static(self) -> StaticStep:
        """Give the step of unchanging shapes, with room for one element more."""
        self._make_room(max(self._held().lengths[: len(self)]) + 1)
        if self._static is None:
            self._static = StaticStep(self._model, self._held())
        return self._static

    def hear(self, latents: Mapping[Row, Tensor]) -> None:
        """Let each of these rows read one frame [D], all in one pass."""
        rows = sorted(latents, key=lambda row: row.index)
        frames = torch.stack([latents[row] for row in rows])
        self._append(rows, self._model.embed_latents(self._to_model(frames)))

    def read(self, parts: Mapping[Row, Sequence[Tensor]]) -> None:
        """Let each of these rows read ids [t] and latents [f, D], in few passes."""
        embedded = {row: self._embed(parts[row]) for row in sorted(parts, key=lambda r: r.index)}
        single = [row for row, each in embedded.items() if len(each) == 1]
        if single:
            self._append(single, torch.cat([embedded.pop(row) for row in single]))
        if embedded:
            self._read_texts(embedded)

    def _read_texts(self, embedded: Mapping[Row, Tensor]) -> None:
        """Let rows, sorted by place, read elements [n, H] each, in the passes that cost least."""
        places = [row.index for row in embedded]
        counts = [len(each) for each in embedded.values()]
        none = next(iter(embedded.values()))[:0]
        for part in plan_passes(places, counts, self._held().lengths, self.positions):
            first, past = places[part[0]], places[part[-1]] + 1
            # Those between take part, in places that they fill later, and count none of them.
            texts = [embedded.get(row, none) for row in self._rows[first:past]]
            x = pad_sequence(texts, batch_first=True)
            view = self._next(first, *x.shape[:2])
            hidden = self._model.backbone(x, view, [len(text) for text in texts])
            self._held().lengths[first:past] = view.lengths
            for number in part:
                place = places[number]
                self._hidden[place] = hidden[place - first, counts[number] - 1]

    def _append(self, rows: Sequence[Row], x: Tensor) -> None:
        """Let rows, sorted by place, read one element each, x [rows, H], all in one pass."""
        first, past = rows[0].index, rows[-1].index + 1
        counts = [1] * len(rows)
        between = past - first > len(rows)
        if between:
            moved = torch.tensor([row.index - first for row in rows], device=x.device)
            # Those between take part, in the place that they fill next, and do not count it.
            x = x.new_zeros(past - first, x.shape[1]).index_copy_(0, moved, x)
            reading = {row.index for row in rows}
            counts = [int(place in reading) for place in range(first, past)]
        view = self._next(first, len(x), 1)
        hidden = self._step(x, view, counts)
        self._held().lengths[first:past] = view.lengths
        if between:
            self._hidden[first:past][moved] = hidden[moved]
        else:
            self._hidden[first:past] = hidden

    def _embed(self, parts: Sequence[Tensor]) -> Tensor:
        model = self._model
        return torch.cat(
            [
                model.embed_latents(self._to_model(part))
                if part.is_floating_point()
                else model.embed_text(part.to(model.device))
                for part in parts
            ]
        )

    def _to_model(self, latents: Tensor) -> Tensor:
        return latents.to(self._model.device, self._model.dtype)

    def _next(self, first: int, count: int, length: int) -> KVCache:
        """Give neighbouring rows as a cache of their own, with room for so many elements."""
        past = first + count
        self._make_room(max(self._held().lengths[first:past]) + length)
        self.changes += 1
        view = self._view(first, past)
        view.lengths = self._held().lengths[first:past]
        return view

    def _view(self, first: int, past: int) -> KVCache:
        """Give a cache of neighbouring rows that shares this one's memory."""
        if (first, past) not in self._views:
            cache = self._held()
            keys, values = cache.keys[:, first:past], cache.values[:, first:past]
            self._views[first, past] = KVCache(keys, values, cache.lengths[first:past])
        return self._views[first, past]

    def _held(self) -> KVCache:
        if self._cache is None:
            raise RuntimeError("no row was added yet")
        return self._cache

    def _make_room(self, positions: int) -> None:
        cache = self._held()
        if positions > cache.capacity:
            wanted = max(positions, 2 * cache.capacity)
            self._resize(len(cache.lengths), min(wanted, self.positions))

    def _resize(self, rows: int, positions: int) -> KVCache:
        """Move what is held into larger buffers."""
        model, old, count = self._model, self._cache, len(self._rows)
        dtype, device = model.dtype, model.device
        cache = KVCache.allocate(
            model.config, rows, positions, dtype=model.cache_dtype or dtype, device=device
        )
        hidden = torch.zeros(rows, model.config.hidden_size, dtype=dtype, device=device)
        if old is not None:
            longest = max(old.lengths[:count])
            cache.keys[:, :count, :, :longest] = old.keys[:, :count, :, :longest]
            cache.values[:, :count, :, :longest] = old.values[:, :count, :, :longest]
            cache.lengths[:count] = old.lengths[:count]
            hidden[:count] = self._hidden[:count]
        self._cache, self._hidden, self._static = cache, hidden, None
        self._views.clear()
        self.changes += 1
        return cache
