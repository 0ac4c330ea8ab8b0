"""The training objective as a module, and its exact weighting over micro-batches.

A mean over a global batch is the sum over its micro-batches of `sum / global count`. With counts
known beforehand from the lengths, neither the cut into micro-batches nor the number of processes
changes loss or gradient.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import torch
from sled_model import Batch, Layout, Losses, SledModel
from torch import Tensor, nn

from ._recipe import Precision


class Objective(nn.Module):
    """`SledModel.loss` as `forward`, the form that wrappers such as DDP know."""

    def __init__(self, model: SledModel, layout: Layout) -> None:
        super().__init__()
        self.model = model
        self.layout = layout

    def forward(self, batch: Batch, generator: torch.Generator) -> Losses:
        """Losses of a batch; the head's noise comes from `generator`."""
        losses: Losses = self.model.loss(batch, self.layout, generator=generator)
        return losses


@dataclass(frozen=True, slots=True)
class Counts:
    """What the means of a global batch divide by."""

    frames: int
    stops: int

    @classmethod
    def of(cls, frame_lengths: list[int]) -> Self:
        """Counts of clips with these frames: each clip has one stop decision more than frames."""
        return cls(sum(frame_lengths), sum(frame_lengths) + len(frame_lengths))

    def total(self, losses: Losses) -> Tensor:
        """Return a micro-batch's share of the global loss; differentiable."""
        share: Tensor = losses.energy * (losses.frames / self.frames)
        return share + losses.stop * (losses.stops / self.stops)

    def parts(self, losses: Losses) -> Tensor:
        """Return a micro-batch's share of (energy, stop, attraction, repulsion), `[4]`."""
        frames = losses.frames / self.frames
        return torch.stack(
            [
                losses.energy.detach().float() * frames,
                losses.stop.detach().float() * (losses.stops / self.stops),
                losses.attraction.detach().float() * frames,
                losses.repulsion.detach().float() * frames,
            ]
        )


def named_parts(parts: Tensor) -> dict[str, float]:
    """Give the four parts of a global batch their names, with their total."""
    energy, stop, attraction, repulsion = parts.tolist()
    return {
        "loss": energy + stop,
        "energy": energy,
        "stop": stop,
        "attraction": attraction,
        "repulsion": repulsion,
    }


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Run the block with torch's own generators at `seed`, and put them back after it.

    For what takes no generator: dropout and the initialisation of weights.
    """
    devices = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Mixed precision for "bf16": matrix products in bfloat16, weights and losses in float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
