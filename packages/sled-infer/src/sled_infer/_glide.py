"""Frames between two readings of text, one step of unchanging shapes each; made for GPUs.

The device goes from frame to frame by itself, and only says of each whether speech had ended
before it. Host and device would wait for each other if that answer were wanted before the next
step could begin. So it is looked at when later steps have been begun: until then their frames fly,
and those that were drawn beyond an end are dropped. What is said is the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sled_model import Seat

from ._ahead import take_modulations
from ._later import Later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_model import SledModel
    from torch import Tensor

    from ._rows import Rows
    from ._track import Track


@dataclass(frozen=True)
class _Flight:
    """A step that was begun: who was in it, who may stop, and what was drawn."""

    tracks: Sequence[Track]
    may_stop: Sequence[bool]
    latents: Sequence[Tensor]
    states: Sequence[Tensor]
    chances: Later

    def land(self) -> None:
        """Let each say its frame, or end before it."""
        drawn = zip(self.tracks, self.may_stop, self.latents, self.states, strict=True)
        for (track, may_stop, latent, state), chance in zip(drawn, self.chances.get(), strict=True):
            track.flying -= 1
            if track.ended:
                continue
            if may_stop and chance >= track.utterance.stops_at:
                track.stopped = True
            else:
                track.say(latent, state)


class Glide:
    """Moves the tracks that need nothing but their own last frame."""

    def __init__(self, model: SledModel, rows: Rows, lag: int) -> None:
        """Make it for some rows; `lag` is how many steps are begun before a stop is looked at."""
        self._model = model
        self._rows = rows
        self._lag = lag
        self._flights: deque[_Flight] = deque()
        self._laid: tuple[int, ...] = ()

    def step(self, tracks: Sequence[Track]) -> bool:
        """Begin a step of the tracks, which all glide; tell whether anything was done."""
        if tracks:
            self._flights.append(self._begin(tracks))
        landing = max(0, len(self._flights) - (self._lag if tracks else 0))
        for _ in range(landing):
            self._flights.popleft().land()
        return bool(tracks) or landing > 0

    def forget(self) -> None:
        """Drop what flies."""
        self._flights.clear()

    def _begin(self, tracks: Sequence[Track]) -> _Flight:
        static = self._rows.static()
        company = (self._rows.changes, *map(id, tracks))
        heard = [track.hear() for track in tracks]
        if company != self._laid:
            seats = [_seat(track, frame) for track, frame in zip(tracks, heard, strict=True)]
            static.lay(seats, len(self._rows))
            self._laid = company
        latents, states, chances = static(take_modulations(self._model, tracks))
        frames = latents.unbind(0)
        for track, frame in zip(tracks, frames, strict=True):
            track.flying += 1
            track.draw(frame)
        may_stop = [track.may_stop for track in tracks]
        return _Flight(tracks, may_stop, frames, states.unbind(0), Later(chances))


def _seat(track: Track, frame: Tensor) -> Seat:
    return Seat(track.rows[0].index, track.rows[-1].index, track.utterance.cfg, frame)
