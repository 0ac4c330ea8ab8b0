"""The codec under training: EnCodec's SEANet at 24 kHz with 16 filters, and its quantizer.

The networks are those of the `encodec` package with the hyperparameters of the published
24 kHz model, narrower. The residual vector quantizer keeps that package's state layout
(`quantizer.vq.layers.N._codebook.*`), but training it is done here: a batch holds fewer frames
than a codebook has codes, so statistics decay slowly, dead codes are judged
against the expected use, and k-means starts from a large pool. Paper: arXiv 2210.13438.
"""

from __future__ import annotations

import torch
from encodec.modules import SEANetDecoder, SEANetEncoder
from encodec.quantization import ResidualVectorQuantizer
from torch import Tensor, nn
from torch.nn import functional

N_FILTERS = 16
DIMENSION = 128
CODEBOOKS = 8
CODES = 1024
RATIOS = [8, 5, 4, 2]

_DECAY = 0.995
_DEAD = 0.08  # fraction of the mean use below which a code is replaced


class CodecNet(nn.Module):
    """Encoder, quantizer and decoder with the attribute names of `encodec.EncodecModel`."""

    def __init__(self) -> None:
        super().__init__()
        shape = {"n_filters": N_FILTERS, "dimension": DIMENSION, "ratios": RATIOS, "causal": True}
        self.encoder = SEANetEncoder(**shape)
        self.decoder = SEANetDecoder(**shape)
        self.quantizer = ResidualVectorQuantizer(
            dimension=DIMENSION, n_q=CODEBOOKS, bins=CODES, kmeans_init=False
        )

    @property
    def codebooks(self) -> list[nn.Module]:
        """The eight codebook modules, first residual level first."""
        return [layer._codebook for layer in self.quantizer.vq.layers]

    def quantize(self, latent: Tensor, *, update: bool) -> tuple[Tensor, Tensor]:
        """Quantize `[B, D, F]` in float32; return the latents and the commitment loss.

        Gradients pass straight through to `latent`; `update` moves the codebooks.
        """
        flat = latent.float().transpose(1, 2).reshape(-1, DIMENSION)
        residual, loss = flat, flat.new_zeros(())
        for book in self.codebooks:
            chosen = nearest(residual.detach(), book.embed)
            vectors = functional.embedding(chosen, book.embed)
            loss = loss + functional.mse_loss(residual, vectors)
            if update:
                move_codes(book, residual.detach(), chosen)
            residual = residual - vectors
        total = flat + (flat - residual - flat).detach()
        shape = (latent.shape[0], latent.shape[2], DIMENSION)
        return total.reshape(shape).transpose(1, 2), loss

    @torch.no_grad()
    def start_codebooks(self, pool: Tensor, generator: torch.Generator) -> None:
        """Fit all codebooks by k-means, level by level, to latents `[N, D]`."""
        residual = pool
        for book in self.codebooks:
            centres, sizes = kmeans(residual, CODES, generator)
            book.embed.copy_(centres)
            book.cluster_size.copy_(sizes / sizes.mean())
            book.embed_avg.copy_(centres * book.cluster_size[:, None])
            residual = residual - centres[nearest(residual, centres)]


def nearest(points: Tensor, centres: Tensor) -> Tensor:
    """Return the index of the nearest centre for every point."""
    return (points @ centres.T - centres.square().sum(1) / 2).argmax(1)


def kmeans(
    points: Tensor, count: int, generator: torch.Generator, rounds: int = 12
) -> tuple[Tensor, Tensor]:
    """Lloyd's algorithm; an empty cluster restarts at a random point."""
    pick = torch.randperm(len(points), generator=generator)[:count]
    centres = points[pick].clone()
    for _ in range(rounds):
        chosen = nearest(points, centres)
        sizes = torch.bincount(chosen, minlength=count).float()
        sums = torch.zeros_like(centres).index_add_(0, chosen, points)
        fresh = points[torch.randint(len(points), (count,), generator=generator)]
        centres = torch.where(sizes[:, None] > 0, sums / sizes.clamp(min=1)[:, None], fresh)
    return centres, sizes


@torch.no_grad()
def move_codes(book: nn.Module, residual: Tensor, chosen: Tensor) -> None:
    """Move one codebook towards the batch (running means); restart its dead codes.

    `cluster_size` is kept relative to the mean use, so it does not depend on the batch size.
    """
    scale = CODES / len(chosen)
    sizes = torch.bincount(chosen, minlength=CODES).float() * scale
    sums = torch.zeros_like(book.embed).index_add_(0, chosen, residual) * scale
    book.cluster_size.lerp_(sizes, 1 - _DECAY)
    book.embed_avg.lerp_(sums, 1 - _DECAY)
    dead = (book.cluster_size < _DEAD).nonzero()[:, 0]
    if len(dead):
        fresh = residual[torch.randint(len(residual), (len(dead),))]
        book.cluster_size[dead] = 0.3
        book.embed_avg[dead] = 0.3 * fresh
    book.embed.copy_(book.embed_avg / book.cluster_size[:, None])
