"""One utterance of a stream: its track through the engine, and its audio."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import finalize

import torch

from ._chunks import Chunks

if TYPE_CHECKING:
    from sled_codec import Codec
    from torch import Tensor

    from ._engine import Engine
    from ._script import Script

_MOST_AHEAD = 150  # frames: 2 s that nobody has read


class Part:
    """The utterance that a stream speaks now.

    Attributes:
        track: its state in the engine.

    """

    def __init__(self, engine: Engine, codec: Codec, script: Script, chunk_frames: int) -> None:
        self._chunks = Chunks(codec, chunk_frames)
        self._script = script
        self._kept: list[Tensor] | None = None
        self.track = script.open(engine, max(_MOST_AHEAD, self._chunks.most))
        if script.wants_voice:
            self._kept = []
        # A stream that is dropped without a word must not stay in the batch for ever.
        finalize(self, engine.leave, self.track).atexit = False

    @property
    def wanted(self) -> int:
        """How many frames the next piece of audio takes."""
        return self._chunks.wanted

    @property
    def left(self) -> bool:
        """Whether there is anything to decode, be it the end alone."""
        return self._chunks.left(self.track)

    def take(self, *, may_grow: bool) -> Tensor:
        """Give the audio of the next frames, float32 [samples]; may be empty."""
        wave = self._chunks.take(self.track, may_grow=may_grow)
        if self._kept is not None:
            self._kept.append(wave)
        return wave

    def hand_on(self) -> None:
        """Give the voice of what was said to what is said next, where nothing else does."""
        if self._kept:
            wave, self._kept = torch.cat(self._kept), None
            self._script.go_on_as(wave, stopped=bool(self.track.stopped))

    def forget(self) -> None:
        """Free what it remembers."""
        self.track.frames.clear()
        self._chunks.forget()
