"""Weights for decoding on a CPU: bf16 or int8, laid out as the processor's kernels want them.

    model = pack_weights(SledModel.from_pretrained(folder), "int8")

Decoding reads every weight once a frame, so their bytes are its cost. Only the weights of the
backbone's and head's linear maps are packed, with those of the layers' norms multiplied into them;
the key/value cache is bf16 then. Embeddings, what is summed over the layers, rotations and the
stop decision stay float32, which costs next to nothing.

oneDNN has no such kernels for many processors (for bf16 those without AVX-512). There, native code
takes the steps, and what is more than that goes through weights that are float32 for the while.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._errors import ModelError
from ._native import load_native
from ._norm import UnitNorm

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._model import SledModel

WEIGHTS = ("fp32", "bf16", "int8")
_LEVELS = 127
_MIDDLE = 128  # of unsigned bytes, which stands for 0
_FEW_ROWS = 2
# Smaller maps of few rows take half as long in bf16.
_SMALLEST_INT8 = 512
_TINY = 1e-20
# Of native code's tiles: their outputs, and what their inputs are padded to a multiple of.
_TILE, _DEPTH = 16, 64


class Bf16Linear(nn.Module):
    """A linear map with bf16 weights in oneDNN's own layout; any float in, `out` out.

    `tiles`: the weights again as native code reads them (see `native/maps.h`), None without it.
    `onednn`: whether it has kernels for them here; else they are kept as they are.
    """

    def __init__(self, linear: nn.Linear, *, onednn: bool = True) -> None:
        super().__init__()
        self.onednn = onednn
        weight = linear.weight.detach().to(torch.bfloat16)
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.tiles = cut_tiles(weight, 2)
        self.out = torch.bfloat16
        low = None if linear.bias is None else linear.bias.detach().to(torch.bfloat16)
        self.bias: Tensor | None = low
        # The second argument is what the layout is chosen for: a pair of guidance rows.
        reorder = torch.ops.mkldnn._reorder_linear_weight
        self.packed: Tensor = reorder(weight, _FEW_ROWS) if onednn else weight

    def forward(self, x: Tensor) -> Tensor:
        """Map [.., in] to [.., out]."""
        if not self.onednn:
            bias = None if self.bias is None else self.bias.float()
            return F.linear(x.float(), self.packed.float(), bias).to(self.out)
        low = x.to(torch.bfloat16)
        y: Tensor = torch.ops.mkldnn._linear_pointwise(low, self.packed, self.bias, "none", [], "")
        return y.to(self.out)


class Int8Linear(nn.Module):
    """A linear map with int8 weights, one scale an output; each input row is rounded by its own.

    So a row's result does not hang on the rows beside it. Symmetric, without zero points; any
    float in, float32 out. `tiles` and `tile_scale` are for native code, as in `Bf16Linear`, and
    without `onednn` inputs are not rounded.
    """

    def __init__(self, linear: nn.Linear, *, onednn: bool = True) -> None:
        super().__init__()
        self.onednn = onednn
        weight = linear.weight.detach().float()
        scale = weight.abs().amax(dim=1).clamp(min=_TINY) / _LEVELS
        rounded = (weight / scale[:, None]).round().to(torch.int8)
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.tiles = cut_tiles(rounded, 4)
        self.tile_scale = F.pad(scale, (0, -len(scale) % _TILE))
        self.tiny = torch.tensor(_TINY)
        bias = None if linear.bias is None else linear.bias.detach().float()
        self.bias: Tensor | None = bias
        self.scale, self.zeros = scale, torch.zeros(len(scale), dtype=torch.int64)
        prepack = torch.ops.onednn.qlinear_prepack
        few = [_FEW_ROWS, weight.shape[1]]
        self.packed: Tensor = prepack(rounded, few) if onednn else rounded

    def forward(self, x: Tensor) -> Tensor:
        """Map [.., in] to [.., out]."""
        if not self.onednn:
            y = F.linear(x.float(), self.packed.float()).mul_(self.scale)
            return y if self.bias is None else y.add_(self.bias)
        rows = (x if x.dim() == 2 else x.flatten(0, -2)).float()  # noqa: PLR2004 (rows as they are)
        largest = torch.linalg.vector_norm(rows, torch.inf, dim=1, keepdim=True)
        step = torch.add(self.tiny, largest, alpha=1 / _LEVELS)
        # Bytes without signs: for others only AMX has a product, elsewhere they take seconds.
        y = self._product((rows / step).round_().add_(_MIDDLE).to(torch.uint8))
        y = y.mul_(step) if self.bias is None else torch.addcmul(self.bias, y, step)
        return y if x.dim() == 2 else y.view(*x.shape[:-1], -1)  # noqa: PLR2004

    def _product(self, rows: Tensor) -> Tensor:
        y: Tensor = torch.ops.onednn.qlinear_pointwise(
            rows, 1.0, _MIDDLE, self.packed, self.scale, self.zeros, None,
            1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
        return y


def pack_weights(model: SledModel, weights: str, *, smallest_int8: int | None = None) -> SledModel:
    """Turn a float32 model into one that decodes faster on a CPU; in place, for good.

    Args:
        model: on the CPU. Afterwards it can neither be trained nor saved.
        weights: "fp32" (leaves it as it is), "bf16" or "int8".
        smallest_int8: maps with a side below this stay bf16 in "int8"; None for 512, below which
            that is faster. Less only tells what rounding does to a small model.

    Returns:
        The same model, in evaluation mode.

    Raises:
        ModelError: unknown weights, a model elsewhere than on the CPU or not in float32, or
            neither oneDNN's kernels nor native code for them here.

    """
    if weights not in WEIGHTS:
        raise ModelError(f"weights: {weights!r} is not one of {', '.join(WEIGHTS)}")
    model.eval()  # type: ignore[no-untyped-call]  # transformers leaves it so
    if weights == "fp32":
        return model
    if model.device.type != "cpu" or model.dtype != torch.float32:
        raise ModelError(
            f"weights: {weights} are packed from float32 on a CPU, not from {model.dtype} on "
            f"{model.device.type}; load the model there with dtype fp32"
        )
    small = _maker(Bf16Linear, weights)
    large = small if weights == "bf16" else _maker(Int8Linear, weights)
    with torch.no_grad():
        for layer in model.backbone.layers:
            _absorb_norms(layer)
        for part in (model.backbone, model.head):
            _replace(part, small, large, _SMALLEST_INT8 if smallest_int8 is None else smallest_int8)
        for name, part in model.head.named_modules():
            # Between two maps bf16 will do; what is summed up, and what is drawn, is float32.
            if isinstance(part, Bf16Linear) and not name.endswith((".inner", ".outer")):
                part.out = torch.float32
            # What sees the noise alone is read for many frames at once, by operations.
            if isinstance(part, Bf16Linear | Int8Linear) and name.endswith(("modulation", "_in")):
                part.tiles = part.tiles if name == "condition_in" else None
    model.cache_dtype = torch.bfloat16
    return model


def _absorb_norms(layer: Any) -> None:  # noqa: ANN401 (a backbone's layer)
    """Multiply the weights of a layer's norms into the maps that read them."""
    for name, linear in (
        ("attention_norm", layer.attention.qkv),
        ("feed_forward_norm", layer.feed_forward.gate_up),
    ):
        norm = getattr(layer, name)
        size = linear.in_features
        linear.weight.mul_(norm.weight * size**0.5)
        setattr(layer, name, UnitNorm(size, norm.eps))


def _replace(
    module: nn.Module,
    small: Callable[[nn.Linear], nn.Module],
    large: Callable[[nn.Linear], nn.Module],
    smallest: int,
) -> None:
    """Put what `large` makes in the place of linear maps; of those below `smallest`, `small`."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            is_small = min(child.in_features, child.out_features) < smallest
            setattr(module, name, (small if is_small else large)(child))
        else:
            _replace(child, small, large, smallest)


def cut_tiles(weight: Tensor, together: int) -> Tensor | None:
    """Cut [out, in] into [tiles, in / together, 16 outputs, together], padded with zeros."""
    if load_native().library is None:
        return None
    outputs, inputs = weight.shape
    padded = F.pad(weight, (0, -inputs % _DEPTH, 0, -outputs % _TILE))
    cut = padded.view(-1, _TILE, padded.shape[1] // together, together)
    return cut.transpose(1, 2).contiguous()


def _maker(
    kind: type[Bf16Linear | Int8Linear], weights: str
) -> Callable[[nn.Linear], Bf16Linear | Int8Linear]:
    """Give what makes a map of this kind for this processor; ModelError if nothing can."""
    missing, native = _missing_in_onednn(kind), load_native()
    if missing is not None and native.library is None:
        raise ModelError(
            f"weights: no kernels for {weights} here (oneDNN: {missing}; native code: "
            f"{native.state}); use fp32"
        )
    return partial(kind, onednn=missing is None)


def _missing_in_onednn(kind: type[Bf16Linear | Int8Linear]) -> str | None:
    """Try a small map: whether kernels are there, and right, is known by no other means."""
    x = torch.linspace(-1, 1, 32 * 32).view(32, 32).sin()
    linear = nn.utils.skip_init(nn.Linear, 32, 32)  # type: ignore[no-untyped-call]
    try:
        with torch.no_grad():
            linear.weight.copy_(x)
            linear.bias.copy_(x[0])
            near = torch.allclose(kind(linear)(x).float(), linear(x), atol=0.2)
    except (AttributeError, NotImplementedError, RuntimeError) as error:
        return (str(error).strip().splitlines() or [type(error).__name__])[0]
    return None if near else "wrong products"
