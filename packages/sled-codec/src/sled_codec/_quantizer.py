"""The residual codebooks: continuous frames to codes, codes to latents.

Algorithm 1 of arXiv 2107.03312, with the Euclidean codebooks of EnCodec (arXiv 2210.13438).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from sled_codec._config import CodecConfig


class Codebooks(nn.Module):
    """``n_codebooks`` tables of ``codebook_size`` vectors with ``dimension`` numbers each."""

    tables: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        shape = (config.n_codebooks, config.codebook_size, config.dimension)
        self.register_buffer("tables", torch.empty(shape, dtype=torch.float32, device="meta"))

    def encode(self, frames: Tensor) -> Tensor:
        """Return codes ``[..., n_codebooks]`` of frames ``[..., D]``: nearest entries in turn."""
        residual = frames.reshape(-1, frames.shape[-1])
        codes = []
        for table in self.tables:
            nearest = _nearest(residual, table)
            residual = residual - embedding(nearest, table)
            codes.append(nearest)
        return torch.stack(codes, dim=-1).reshape(*frames.shape[:-1], len(codes))

    def decode(self, codes: Tensor) -> Tensor:
        """Return latents ``[..., D]`` of codes ``[..., n_codebooks]``: the sum of their entries."""
        latents = embedding(codes[..., 0], self.tables[0])
        for index, table in enumerate(self.tables[1:], start=1):
            latents = latents + embedding(codes[..., index], table)
        return latents


def _nearest(frames: Tensor, table: Tensor) -> Tensor:
    """Return the index of the nearest row, in the order of operations that EnCodec rounds in."""
    transposed = table.t()
    squares = frames.pow(2).sum(1, keepdim=True)
    distances = squares - 2 * frames @ transposed + transposed.pow(2).sum(0, keepdim=True)
    return (-distances).max(dim=-1).indices
