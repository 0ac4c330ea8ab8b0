"""A padded batch of text and latents, text dropping for guidance, and its interleaving."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from ._errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from ._layout import Layout

PAD = 1


@dataclass(frozen=True)
class Batch:
    """B samples, padded on the right.

    Attributes:
        text_ids: int64 [B, T].
        text_lengths: int64 [B], at least 1 each; best kept on the CPU, where they are read.
        latents: float [B, F, D].
        frame_lengths: int64 [B]; best kept on the CPU.
        past: float [B, F, D], what the model reads of each frame where that is not `latents`,
            which it learns to predict (see `blur_past`).

    """

    text_ids: Tensor
    text_lengths: Tensor
    latents: Tensor
    frame_lengths: Tensor
    past: Tensor | None = None

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> Batch:
        """Move ids and latents to a device; the lengths stay where they are."""
        return replace(
            self,
            text_ids=self.text_ids.to(device, non_blocking=non_blocking),
            latents=self.latents.to(device, non_blocking=non_blocking),
            past=None if self.past is None else self.past.to(device, non_blocking=non_blocking),
        )

    def check(self) -> None:
        """Raise ModelError if shapes and lengths do not fit each other."""
        rows, text = self.text_ids.shape
        shapes = (self.text_lengths.shape, self.frame_lengths.shape)
        if shapes != ((rows,), (rows,)) or self.latents.shape[0] != rows:
            msg = f"batch: {rows} rows of text need as many lengths and latents, not {shapes}"
            raise ModelError(msg)
        if rows == 0 or self.text_lengths.min() < 1 or self.text_lengths.max() > text:
            msg = f"batch: text lengths must lie between 1 and the padded {text}"
            raise ModelError(msg)
        if self.past is not None and self.past.shape != self.latents.shape:
            msg = f"batch: a past of {self.past.shape} for latents of {self.latents.shape}"
            raise ModelError(msg)
        frames = self.latents.shape[1]
        if self.frame_lengths.min() < 0 or self.frame_lengths.max() > frames:
            msg = f"batch: frame lengths must lie between 0 and the padded {frames}"
            raise ModelError(msg)


@dataclass(frozen=True)
class Plan:
    """Where everything of a batch goes once interleaved.

    Attributes:
        source: int64 [B, L], for each position its place in a row of T text elements followed by
            F frames; 0 at padding.
        predict: int64 [N], flat positions in [B * L] that predict the N frames, row by row.
        target: int64 [N], flat places of those frames in [B * F].
        stop: int64 [B], flat positions of the stop states.

    """

    source: Tensor
    predict: Tensor
    target: Tensor
    stop: Tensor


def plan(batch: Batch, layout: Layout) -> Plan:
    """Lay out every row of a batch (on the CPU, O(B * L))."""
    texts, frames = batch.text_lengths.tolist(), batch.frame_lengths.tolist()
    length = max(t + f for t, f in zip(texts, frames, strict=True))
    text_width, frame_width = batch.text_ids.shape[1], batch.latents.shape[1]
    source = torch.zeros(len(texts), length, dtype=torch.int64)
    predict, target, stop = [], [], []
    for row, (text, count) in enumerate(zip(texts, frames, strict=True)):
        order = layout.arrange(text, count)
        source[row, : text + count] = order.index + text_width * order.is_frame
        predict.append(row * length + order.predict[:-1])
        stop.append(row * length + order.predict[-1:])
        target.append(row * frame_width + torch.arange(count))
    return Plan(source, torch.cat(predict), torch.cat(target), torch.cat(stop))


def drop_text(
    batch: Batch, layout: Layout, probability: float, generator: torch.Generator
) -> Batch:
    """Take the text from some samples, so that the model learns to speak without it.

    Each sample loses its text with the given probability; what stays is the layout's
    unconditional text. The text is absent, not masked: the row is shorter.

    Args:
        batch: the samples.
        layout: the interleaving they will be trained with.
        probability: in [0, 1].
        generator: source of the draws; one number a row is drawn from it.

    """
    draws = torch.rand(len(batch.text_lengths), generator=generator, device=generator.device)
    dropped = (draws < probability).cpu()
    if not dropped.any():
        return batch
    ids, lengths = batch.text_ids.clone(), batch.text_lengths.clone()
    for row in dropped.nonzero().flatten().tolist():
        kept = layout.unconditional(batch.text_ids[row, : int(lengths[row])])
        ids[row] = PAD
        ids[row, : len(kept)] = kept
        lengths[row] = len(kept)
    return replace(batch, text_ids=ids[:, : int(lengths.max())], text_lengths=lengths)


def blur_past(batch: Batch, strength: float, generator: torch.Generator) -> Batch:
    """Add noise to the latents the model reads, not to those it learns to predict.

    From a clear past the next frame can be told without the text, so that a model learns late,
    on little data never, to read. A blurred past makes the text worth reading from the start,
    and what is generated, never quite like speech, meets a model used to that.

    Args:
        batch: the samples.
        strength: largest standard deviation; each sample draws its own, uniform from 0.
        generator: source of the draws, on the latents' device; padding takes none of them.

    """
    if strength == 0:
        return batch
    latents, lengths = batch.latents, batch.frame_lengths.tolist()
    device = generator.device
    spread = strength * torch.rand(len(lengths), generator=generator, device=device)
    shape = (sum(lengths), latents.shape[-1])
    noise = torch.randn(shape, generator=generator, device=device).to(latents)
    past = latents.clone()
    for row, part in enumerate(torch.split(noise, lengths)):
        past[row, : len(part)] += spread[row].to(latents) * part
    return replace(batch, past=past)
