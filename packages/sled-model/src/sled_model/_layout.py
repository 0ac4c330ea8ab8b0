"""How text and frames interleave: the one rule that training and generation share.

Everything follows from a single function of a layout, `tokens_before(frame, text_length)`: how
many text tokens have been read when that frame is predicted. Frame f then sits at position
`f + tokens_before(f)` and is predicted from the position just before it. The stop state is where
the frame after the last one would be predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from ._errors import ModelError

if TYPE_CHECKING:
    from ._config import SledConfig

EOS = 2

Frames = TypeVar("Frames", int, Tensor)
"""One frame, or an int64 tensor of frames."""


@dataclass(frozen=True)
class Arrangement:
    """One interleaved sequence of L = text + frames elements.

    Attributes:
        is_frame: bool [L], True where the element is a frame.
        index: int64 [L], the element's place in its own stream.
        predict: int64 [frames + 1], the positions whose hidden states predict frame 0, 1, … and,
            last, the stop.

    """

    is_frame: Tensor
    index: Tensor
    predict: Tensor


@runtime_checkable
class Layout(Protocol):
    """An interleaving of text and frames."""

    def tokens_before(self, frame: Frames, text_length: int) -> Frames:
        """Count the text tokens read before `frame` is predicted (never falls as frame grows)."""
        ...

    def unconditional(self, text_ids: Tensor) -> Tensor:
        """Give the text [1] that stands for "no text" in guidance, from a sample's ids [T]."""
        ...

    def arrange(self, text_length: int, frames: int) -> Arrangement:
        """Interleave a text and a number of frames; ModelError if the text is empty."""
        ...


@dataclass(frozen=True)
class OfflineLayout:
    """All text first, then all frames."""

    def tokens_before(self, frame: Frames, text_length: int) -> Frames:
        """Count the text tokens read before `frame` is predicted: all of them."""
        return frame * 0 + text_length

    def unconditional(self, text_ids: Tensor) -> Tensor:
        """Keep the last text token only."""
        return text_ids[-1:]

    def arrange(self, text_length: int, frames: int) -> Arrangement:
        """Interleave; see `Layout.arrange`."""
        return _arrange(self, text_length, frames)


@dataclass(frozen=True)
class StreamingLayout:
    """`n` tokens, `m` frames, `n` tokens, … until one of the two runs out.

    When the text runs out, all remaining frames follow at once. When the frames run out, the rest
    of the text follows, unused. Frames that end exactly at a chunk's border are followed by the
    next `n` tokens, if there are any, before the stop is decided: generation, too, reads a chunk
    of text before it draws the frame at which it may stop.
    """

    n: int = 5
    m: int = 45

    def __post_init__(self) -> None:
        if self.n < 1 or self.m < 1:
            msg = f"streaming layout: n and m must be at least 1, not {self.n} and {self.m}"
            raise ModelError(msg)

    def tokens_before(self, frame: Frames, text_length: int) -> Frames:
        """Count the text tokens read before `frame` is predicted: n for every chunk begun."""
        read = self.n * (frame // self.m + 1)
        return read.clamp(max=text_length) if isinstance(read, Tensor) else min(read, text_length)

    def unconditional(self, text_ids: Tensor) -> Tensor:
        """Read a single `</s>` instead of the text."""
        return torch.full_like(text_ids[-1:], EOS)

    def arrange(self, text_length: int, frames: int) -> Arrangement:
        """Interleave; see `Layout.arrange`."""
        return _arrange(self, text_length, frames)


def layout_for(config: SledConfig) -> Layout:
    """Give the layout a model was trained with: streaming if its config has stream_n, stream_m."""
    if config.stream_n is None or config.stream_m is None:
        return OfflineLayout()
    return StreamingLayout(config.stream_n, config.stream_m)


def _arrange(layout: Layout, text_length: int, frames: int) -> Arrangement:
    if text_length < 1 or frames < 0:
        msg = f"layout: need text and no negative frame count, not {text_length} and {frames}"
        raise ModelError(msg)
    frame = torch.arange(frames + 1)
    place = frame + layout.tokens_before(frame, text_length)
    is_frame = torch.zeros(text_length + frames, dtype=torch.bool)
    is_frame[place[:frames]] = True
    index = torch.empty(text_length + frames, dtype=torch.int64)
    index[is_frame] = frame[:-1]
    index[~is_frame] = torch.arange(text_length)
    return Arrangement(is_frame=is_frame, index=index, predict=place - 1)
