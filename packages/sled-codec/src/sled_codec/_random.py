"""Random weights of any size, for tests and timings."""

import torch
from torch import Tensor, nn

from sled_codec._config import CodecConfig
from sled_codec._network import build_networks
from sled_codec._quantizer import Codebooks


def weight_shapes(config: CodecConfig) -> dict[str, torch.Size]:
    """Return the shape of every weight of a codec of this size, by name."""
    networks = build_networks(config)
    parts = {
        "encoder": networks.encoder,
        "codebooks": Codebooks(config),
        "decoder": networks.decoder,
    }
    return {name: value.shape for name, value in nn.ModuleDict(parts).state_dict().items()}


def random_state(config: CodecConfig, *, seed: int) -> dict[str, Tensor]:
    """Return reproducible weights with which codes and audio vary with the input."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in weight_shapes(config).items():
        values = torch.randn(shape, generator=generator, dtype=torch.float32)
        fan_in = shape[1:].numel() if len(shape) > 1 else 0
        is_kernel = fan_in and not name.startswith("codebooks.")
        state[name] = values * (fan_in**-0.5 if is_kernel else 0.1)
    return state
