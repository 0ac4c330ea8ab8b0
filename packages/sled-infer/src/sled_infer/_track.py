"""One utterance on its way through the engine: what it has read and said, and what comes next.

A frame is predicted once the tokens that its layout wants before it have been read. While some
of them have not arrived, the track waits. It never reads a token or a frame out of order, so
what it says does not hang on when its text came.
"""

from __future__ import annotations

import sys
from collections import deque
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_model import MeanDraw
    from torch import Tensor

    from ._rows import Row
    from ._utterance import Utterance

# How long a text is that has not ended yet: longer than any layout asks for.
_UNKNOWN = sys.maxsize


class Track:
    """The state of one utterance: the engine moves it, its owner gives text and takes frames.

    Attributes:
        utterance: what is to be said.
        frames: latents [D] that it said and nobody has taken yet; with `mean`, the states [H]
            that they are drawn from.
        spoken: how many frames it has said, taken or not.
        flying: for how many frames it is not yet known whether they are said; see `_glide.py`.
        stopped: None while it goes on; then whether the model, or the end of a dictation, ended
            it. Else it ran into `max_frames` or the end of the positions, or was taken out of the
            engine.
        failure: what went wrong, if that is what ended it.
        began: when it said its first frame, by `perf_counter`.
        rows: its rows of the cache, the conditional one first.
        mean: what makes latents of states, where they are the mean of several draws.
        ahead: what the noise of the next frames alone decides, computed beforehand.

    """

    def __init__(
        self,
        utterance: Utterance,
        positions: int,
        *,
        open_text: bool,
        most_ahead: int | None,
        mean: MeanDraw | None = None,
    ) -> None:
        self.utterance = utterance
        self.mean = mean
        self.frames: deque[Tensor] = deque()
        self.spoken = 0
        self.flying = 0
        self.began = inf
        self.stopped: bool | None = None
        self.failure: BaseException | None = None
        self.rows: tuple[Row, ...] = ()
        self.ahead: deque[Tensor] = deque()
        self._positions = positions
        self._most_ahead = _UNKNOWN if most_ahead is None else most_ahead
        self._ids: list[int] = utterance.text_ids.tolist()
        self._open = open_text
        self._mute = open_text
        self._read = 0
        self._heard = 0
        self._next = utterance.prompt
        self._due = len(utterance.prompt)

    @property
    def ended(self) -> bool:
        """Whether nothing more will be said."""
        return self.stopped is not None

    @property
    def tokens(self) -> int:
        """How many tokens have arrived, read or not."""
        return len(self._ids)

    @property
    def paused(self) -> bool:
        """Whether frames have to be taken before it goes on."""
        return len(self.frames) + self.flying >= self._most_ahead

    @property
    def waiting(self) -> bool:
        """Whether it can do nothing until more text comes."""
        wanted = self._wanted()
        idle = self._mute and wanted == self._read and not self._due
        return not self.ended and (wanted > len(self._ids) or idle)

    @property
    def may_speak(self) -> bool:
        """Whether all has been read that its next frame needs."""
        return not self._mute and self._wanted() == self._read and not self._due

    @property
    def gliding(self) -> bool:
        """Whether all it does next is to hear the frame it said last, and to say another one."""
        due = self._due == 1 and not (self._mute or self._ends_at(self._heard + 1))
        return due and self._wanted() == self._read == self._wanted_before(self._heard + 1)

    @property
    def enough(self) -> bool:
        """Whether the text has come that its first new frame needs."""
        wanted = self._wanted_before(len(self.utterance.prompt))
        return not self._mute and wanted <= len(self._ids)

    @property
    def may_stop(self) -> bool:
        """Whether a stop counts: all text is read, or it was asked for at any time."""
        unread = self._open or self._read < len(self._ids)
        return self.utterance.obey_early_stop or not unread

    @property
    def full(self) -> bool:
        """Whether what it has to read next has no position left."""
        at_least = min(self._wanted(), len(self._ids) + 1)
        return at_least + self._heard + self._due > self._positions

    @property
    def at_limit(self) -> bool:
        """Whether a further frame would be one too many."""
        return self._ends_at(self._heard)

    @property
    def said_all(self) -> bool:
        """Whether a dictation has come to its end, whatever the model thinks."""
        tail, length = self.utterance.tail, len(self._ids)
        if tail is None or self._open:
            return False
        frame = len(self.utterance.prompt) + self._said
        return self.utterance.layout.tokens_before(max(0, frame - tail), length) >= length

    def more(self, ids: Sequence[int], *, mute: bool = False) -> None:
        """Give it further tokens; as long as all of them are mute, it reads but does not speak."""
        self._ids.extend(ids)
        self._mute = self._mute and mute

    def end_text(self) -> None:
        """Tell it that no more text will come."""
        self._open = False
        self._mute = False

    def take(self) -> tuple[list[Tensor], list[Tensor]]:
        """Give what is to be read now, in order, by the conditional row and by the other.

        Each part is ids int64 [t] or latents [f, D], not empty.
        """
        parts: list[Tensor] = []
        first = self._read == 0
        while not self.full and (wanted := self._wanted()) <= len(self._ids):
            if wanted > self._read:
                parts.append(torch.tensor(self._ids[self._read : wanted]))
                self._read = wanted
            if not self._due:
                break
            parts.append(self._take_frames())
        plain = [part for part in parts if part.is_floating_point()]
        if first and parts:
            plain.insert(0, self.utterance.layout.unconditional(torch.tensor(self._ids)))
        return parts, plain

    def hear(self) -> Tensor:
        """Give the frame [D] that it said last: heard now."""
        self._heard += 1
        self._due = 0
        return self._next[0]

    def draw(self, latent: Tensor) -> None:
        """Take the frame [D] that was drawn, to be read before the next one."""
        self._next, self._due = latent[None], 1

    def say(self, latent: Tensor, state: Tensor) -> None:
        """Count a frame [D] that was drawn from a state [H] as said."""
        self.began = min(self.began, perf_counter())
        self.spoken += 1
        # States may lie in a buffer that the next step fills again.
        self.frames.append(latent if self.mean is None else state.clone())

    def give(self, most: int | None = None) -> Tensor:
        """Give the first frames said, at most so many, to whoever sounds them: [frames, D]."""
        count = len(self.frames) if most is None else min(most, len(self.frames))
        if not count:
            return self.utterance.prompt.new_empty(0, self.utterance.prompt.shape[1])
        said = torch.stack([self.frames.popleft() for _ in range(count)])
        heard = (said if self.mean is None else self.mean(said)).float()
        timbre = self.utterance.timbre
        return heard if timbre is None else timbre(heard)

    @property
    def _said(self) -> int:
        return self.spoken + self.flying

    def _ends_at(self, heard: int) -> bool:
        full = self._read + heard >= self._positions
        return full or self._said >= self.utterance.max_frames or self.said_all

    def _wanted(self) -> int:
        return self._wanted_before(self._heard)

    def _wanted_before(self, frame: int) -> int:
        length = _UNKNOWN if self._open else len(self._ids)
        return self.utterance.layout.tokens_before(frame, length)

    def _take_frames(self) -> Tensor:
        """Take the frames [f, D] that come before any further token."""
        count = 1
        while count < self._due and self._wanted_before(self._heard + count) == self._read:
            count += 1
        frames, self._next = self._next[:count], self._next[count:]
        self._heard += count
        self._due -= count
        return frames
