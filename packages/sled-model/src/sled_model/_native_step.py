"""A decode step and a draw in one call of native code each; see `native/` and `_native.py`."""

from __future__ import annotations

import ctypes
from ctypes import c_int64, c_void_p
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ._native import load_native
from ._native_maps import Block, Head, Keeper, Layer, Net, Past, Unsuited, array
from ._pack import Int8Linear

if TYPE_CHECKING:
    from torch import Tensor

    from ._backbone import Backbone
    from ._cache import KVCache
    from ._head import EnergyHead

# Beyond, torch's products are faster: of packed weights by a processor's matrix units.
MOST_ROWS = 32
_MOST_BF16_ROWS, _MOST_INT8_ROWS = 8, 16


class NativeStep:
    """Appends one element to few rows of a cache: what `Stepper` does, for weights as they are.

    It reads them where they lie when it is made, or, if it may, a copy of those that are bf16
    numbers.
    """

    def __init__(self, library: ctypes.CDLL, backbone: Backbone, *, copies: bool = True) -> None:
        """Look up where all weights are; Unsuited where they are not what native code reads."""
        self._run = library.sled_step
        self._run.restype = None
        keep = self._keep = Keeper(copies=copies)
        layers: list[Any] = list(backbone.layers)
        self._layers = array(Layer, [_layer(keep, layer) for layer in layers])
        shape, rotary, norm = layers[0].attention, backbone.rotary, backbone.norm
        self._hidden = layers[0].attention.qkv.in_features
        self._most = _most_rows(layers[0].attention.qkv)
        self._net = Net(
            ctypes.addressof(self._layers),
            keep.norm(norm),
            keep.floats(rotary.cos),
            keep.floats(rotary.sin),
            len(layers),
            self._hidden,
            shape.heads,
            shape.groups,
            shape.size,
            self._hidden * (norm.eps or 0.0),
        )

    def takes(self, x: Tensor, cache: KVCache) -> bool:
        """Tell whether this is one of the cases that native code is for."""
        return (
            len(x) <= self._most
            and x.dtype == torch.float32
            and x.is_contiguous()
            and cache.keys.dtype in {torch.float32, torch.bfloat16}
            and cache.keys.stride()[-2:] == (cache.keys.shape[-1], 1)
        )

    def __call__(self, x: Tensor, cache: KVCache) -> Tensor:
        """Give the hidden states [B, H] of embeddings x [B, H], written over; see `Stepper`.

        The cache is written, not advanced.
        """
        hidden = torch.empty_like(x)
        lengths = (c_int64 * len(x))(*cache.lengths)
        keys, values = cache.keys, cache.values
        layer, row, group = keys.stride()[:3]
        low = keys.dtype == torch.bfloat16
        past = Past(
            keys.data_ptr(), values.data_ptr(), layer, row, group, ctypes.addressof(lengths), low
        )
        self._run(
            ctypes.byref(self._net), ctypes.byref(past), c_int64(len(x)), c_void_p(x.data_ptr()),
            c_void_p(hidden.data_ptr()), c_int64(torch.get_num_threads()),
        )  # fmt: skip
        return hidden


class NativeDraw:
    """Draws latents of few rows: what `EnergyHead.draw` does, for weights as they are."""

    def __init__(self, library: ctypes.CDLL, head: EnergyHead, epsilon: float) -> None:
        """Look up where all weights are; Unsuited where they are not what native code reads."""
        self._run = library.sled_draw
        self._run.restype = None
        keep = self._keep = Keeper()
        blocks: list[Any] = list(head.blocks)
        self._blocks = array(Block, [Block(keep.map(b.inner), keep.map(b.outer)) for b in blocks])
        condition, output = keep.map(head.condition_in), keep.map(head.output)
        self._size: int = output.out_features
        self._most = _most_rows(head.condition_in)
        self._head = Head(
            ctypes.addressof(self._blocks),
            condition,
            output,
            len(blocks),
            condition.out_features,
            epsilon,
        )

    def takes(self, z: Tensor, modulations: Tensor) -> bool:
        """Tell whether this is one of the cases that native code is for."""
        return z.dim() == 2 and len(z) <= self._most and _plain(z) and _plain(modulations)  # noqa: PLR2004

    def __call__(self, z: Tensor, modulations: Tensor) -> Tensor:
        """Draw latents [B, D] from states [B, H] and joined modulations."""
        latents = z.new_empty(len(z), self._size)
        self._run(
            ctypes.byref(self._head), c_int64(len(z)), c_void_p(z.data_ptr()),
            c_void_p(modulations.data_ptr()), c_void_p(latents.data_ptr()),
            c_int64(torch.get_num_threads()),
        )  # fmt: skip
        return latents


def native_step(backbone: Backbone, *, copies: bool = True) -> NativeStep | None:
    """Give the native step of a backbone, if there is one for it here; see `Keeper`."""
    library = _library(backbone.norm.weight)
    try:
        return None if library is None else NativeStep(library, backbone, copies=copies)
    except Unsuited:
        return None


def native_draw(head: EnergyHead, epsilon: float) -> NativeDraw | None:
    """Give the native draw of a head, if there is one for it here; `epsilon` is of its norms."""
    library = _library(next(iter(head.parameters()), None))
    try:
        return None if library is None else NativeDraw(library, head, epsilon)
    except Unsuited:
        return None


def _library(weight: Tensor | None) -> ctypes.CDLL | None:
    # Nothing is compiled for models that it could not serve.
    if weight is not None and (weight.device.type != "cpu" or weight.dtype != torch.float32):
        return None
    return load_native().library


def _layer(keep: Keeper, layer: Any) -> Layer:  # noqa: ANN401 (a backbone's layer)
    return Layer(
        keep.norm(layer.attention_norm),
        keep.map(layer.attention.qkv),
        keep.map(layer.attention.output),
        keep.norm(layer.feed_forward_norm),
        keep.map(layer.feed_forward.gate_up),
        keep.map(layer.feed_forward.down),
    )


def _most_rows(module: nn.Module) -> int:
    if isinstance(module, nn.Linear) or not module.onednn:
        return MOST_ROWS
    return _MOST_INT8_ROWS if isinstance(module, Int8Linear) else _MOST_BF16_ROWS


def _plain(x: Tensor) -> bool:
    return x.dtype == torch.float32 and x.is_contiguous()
