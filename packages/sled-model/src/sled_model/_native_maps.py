"""What native code is told of a model: where its weights lie, in the structures of `native/`."""

from __future__ import annotations

import ctypes
from ctypes import c_float, c_int64, c_void_p
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ._norm import RMSNorm, UnitNorm
from ._pack import Bf16Linear, Int8Linear, cut_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

_FLOAT, _BF16, _INT8 = range(3)
_BEYOND_BF16 = 0xFFFF  # what float32 has more


class Map(ctypes.Structure):
    """A linear map; see `native/maps.h`."""

    _fields_ = (
        ("weight", c_void_p),
        ("scale", c_void_p),
        ("bias", c_void_p),
        ("in_features", c_int64),
        ("out_features", c_int64),
        ("kind", c_int64),
    )


class Unsuited(Exception):  # noqa: N818 (no error: the other way is taken)
    """Native code cannot read this model."""


class Keeper:
    """Gives the addresses of tensors, and keeps these from going away.

    `copies`: whether weights may be copied, which pays for many steps.
    """

    def __init__(self, *, copies: bool = True) -> None:
        self._copies = copies
        self._kept: list[Tensor] = []

    def address(self, tensor: Tensor | None) -> int | None:
        """Give where the numbers of a tensor lie; None stays None."""
        if tensor is None:
            return None
        if tensor.device.type != "cpu" or not tensor.is_contiguous():
            raise Unsuited
        self._kept.append(tensor.detach())
        return tensor.data_ptr()

    def floats(self, tensor: Tensor | None) -> int | None:
        """Give where float32 numbers lie."""
        if tensor is not None and tensor.dtype != torch.float32:
            raise Unsuited
        return self.address(tensor)

    def map(self, module: nn.Module) -> Map:
        """Describe a linear map."""
        if isinstance(module, Bf16Linear | Int8Linear):
            return self._packed(module)
        if type(module) is not nn.Linear:
            raise Unsuited
        weight, bias, kind = self.floats(module.weight), self.floats(module.bias), _FLOAT
        if self._copies and _is_of_bf16(module.weight[0]) and _is_of_bf16(module.weight):
            # The same numbers in half of the bytes, which are what a step costs.
            low = cut_tiles(module.weight.detach().to(torch.bfloat16), 2)
            weight, kind = self.address(low), _BF16
        return Map(weight, None, bias, module.in_features, module.out_features, kind)

    def _packed(self, module: Bf16Linear | Int8Linear) -> Map:
        if module.tiles is None:
            raise Unsuited
        scale = module.tile_scale if isinstance(module, Int8Linear) else None
        bias = None if module.bias is None else module.bias.float()
        return Map(
            self.address(module.tiles), self.floats(scale), self.floats(bias),
            module.in_features, module.out_features, _BF16 if scale is None else _INT8,
        )  # fmt: skip

    def norm(self, module: Any) -> int | None:  # noqa: ANN401 (of a layer)
        """Describe a norm by its weight, None where the map after it has it."""
        if isinstance(module, UnitNorm):
            return None
        if not isinstance(module, RMSNorm):
            raise Unsuited
        return self.floats(module.weight)


def _is_of_bf16(weight: Tensor) -> bool:
    """Tell whether float32 numbers are those of bf16, as in a model that was stored so."""
    return not bool((weight.detach().view(torch.int32) & _BEYOND_BF16).any())


class Layer(ctypes.Structure):
    """A layer of the backbone; see `native/step.cpp`."""

    _fields_ = (
        ("attention_norm", c_void_p),
        ("qkv", Map),
        ("output", Map),
        ("feed_forward_norm", c_void_p),
        ("gate_up", Map),
        ("down", Map),
    )


class Net(ctypes.Structure):
    """A backbone; see `native/step.cpp`."""

    _fields_ = (
        ("layers", c_void_p),
        ("norm", c_void_p),
        ("cos", c_void_p),
        ("sin", c_void_p),
        ("count", c_int64),
        ("hidden", c_int64),
        ("heads", c_int64),
        ("groups", c_int64),
        ("size", c_int64),
        ("floor", c_float),
    )


class Past(ctypes.Structure):
    """Where keys and values lie; see `native/attention.h`."""

    _fields_ = (
        ("keys", c_void_p),
        ("values", c_void_p),
        ("layer", c_int64),
        ("row", c_int64),
        ("group", c_int64),
        ("lengths", c_void_p),
        ("bf16", c_int64),
    )


class Block(ctypes.Structure):
    """A block of the head; see `native/draw.cpp`."""

    _fields_ = (("inner", Map), ("outer", Map))


class Head(ctypes.Structure):
    """What draws; see `native/draw.cpp`."""

    _fields_ = (
        ("blocks", c_void_p),
        ("condition_in", Map),
        ("output", Map),
        ("count", c_int64),
        ("width", c_int64),
        ("epsilon", c_float),
    )


def array(kind: type[ctypes.Structure], items: Sequence[Any]) -> Any:  # noqa: ANN401 (ctypes')
    """Put structures one behind the other."""
    return (kind * len(items))(*items)
