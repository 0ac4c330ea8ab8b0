"""Start the encoder with unit signals: every convolution is rescaled on a batch of real speech.

With the default initialisation the part of the signal that varies in time has shrunk a
hundredfold when it reaches the latents, and biases drown it; training then spends its first
thousands of steps on nothing else. The scaling is layer by layer, as in "All you need is a
good init" (arXiv 1511.06422), and the biases centre each channel.
"""

from __future__ import annotations

from typing import Any

import torch
from encodec.modules.conv import SConv1d
from encodec.modules.seanet import SEANetResnetBlock
from torch import Tensor, nn

_BRANCH, _SKIP = 0.5, 0.85  # standard deviations


@torch.no_grad()
def scale_signals(encoder: nn.Module, wave: Tensor) -> None:
    """Rescale it in place on waves `[B, 1, samples]`."""
    layers: Any = encoder.get_submodule("model")
    _walk(layers, wave)


def _walk(layers: nn.Sequential, x: Tensor, last: float = 1.0) -> Tensor:
    for position, layer in enumerate(layers):
        if isinstance(layer, SConv1d):
            _scale(layer, x, last if position == len(layers) - 1 else 1.0)
        elif isinstance(layer, SEANetResnetBlock):
            _scale(layer.get_submodule("shortcut"), x, _SKIP)
            _walk(layer.block, x, _BRANCH)
        x = layer(x)
    return x


def _scale(layer: Any, x: Tensor, target: float) -> None:  # noqa: ANN401 (encodec is untyped)
    """Give the layer's output zero mean a channel and the target standard deviation."""
    conv: Any = layer.conv.conv
    conv.bias.zero_()
    out = layer(x)
    means = out.mean(dim=(0, 2))
    factor = target / float((out - means[:, None]).std())
    conv.weight_g.mul_(factor)
    conv.bias.copy_(-factor * means)
