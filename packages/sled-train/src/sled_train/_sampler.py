"""Batches of like length in an order that the seed alone decides.

A global batch is what one optimizer step sees, whatever the number of processes: a budget of
frames, so that a step costs the same on short and on long clips. It is cut into micro-batches by
a budget of padded frames. Lengths, order and borders are arrays: 20 bytes a clip.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from ._errors import TrainError

Lengths = NDArray[np.int32] | NDArray[np.int64]


def derive_seed(*parts: int | str) -> int:
    """Hash names and numbers to a seed: randomness as a function of place, without a state.

    Every draw of a run is seeded by (seed, purpose, step, micro-batch), so a resumed run, also on
    another number of processes, draws what an uninterrupted one does.
    """
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


@dataclass(frozen=True, slots=True)
class Epoch:
    """The batches of an epoch: `order` cut at `borders`."""

    order: NDArray[np.int64]
    borders: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.borders) - 1

    def __getitem__(self, batch: int) -> list[int]:
        begin, end = self.borders[batch], self.borders[batch + 1]
        indices: list[int] = self.order[begin:end].tolist()
        return indices


@dataclass
class BatchSampler:
    """Endless global batches over clips of the given `lengths` (frames).

    Each epoch visits every clip once: shuffled, sorted by length within windows of about `bucket`
    batches, cut into batches of at most `batch_frames` (or one clip), and the batches shuffled.
    `epoch` and `cursor` are the whole position.
    """

    lengths: Lengths | Sequence[int]
    batch_frames: int
    seed: int
    bucket: int = 1
    epoch: int = 0
    cursor: int = 0
    padding: float = 0.0
    """Share of the last global batch's frames that were padding: set by `micro_batches`."""
    _frames: NDArray[np.int64] = field(init=False, repr=False)
    _batches: Epoch | None = field(default=None, init=False, repr=False)
    _of_epoch: int = field(default=-1, init=False, repr=False)

    def __post_init__(self) -> None:
        self._frames = np.asarray(self.lengths, np.int64)

    def next(self) -> list[int]:
        """Return the clip indices of the next global batch."""
        if self._batches is None or self._of_epoch != self.epoch:
            self._batches, self._of_epoch = self.batches(self.epoch), self.epoch
        batch = self._batches[self.cursor]
        self.cursor += 1
        if self.cursor == len(self._batches):
            self.epoch, self.cursor = self.epoch + 1, 0
        return batch

    def micro_batches(self, batch: Sequence[int], budget: int) -> list[list[int]]:
        """Cut a global batch by a budget of padded frames, and note its share of padding."""
        micros = cut_micro(batch, self._frames, budget)
        self.padding = padding_share(micros, self._frames)
        return micros

    def batches(self, epoch: int) -> Epoch:
        """Return all batches of an epoch, in order."""
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "order", epoch))
        order = torch.randperm(len(self.lengths), generator=generator).numpy()
        if self.bucket > 1:
            window = max(1, round(self.bucket * self.batch_frames / float(self._frames.mean())))
            order = order[_by_length(self._frames[order], window)]
        borders = _cut(self._frames[order], self.batch_frames)
        shuffle = torch.randperm(len(borders) - 1, generator=generator).numpy()
        return _shuffled(order, borders, shuffle)

    def state(self) -> dict[str, int]:
        """Return the position, for a checkpoint."""
        return {
            "epoch": self.epoch,
            "cursor": self.cursor,
            "clips": len(self.lengths),
            "batch_frames": self.batch_frames,
            "bucket": self.bucket,
        }

    def restore(self, state: dict[str, int]) -> None:
        """Go to a position that `state` returned.

        Raises:
            TrainError: amid an epoch, and other clips or other sizes would make other batches.

        """
        for name in ("batch_frames", "bucket"):
            then, now = state.get(name), getattr(self, name)
            if state["cursor"] and then not in (None, now):
                raise TrainError(
                    f"the checkpoint stands amid an epoch of data.{name} {then}, now it is {now}: "
                    "some clips would come twice and others not at all; restore it"
                )
        self.epoch, self.cursor = state["epoch"], state["cursor"]
        count = len(self.batches(self.epoch))
        if state["clips"] != len(self.lengths) or self.cursor >= count:
            raise TrainError(
                f"the checkpoint stands at batch {self.cursor} of {state['clips']} clips, but an "
                f"epoch now has {count} batches of {len(self.lengths)} clips: restore "
                "data.batch_frames and the corpus"
            )


def cut_micro(batch: Sequence[int], lengths: Lengths, budget: int) -> list[list[int]]:
    """Cut a global batch into micro-batches of at most `budget` padded frames (or one clip)."""
    micros: list[list[int]] = []
    longest = 0
    for length, index in sorted((-int(lengths[i]), i) for i in batch):
        if not micros or (len(micros[-1]) + 1) * longest > budget:
            micros.append([])
            longest = -length
        micros[-1].append(index)
    return micros


def padding_share(micros: Sequence[Sequence[int]], lengths: Lengths) -> float:
    """Return the share of padding in all frames that go through the model, in [0, 1)."""
    padded = sum(len(micro) * int(lengths[micro].max()) for micro in map(list, micros))
    return 1.0 - sum(int(lengths[list(micro)].sum()) for micro in micros) / padded


def _by_length(lengths: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Sort windows of clips by length, one up and the next down.

    A batch across the border of two would otherwise hold the longest clips beside the shortest.
    """
    windows = np.arange(len(lengths), dtype=np.int32) // min(window, len(lengths))
    signed = lengths.astype(np.int32)
    signed[windows % 2 == 1] *= -1
    order: NDArray[np.int64] = np.lexsort((signed, windows))
    return order


def _cut(lengths: Lengths, budget: int) -> NDArray[np.int64]:
    """Return the borders `[batches + 1]` of batches within the budget; the last two share evenly.

    Otherwise an epoch would end with a batch of a clip or two, a noisy step like any other.
    """
    ends = np.cumsum(lengths, dtype=np.int64)
    borders = [0]
    while borders[-1] < len(ends):
        begin = borders[-1]
        before = int(ends[begin - 1]) if begin else 0
        borders.append(max(begin + 1, int(np.searchsorted(ends, before + budget, "right"))))
    if len(borders) > 2:  # noqa: PLR2004 - two batches
        begin, middle = borders[-3:-1]
        before = int(ends[begin - 1]) if begin else 0
        half = int(np.searchsorted(ends, (before + int(ends[-1])) / 2, "right"))
        if begin < half < middle and int(ends[-1] - ends[half - 1]) <= budget:
            borders[-2] = half
    return np.array(borders)


def _shuffled(
    order: NDArray[np.int64], borders: NDArray[np.int64], shuffle: NDArray[np.int64]
) -> Epoch:
    """Put the batches into the order `shuffle`."""
    sizes = np.diff(borders)[shuffle]
    moved = np.concatenate([[0], np.cumsum(sizes)])
    source = np.repeat(borders[:-1][shuffle] - moved[:-1], sizes) + np.arange(len(order))
    return Epoch(order[source], moved)
