"""The convolutional encoder and decoder, built from the ``encodec`` package's modules.

They give the weights their shapes and names; what runs is made of them in `sled_codec._pack`.
Weight normalisation is a matter of training: here the networks hold plain weights, and
checkpoints that hold it are folded when they are read (see `sled_codec._convert`).
"""

from dataclasses import dataclass
from typing import Any

import torch
from encodec.modules.seanet import SEANetDecoder, SEANetEncoder
from torch import nn

from sled_codec._config import CodecConfig


@dataclass(frozen=True)
class Networks:
    """Encoder ``[B, 1, samples] -> [B, D, frames]`` and decoder, the same in reverse.

    The decoder of a source-filter codec gives channels of steps, ``[B, C, frames · steps]``.
    """

    encoder: nn.Module
    decoder: nn.Module


def build_networks(config: CodecConfig) -> Networks:
    """Build both networks on the meta device: shapes only, no memory, no random numbers."""
    sizes: dict[str, Any] = {
        "channels": 1,
        "dimension": config.dimension,
        "n_filters": config.n_filters,
        "n_residual_layers": config.n_residual_layers,
        "ratios": list(config.ratios),
        "kernel_size": config.kernel_size,
        "last_kernel_size": config.last_kernel_size,
        "residual_kernel_size": config.residual_kernel_size,
        "dilation_base": config.dilation_base,
        "compress": config.compress,
        "lstm": config.lstm_layers,
        "true_skip": config.true_skip,
        "pad_mode": config.pad_mode,
        "causal": True,
        "norm": "none",
    }
    with torch.device("meta"):
        return Networks(SEANetEncoder(**sizes), SEANetDecoder(**sizes | _decoder_sizes(config)))


def _decoder_sizes(config: CodecConfig) -> dict[str, Any]:
    sizes = config.source_filter
    if sizes is None:
        return {}
    return {"channels": sizes.channels, "n_filters": sizes.n_filters, "ratios": [sizes.steps]}
