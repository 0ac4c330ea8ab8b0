"""Clips ready to train on: chosen from a store, texts as ids, latents made on the device."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from sled_codec import Codec
from sled_model import Batch, Tokenizer
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ._errors import TrainError
from ._recipe import DataRecipe
from .data import ClipRow, Store

_PAD = 1
# `<s>`, `</s>` and what a tokenizer may put before the first word: else a token is a byte or more.
_EXTRA_TOKENS = 8


@dataclass(frozen=True)
class Dataset:
    """Some clips of a store, in its order. Holds two numbers a clip; all else is read."""

    store: Store
    chosen: NDArray[np.int64]
    """Places in the store, `[clips]`."""
    tokenizer: Tokenizer

    def __len__(self) -> int:
        return len(self.chosen)

    @cached_property
    def frames(self) -> NDArray[np.int32]:
        """Frames of every clip, `[clips]`."""
        return np.ascontiguousarray(self.store.frames[self.chosen])

    def row(self, index: int) -> ClipRow:
        """Name, text, speaker and audio file of a clip."""
        return self.store.row(int(self.chosen[index]))

    def codes(self, index: int) -> Tensor:
        """Codes of a clip, int16 `[frames, codebooks]`."""
        return self.store.codes(int(self.chosen[index]))

    def fingerprint(self) -> str:
        """Tell this corpus from another one: number of clips and frames."""
        return f"{len(self)} clips, {int(self.frames.sum(dtype=np.int64))} frames"

    def collate(self, indices: Sequence[int], codec: Codec, device: torch.device) -> Batch:
        """Batch these clips: text and latents on `device`, lengths on the CPU."""
        codes = [self.codes(i) for i in indices]
        tokens = [torch.tensor(self.tokenizer.encode(self.row(i).text)) for i in indices]
        padded = pad_sequence(codes, batch_first=True).to(device, non_blocking=True)
        text = pad_sequence(tokens, batch_first=True, padding_value=_PAD)
        with torch.no_grad():
            latents = codec.latents(padded.long())
        return Batch(
            text_ids=text.to(device, non_blocking=True),
            text_lengths=torch.tensor([len(each) for each in tokens]),
            latents=latents,
            frame_lengths=torch.tensor([len(each) for each in codes]),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a clip must fit into."""

    data: DataRecipe
    frame_rate: float
    max_positions: int

    def misfit(self, frames: int, tokens: int) -> str | None:
        """Say why a clip of this size is left out; None if it fits."""
        seconds = frames / self.frame_rate
        if seconds < self.data.min_seconds:
            return f"{seconds:.2f} s is shorter than data.min_seconds {self.data.min_seconds}"
        if seconds > self.data.max_seconds:
            return f"{seconds:.2f} s is longer than data.max_seconds {self.data.max_seconds}"
        if tokens + frames > self.max_positions:
            most = self.max_positions
            return f"{tokens} tokens and {frames} frames exceed the model's {most} positions"
        return None

    def suspects(
        self, frames: NDArray[np.int32], text_bytes: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Return the clips, of all, that may not fit; a text has no more tokens than bytes."""
        seconds = frames / self.frame_rate
        wrong = (seconds < self.data.min_seconds) | (seconds > self.data.max_seconds)
        found: NDArray[np.int64] = np.flatnonzero(
            wrong | (frames + text_bytes + _EXTRA_TOKENS > self.max_positions)
        )
        return found


def build_dataset(
    store: Store, clips: NDArray[np.int64], tokenizer: Tokenizer, limits: Limits
) -> tuple[Dataset, list[str]]:
    """Keep those of `clips` (places in the store) that fit; return a line for each that does not.

    Raises TrainError if none is left.
    """
    kept = np.ones(len(clips), dtype=bool)
    skipped: list[str] = []
    for at in limits.suspects(store.frames[clips], store.row_bytes[clips]).tolist():
        row = store.row(int(clips[at]))
        tokens = len(tokenizer.encode(row.text))
        reason = limits.misfit(int(store.frames[clips[at]]), tokens)
        if reason:
            kept[at] = False
            skipped.append(f"{row.audio}: {reason}")
    if not kept.any():
        why = f", the first because: {skipped[0]}" if skipped else ""
        raise TrainError(f"no clip is left to use: {len(clips)} clips did not fit{why}")
    return Dataset(store, clips[kept], tokenizer), skipped


def texts_of(store: Store, clips: NDArray[np.int64]) -> Iterator[str]:
    """Texts of the clips at these places."""
    return (store.row(clip).text for clip in clips.tolist())
