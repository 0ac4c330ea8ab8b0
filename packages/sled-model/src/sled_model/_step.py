"""One new element for every row: the backbone's pass that decoding repeats for every frame.

It computes what `Layer` does, written flat. At one element a row the arithmetic is the reading of
the weights, which leaves nothing else in the processor's caches: every further operation then
costs ten times what it does alone, so what counts is how few there are. Masks, rotations and the
places in the cache are made once a step, for all layers.

Where a cache's rows end is known to the host, or to the device alone: then every row attends to
the whole window, behind a mask, so that no shape hangs on a length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ._native_step import native_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._backbone import Attention, Backbone
    from ._cache import KVCache, Step


@dataclass(frozen=True)
class _Plan:
    """What all layers of a step share.

    `turn`: [B, size, size] float32, each row's rotation as a matrix.
    `places`: rows [B] and positions [B], where the new keys and values go; None if in one place.
    `mask`: [B, 1, 1, window], 0 or -inf; None where every row sees all.
    """

    turn: Tensor
    places: tuple[Tensor, Tensor] | None
    mask: Tensor | None


@dataclass(frozen=True)
class _Past:
    """A layer's keys or values: what is read [B, groups, window, size], and where it grows.

    `new`: [B, groups, size] if all rows grow in one place, else [B, groups, capacity, size].
    """

    read: Tensor
    new: Tensor


class Stepper:
    """Appends one element to every row of a cache; a backbone's maps, looked up once.

    For inference only, with the modules and weights that the backbone has now. Few rows on a CPU
    are left to native code, where it is there.

    Args:
        backbone: what it steps through.
        once: for a single step, so that nothing is prepared which pays for many.

    """

    def __init__(self, backbone: Backbone, *, once: bool = False) -> None:
        layers: list[Any] = list(backbone.layers)
        self._shape = layers[0].attention
        self._rotary = backbone.rotary
        self._norm = backbone.norm.forward
        self._native = native_step(backbone, copies=not once)
        self._layers = [
            (
                layer.attention_norm.forward,
                layer.attention.qkv.forward,
                layer.attention.output.forward,
                layer.feed_forward_norm.forward,
                layer.feed_forward.gate_up.forward,
                layer.feed_forward.down.forward,
            )
            for layer in layers
        ]

    def __call__(
        self, x: Tensor, cache: KVCache, counts: int | Sequence[int] | None = None
    ) -> Tensor:
        """Give the hidden states [B, H] of embeddings x [B, H], after the final norm.

        Args:
            x: written over.
            cache: the rows' past; written and advanced.
            counts: 1 for each row whose element is real, 0 for padding; None for all.

        Raises:
            ModelError: more positions than the cache has.

        """
        if self._native is not None and self._native.takes(x, cache):
            cache.check(len(x), 1)
            hidden = self._native(x, cache)
        else:
            hidden = self._by_operations(x, cache)
        cache.advance(1 if counts is None else counts)
        return hidden

    def _by_operations(self, x: Tensor, cache: KVCache) -> Tensor:
        step = cache.begin(len(x), 1)
        turn = self._rotary.matrices(step.positions.flatten()).expand(len(x), -1, -1)
        mask = None if step.mask is None else _added(~step.mask, cache.keys.dtype)
        plan = _Plan(turn, _places(step, cache), mask)
        return self._run(x, plan, _pasts(cache.keys, step), _pasts(cache.values, step))

    def at(self, x: Tensor, cache: KVCache, positions: Tensor) -> Tensor:
        """Do the same where only the device knows how long each row is.

        No shape hangs on a length, and nothing is read from the device: the work can be captured
        once and replayed (CUDA graphs).

        Args:
            x: embeddings [B, H]; written over.
            cache: the rows' past, all of whose capacity is attended to, behind a mask; written.
                Its `lengths` are neither read nor advanced.
            positions: int64 [B], each row's length, below the capacity.

        """
        behind = (cache.slots > positions[:, None])[:, None, None]
        mask = _added(behind, cache.keys.dtype)
        plan = _Plan(self._rotary.matrices(positions), (cache.rows, positions), mask)
        pasts = ([_Past(layer, layer) for layer in each] for each in (cache.keys, cache.values))
        return self._run(x, plan, *pasts)

    def _run(self, x: Tensor, plan: _Plan, keys: list[_Past], values: list[_Past]) -> Tensor:
        for maps, past_keys, past_values in zip(self._layers, keys, values, strict=True):
            attention_norm, qkv, output, feed_forward_norm, gate_up, down = maps
            heads = qkv(attention_norm(x)).view(len(x), -1, self._shape.size)
            x.add_(output(_attend(self._shape, heads, past_keys, past_values, plan)))
            gate, up = gate_up(feed_forward_norm(x)).chunk(2, dim=-1)
            x.add_(down(F.silu(gate).mul_(up)))
        hidden: Tensor = self._norm(x)
        return hidden


def _places(step: Step, cache: KVCache) -> tuple[Tensor, Tensor] | None:
    return None if step.start is not None else (cache.rows, step.positions[:, 0])


def _added(closed: Tensor, dtype: torch.dtype) -> Tensor:
    # Added in every layer's attention as it is; a boolean one would be converted there each time.
    mask = torch.zeros(closed.shape, dtype=dtype, device=closed.device)
    return mask.masked_fill_(closed, float("-inf"))


def _pasts(buffer: Tensor, step: Step) -> list[_Past]:
    """Cut the buffer [layers, B, groups, capacity, size] for all layers at once."""
    reads = buffer[:, :, :, : step.window].unbind(0)
    news = (buffer if step.start is None else buffer[:, :, :, step.start]).unbind(0)
    return [_Past(read, new) for read, new in zip(reads, news, strict=True)]


def _attend(shape: Attention, heads: Tensor, keys: _Past, values: _Past, plan: _Plan) -> Tensor:
    """Store the new keys and values of `heads` [B, all heads, size]; attend: [B, heads * size]."""
    asking, turning = shape.heads, shape.heads + shape.groups
    turned = torch.bmm(heads[:, :turning].to(plan.turn.dtype), plan.turn)
    _store(keys.new, turned[:, asking:], plan.places)
    _store(values.new, heads[:, turning:], plan.places)
    mixed = F.scaled_dot_product_attention(
        turned[:, :asking, None].to(keys.read.dtype),
        keys.read,
        values.read,
        attn_mask=plan.mask,
        enable_gqa=shape.groups != asking,
    )
    return mixed.view(len(heads), -1)


def _store(past: Tensor, new: Tensor, places: tuple[Tensor, Tensor] | None) -> None:
    """Write [B, groups, size] to each row's place."""
    if places is None:
        past.copy_(new)
    else:
        # A scatter would read and write all of a bf16 buffer.
        past[places[0], :, places[1]] = new.to(past.dtype)
