"""The encoder's forward pass laid out for CPU training: same numbers, less than half the time.

`encodec` runs 1-d convolutions with the channels first and pads by copying. Here the same
modules run as 2-d convolutions of height 1 with the channels last, which lets bf16 autocast
reach the matrix units without reordering every tensor. Only the causal, reflect-padded
layers this codec has are covered, for lengths that are multiples of the hop.
"""

from __future__ import annotations

from typing import Any

import torch
from encodec.modules.conv import SConv1d
from encodec.modules.lstm import SLSTM
from encodec.modules.seanet import SEANetResnetBlock
from torch import Tensor, nn
from torch.nn import functional


def encode(encoder: nn.Module, wave: Tensor) -> Tensor:
    """Run the encoder in bf16: `[B, 1, samples]` to float32 `[B, D, F]`."""
    with torch.autocast("cpu", torch.bfloat16):
        return _run(encoder.get_submodule("model"), _widen(wave))[:, :, 0].float()


def _widen(x: Tensor) -> Tensor:
    return x[:, :, None].contiguous(memory_format=torch.channels_last)


def _run(module: nn.Module, x: Tensor) -> Tensor:
    """Apply one module to `[B, C, 1, T]`."""
    if isinstance(module, nn.Sequential):
        for child in module:
            x = _run(child, x)
        return x
    if isinstance(module, SEANetResnetBlock):
        return _run(module.shortcut, x) + _run(module.block, x)
    if isinstance(module, SConv1d):
        inner: Any = module.conv.conv
        return _convolve(inner, x)
    if isinstance(module, SLSTM):
        steps = x[:, :, 0].permute(2, 0, 1)
        return _widen((module.lstm(steps)[0] + steps).permute(1, 2, 0))
    out: Tensor = module(x)
    return out


def _convolve(conv: nn.Conv1d, x: Tensor) -> Tensor:
    left = (conv.kernel_size[0] - 1) * conv.dilation[0] + 1 - conv.stride[0]
    if left:
        x = torch.cat([x[..., 1 : left + 1].flip(-1), x], dim=-1)
    stride, dilation = (1, conv.stride[0]), (1, conv.dilation[0])
    return functional.conv2d(x, _weight(conv), conv.bias, stride, dilation=dilation)


def _weight(conv: nn.Conv1d) -> Tensor:
    """Return the normalised weight with a height of 1."""
    for hook in conv._forward_pre_hooks.values():  # weight_norm computes it in its hook
        hook(conv, None)
    return conv.weight[:, :, None]
