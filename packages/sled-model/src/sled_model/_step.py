"""One new element for every row: the backbone's pass that decoding repeats for every frame.

It computes what `Layer` does, written flat: at one element a row the arithmetic is the reading of
the weights, and what is left to save is the number of operations around it. The rows' mask,
rotation and places in the cache are made once a step, for all layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from ._backbone import Attention, Backbone, Layer
    from ._cache import KVCache, Step


@dataclass(frozen=True)
class _Plan:
    """What all layers of a step share.

    `cos`, `sin`: [1 or B, 1, size], the sine with the sign of the half it is added to.
    `places`: int64 [B, groups, 1, size], where the new keys and values go; None if in one place.
    `mask`: [B, 1, 1, window], 0 or -inf; None where every row sees all.
    """

    cos: Tensor
    sin: Tensor
    places: Tensor | None
    mask: Tensor | None
    window: int


def advance(backbone: Backbone, x: Tensor, cache: KVCache) -> Tensor:
    """Append one element to every row; the layers' output [B, H] of x [B, H], before the norm.

    `x` is written over. The cache's lengths are left to the caller. For inference only.
    """
    plan = _plan(backbone, x, cache)
    keys, values = cache.keys.unbind(0), cache.values.unbind(0)
    for number, each in enumerate(backbone.layers):
        layer: Any = each
        x = _layer(layer, x, keys[number], values[number], plan)
    return x


def _plan(backbone: Backbone, x: Tensor, cache: KVCache) -> _Plan:
    step = cache.begin(len(x), 1)
    cos, sin = (table.squeeze(-2).to(x.dtype) for table in backbone.rotary(step.positions))
    return _Plan(
        cos=torch.cat((cos, cos), dim=-1),
        sin=torch.cat((-sin, sin), dim=-1),
        places=_places(step, cache),
        mask=_mask(step, cache),
        window=step.window,
    )


def _places(step: Step, cache: KVCache) -> Tensor | None:
    if step.start is not None:
        return None
    _, batch, groups, _, size = cache.keys.shape
    return step.positions[:, None, :, None].expand(batch, groups, 1, size)


def _mask(step: Step, cache: KVCache) -> Tensor | None:
    if step.mask is None:
        return None
    # Added in every layer's attention as it is; a boolean one would be converted there each time.
    closed = torch.zeros(step.mask.shape, dtype=cache.keys.dtype, device=step.mask.device)
    return closed.masked_fill_(~step.mask, float("-inf"))


def _layer(layer: Layer, x: Tensor, keys: Tensor, values: Tensor, plan: _Plan) -> Tensor:
    attention, feed_forward = layer.attention, layer.feed_forward
    mixed = _attend(attention, layer.attention_norm(x), keys, values, plan)
    x.add_(attention.output(mixed))
    gate, up = feed_forward.gate_up(layer.feed_forward_norm(x)).chunk(2, dim=-1)
    return x.add_(feed_forward.down(F.silu(gate).mul_(up)))


def _attend(attention: Attention, x: Tensor, keys: Tensor, values: Tensor, plan: _Plan) -> Tensor:
    batch, size = len(x), attention.size
    heads = attention.qkv(x).view(batch, -1, size)
    turning = heads[:, : attention.heads + attention.groups]
    turned = torch.addcmul(turning * plan.cos, turning.roll(size // 2, -1), plan.sin)
    query = turned[:, : attention.heads, None].to(keys.dtype)
    _store(keys, turned[:, attention.heads :, None].to(keys.dtype), plan)
    _store(values, heads[:, attention.heads + attention.groups :, None].to(values.dtype), plan)
    mixed = F.scaled_dot_product_attention(
        query,
        keys[:, :, : plan.window],
        values[:, :, : plan.window],
        attn_mask=plan.mask,
        enable_gqa=attention.groups != attention.heads,
    )
    return mixed.view(batch, -1)


def _store(buffer: Tensor, new: Tensor, plan: _Plan) -> None:
    """Write [B, groups, 1, size] to each row's place."""
    if plan.places is None:
        buffer[:, :, plan.window - 1] = new[:, :, 0]
    else:
        buffer.scatter_(2, plan.places, new)
