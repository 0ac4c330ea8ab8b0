"""What a stream is doing."""

from __future__ import annotations

from enum import StrEnum


class StreamState(StrEnum):
    """What a stream is doing.

    WAITING for text, SPEAKING, or over: FINISHED by the model, CUT by `max_seconds` or the end
    of the positions, CANCELLED, or FAILED for want of memory and the like. When it is over,
    audio may still be there to be read, unless it was cancelled.
    """

    WAITING = "waiting"
    SPEAKING = "speaking"
    FINISHED = "finished"
    CUT = "cut"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether nothing more will be said."""
        return self not in {StreamState.WAITING, StreamState.SPEAKING}
