"""What the layers of both networks keep from one pass to the next, and the padding at the ends."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from encodec.modules.conv import pad1d
from torch import Tensor


@dataclass
class Memory:
    """What the layers keep from one pass to the next, in the order in which they run.

    ``before``: what the last pass left, None at the start. ``after``: what this one leaves,
    ``[.., B, C]`` each. ``lengths``: how many steps of each row are real, in a pass that ends
    the rows; None while more is to come. ``mode``: how EnCodec pads.
    """

    before: Iterator[Tensor] | None
    mode: str
    lengths: list[int] | None = None
    after: list[Tensor] = field(default_factory=list)

    def extend(self, x: Tensor, reach: int, right: int = 0) -> Tensor:
        """Put the ``reach`` steps before ``x`` in front of it, and keep its own last ones."""
        if reach == 0:
            return x
        if self.before is None:
            x = pad(x, (reach, right), self.mode)
        else:
            x = torch.cat((next(self.before), x))
            x = pad(x, (0, right), self.mode) if right else x
        self.after.append(x[-reach:].clone())
        return x

    def take(self, rows: int, like: Tensor) -> Tensor:
        """Give a recurrent state ``[B, H]``: zeros at the start."""
        if self.before is None:
            return like.new_zeros(rows, like.shape[-1])
        return next(self.before)


def pad(x: Tensor, sides: tuple[int, int], mode: str) -> Tensor:
    """Put so many steps before and behind ``x`` as EnCodec does."""
    padded: Tensor = pad1d(x.permute(1, 2, 0), sides, mode=mode)
    return padded.permute(2, 0, 1).contiguous()
