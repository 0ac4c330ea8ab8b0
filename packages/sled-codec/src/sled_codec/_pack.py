"""From the networks of the ``encodec`` package, which hold the weights, to what runs them."""

from dataclasses import dataclass
from typing import Any

import torch
from encodec.modules.conv import SConv1d, SConvTranspose1d
from encodec.modules.lstm import SLSTM
from encodec.modules.seanet import SEANetResnetBlock
from torch import nn

from sled_codec._stages import (
    Activation,
    Chain,
    Convolution,
    Downsampling,
    Recurrence,
    Residual,
    Stage,
    Upsampling,
)


@dataclass(frozen=True)
class Network:
    """An encoder or decoder that is ready to run.

    ``mode``: how it pads. ``frames_to_start``: how many frames its first output hangs on; more
    than one only where the padding is a reflection of what follows.
    """

    stages: Chain
    mode: str
    frames_to_start: int


@torch.no_grad()
def pack(network: nn.Module, *more: Stage, steps_per_frame: int) -> Network:
    """Return an encoder or decoder, given its input's steps per frame, with repacked weights.

    They are copies, on the same device: later changes of ``network`` do not reach them. ``more``
    stages run behind it.
    """
    layers: Any = network.model
    stages = Chain([*(_stage(layer) for layer in layers), *more])
    return Network(stages, layers[0].pad_mode, _frames_to_start(layers, steps_per_frame))


def _frames_to_start(layers: Any, steps: int) -> int:  # noqa: ANN401
    needed, reflects = 1, layers[0].pad_mode == "reflect"
    for conv in layers.modules():
        if isinstance(conv, nn.ConvTranspose1d):
            steps *= conv.stride[0]
        elif isinstance(conv, nn.Conv1d):
            left = (conv.kernel_size[0] - 1) * conv.dilation[0] - (conv.stride[0] - 1)
            needed = max(needed, -(-(left + 1) // steps)) if reflects else 1
            steps //= conv.stride[0]
    return needed


def _stage(layer: Any) -> Stage:  # noqa: ANN401 (encodec is untyped)
    if isinstance(layer, SConv1d):
        return _convolution(layer.conv.conv)
    if isinstance(layer, SConvTranspose1d):
        return _transposed(layer.convtr.convtr)
    if isinstance(layer, SLSTM):
        return Recurrence(layer.lstm, skip=layer.skip)
    if isinstance(layer, SEANetResnetBlock):
        return _residual(layer)
    return Activation(in_place=True)


def _convolution(conv: Any) -> Stage:  # noqa: ANN401
    if conv.stride[0] > 1:
        return Downsampling(conv.weight, conv.bias)
    return Convolution(conv.weight, conv.bias, conv.dilation[0])


def _transposed(conv: Any) -> Stage:  # noqa: ANN401
    return Upsampling(conv.weight, conv.bias)


def _residual(layer: Any) -> Residual:  # noqa: ANN401
    # The block and the shortcut read the same input: the first activation must leave it alone.
    inner = [_stage(each) for each in layer.block]
    straight = isinstance(layer.shortcut, nn.Identity)
    shortcut = None if straight else _stage(layer.shortcut)
    return Residual(shortcut, Chain([Activation(in_place=False), *inner[1:]]))
