"""The training objective as a module, and its exact weighting over micro-batches.

A mean over a global batch is the sum over its micro-batches of `sum / global count`. With counts
known beforehand from the lengths, neither the cut into micro-batches nor the number of processes
changes loss or gradient.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import torch
from sled_model import Batch, Layout, Losses, SledModel
from torch import Tensor, nn

PARTS = 6
"""Numbers that `Objective` reports of a micro-batch."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the means of a global batch divide by."""

    frames: int
    clips: int

    @classmethod
    def of(cls, frame_lengths: Sequence[int]) -> Self:
        """Counts of clips with these frames."""
        return cls(int(sum(frame_lengths)), len(frame_lengths))

    @property
    def stops(self) -> int:
        """Stop decisions: each clip has one more than frames."""
        return self.frames + self.clips

    def total(self, losses: Losses) -> Tensor:
        """Return a micro-batch's share of the global loss; differentiable."""
        share: Tensor = losses.energy * (losses.frames / self.frames)
        return share + losses.stop * (losses.stops / self.stops)

    def parts(self, losses: Losses) -> Tensor:
        """Return a micro-batch's share of the numbers that `named_parts` names, `[PARTS]`."""
        frames = losses.frames / self.frames
        return torch.stack(
            [
                losses.energy.detach().float() * frames,
                losses.stop.detach().float() * (losses.stops / self.stops),
                losses.attraction.detach().float() * frames,
                losses.repulsion.detach().float() * frames,
                losses.ends_found.float(),
                losses.false_ends.float(),
            ]
        )


class Objective(nn.Module):
    """`SledModel.loss` as `forward`, the form that wrappers such as DDP know."""

    def __init__(self, model: SledModel, layout: Layout) -> None:
        super().__init__()
        self.model = model
        self.layout = layout

    def forward(
        self, batch: Batch, generator: torch.Generator, counts: Counts
    ) -> tuple[Tensor, Tensor]:
        """Return a micro-batch's share of the global loss, and of its parts `[PARTS]`.

        The head's noise comes from `generator`.
        """
        losses: Losses = self.model.loss(batch, self.layout, generator=generator)
        return counts.total(losses), counts.parts(losses)


def named_parts(parts: Tensor, counts: Counts) -> dict[str, float]:
    """Give the parts of a global batch their names, with their total.

    Of the stop head: recall is the share of clips whose end it sees, precision the share of ends
    that are some of all it calls (0 where it calls none).
    """
    energy, stop, attraction, repulsion, found, false = parts.tolist()
    return {
        "loss": energy + stop,
        "energy": energy,
        "stop": stop,
        "attraction": attraction,
        "repulsion": repulsion,
        "stop_recall": found / counts.clips,
        "stop_precision": found / max(1.0, found + false),
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
