"""From one stream's frames to its audio, a few frames at a time."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from ._errors import SynthesisError

if TYPE_CHECKING:
    from sled_codec import Codec
    from torch import Tensor

    from ._track import Track


GROWTH = 1.25
_MOST = 3


class Chunks:
    """Decodes a track's frames as they come; the joined audio does not hang on the cuts.

    The first piece is of `frames`, so that it comes soon. The next ones may grow, to three times
    as many, because a frame costs less in a longer piece.
    """

    def __init__(self, codec: Codec, frames: int) -> None:
        if frames < 1:
            raise SynthesisError(f"chunk_frames: {frames} is too small; give 1 or more")
        self._codec = codec
        self._frames, self._most = frames, _MOST * frames
        self._state = codec.decoder_state()

    @property
    def wanted(self) -> int:
        """How many frames the next piece takes; the first one what the codec needs to begin."""
        return max(self._frames, self._codec.frames_to_start - self._state.frames)

    @property
    def most(self) -> int:
        """How many frames a piece may ever take."""
        return max(self._most, self.wanted)

    def left(self, track: Track) -> bool:
        """Tell whether there is anything to decode, be it the end alone."""
        return bool(track.frames) or (track.ended and not self._state.ended)

    def take(self, track: Track, *, may_grow: bool) -> Tensor:
        """Take frames from the track and give their audio, float32 [samples] on the CPU.

        It is empty where the codec waits for more frames.
        """
        latents = track.give(self.wanted)
        if may_grow and len(latents) >= self._frames:
            self._frames = min(ceil(GROWTH * self._frames), self._most)
        last = track.ended and not track.frames
        return self._codec.decode_step(latents, self._state, last=last).cpu()

    def forget(self) -> None:
        """Free what it remembers."""
        self._state = self._codec.decoder_state()
