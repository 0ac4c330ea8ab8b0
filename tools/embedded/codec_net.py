"""The encoder under training, EnCodec's SEANet at 24 kHz with 16 filters, and its quantizer.

The network is that of the `encodec` package with the hyperparameters of the published
24 kHz model, narrower. The residual vector quantizer keeps that package's state layout
(`quantizer.vq.layers.N._codebook.*`), but its codebooks are fitted here: by k-means, level
by level, once the encoder is what it will be. Paper: arXiv 2210.13438.
"""

from __future__ import annotations

from typing import Any

import torch
from encodec.modules.seanet import SEANetEncoder
from encodec.quantization.vq import ResidualVectorQuantizer
from torch import Tensor, nn
from torch.nn import functional

N_FILTERS = 16
DIMENSION = 128
CODEBOOKS = 8
CODES = 1024
RATIOS = [8, 5, 4, 2]


class CodecNet(nn.Module):
    """Encoder and quantizer with the attribute names of `encodec.EncodecModel`."""

    def __init__(self) -> None:
        super().__init__()
        shape: dict[str, Any] = {"n_filters": N_FILTERS, "dimension": DIMENSION}
        shape |= {"ratios": RATIOS, "causal": True}
        self.encoder = SEANetEncoder(**shape)
        self.quantizer = ResidualVectorQuantizer(
            dimension=DIMENSION, n_q=CODEBOOKS, bins=CODES, kmeans_init=False
        )

    @property
    def codebooks(self) -> list[nn.Module]:
        """The eight codebook modules, first residual level first."""
        return [layer.get_submodule("_codebook") for layer in self.quantizer.vq.layers]

    @torch.no_grad()
    def quantize(self, latents: Tensor) -> Tensor:
        """Replace each frame of `[B, D, F]` by the sum of its eight codes."""
        flat = latents.float().transpose(1, 2).reshape(-1, DIMENSION)
        residual = flat
        for book in self.codebooks:
            centres = book.get_buffer("embed")
            residual = residual - functional.embedding(nearest(residual, centres), centres)
        shape = (latents.shape[0], latents.shape[2], DIMENSION)
        return (flat - residual).reshape(shape).transpose(1, 2)

    @torch.no_grad()
    def start_codebooks(self, pool: Tensor, generator: torch.Generator) -> None:
        """Fit all codebooks by k-means, level by level, to latents `[N, D]`."""
        residual = pool
        for book in self.codebooks:
            centres = kmeans(residual, CODES, generator)
            book.get_buffer("embed").copy_(centres)
            residual = residual - centres[nearest(residual, centres)]


def nearest(points: Tensor, centres: Tensor) -> Tensor:
    """Return the index of the nearest centre for every point."""
    return (points @ centres.T - centres.square().sum(1) / 2).argmax(1)


def kmeans(points: Tensor, count: int, generator: torch.Generator, rounds: int = 12) -> Tensor:
    """Lloyd's algorithm; an empty cluster restarts at a random point."""
    pick = torch.randperm(len(points), generator=generator)[:count]
    centres = points[pick].clone()
    for _ in range(rounds):
        chosen = nearest(points, centres)
        sizes = torch.bincount(chosen, minlength=count).float()
        sums = torch.zeros_like(centres).index_add_(0, chosen, points)
        fresh = points[torch.randint(len(points), (count,), generator=generator)]
        centres = torch.where(sizes[:, None] > 0, sums / sizes.clamp(min=1)[:, None], fresh)
    return centres
