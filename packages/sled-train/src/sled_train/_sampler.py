"""Batches of like length in an order that the seed alone decides.

A global batch is what one optimizer step sees, whatever the number of processes; it is cut into
micro-batches by a budget of padded positions.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch


def derive_seed(*parts: int | str) -> int:
    """Hash names and numbers to a seed: randomness as a function of place, without a state.

    Every draw of a run is seeded by (seed, purpose, step, micro-batch), so a resumed run, also on
    another number of processes, draws what an uninterrupted one does.
    """
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


@dataclass
class BatchSampler:
    """Endless global batches over clips of the given `lengths` (frames).

    Each epoch visits every clip once: shuffled, sorted by length within windows of `bucket`
    batches, cut, and the batches shuffled. `epoch` and `cursor` are the whole position.
    """

    lengths: Sequence[int]
    batch_size: int
    seed: int
    batch_frames: int | None = None
    bucket: int = 1
    epoch: int = 0
    cursor: int = 0
    _batches: list[list[int]] = field(default_factory=list, init=False, repr=False)
    _of_epoch: int = field(default=-1, init=False, repr=False)

    def next(self) -> list[int]:
        """Return the clip indices of the next global batch."""
        if self._of_epoch != self.epoch:
            self._batches, self._of_epoch = self.epoch_batches(self.epoch), self.epoch
        batch = self._batches[self.cursor]
        self.cursor += 1
        if self.cursor == len(self._batches):
            self.epoch, self.cursor = self.epoch + 1, 0
        return batch

    def epoch_batches(self, epoch: int) -> list[list[int]]:
        """Return all batches of an epoch, in order."""
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "order", epoch))
        order = torch.randperm(len(self.lengths), generator=generator).tolist()
        window = self.bucket * self._size()
        if self.bucket > 1:
            windows = [order[at : at + window] for at in range(0, len(order), window)]
            order = [i for part in windows for i in sorted(part, key=self.lengths.__getitem__)]
        batches = self._cut(order)
        shuffle = torch.randperm(len(batches), generator=generator).tolist()
        return [batches[i] for i in shuffle]

    def state(self) -> dict[str, int]:
        """Return the position, for a checkpoint."""
        return {"epoch": self.epoch, "cursor": self.cursor, "clips": len(self.lengths)}

    def restore(self, state: dict[str, int]) -> None:
        """Go to a position that `state` returned."""
        self.epoch, self.cursor = state["epoch"], state["cursor"]

    def _size(self) -> int:
        """Clips of a batch, evened out so that no epoch ends with a tiny one."""
        count = len(self.lengths)
        return math.ceil(count / math.ceil(count / self.batch_size))

    def _cut(self, order: list[int]) -> list[list[int]]:
        batches: list[list[int]] = [[]]
        size, frames = self._size(), 0
        for index in order:
            full = len(batches[-1]) == size or (
                self.batch_frames is not None and frames + self.lengths[index] > self.batch_frames
            )
            if full and batches[-1]:
                batches.append([])
                frames = 0
            batches[-1].append(index)
            frames += self.lengths[index]
        return batches


def cut_micro(batch: Sequence[int], lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Cut a global batch into micro-batches of at most `budget` padded positions (or one clip)."""
    micros: list[list[int]] = []
    longest = 0
    for index in sorted(batch, key=lambda i: (-lengths[i], i)):
        if not micros or (len(micros[-1]) + 1) * longest > budget:
            micros.append([])
            longest = lengths[index]
        micros[-1].append(index)
    return micros
