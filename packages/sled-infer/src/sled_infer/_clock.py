"""When text came and when audio left: what a listener of a stream notices of its speed."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from time import perf_counter


@dataclass
class StreamClock:
    """The times of one stream, in seconds; None for what has not happened.

    Attributes:
        compute: seconds of work for this stream, waiting for text not counted.
        audio: seconds of audio handed out.
        chunks: in so many pieces.
        margin: how far the audio handed out was ahead of a player that began with the first
            piece, at the worst moment just before a piece came: below 0 the player fell silent,
            because of slow computing or because of slow text. Infinite with one piece.

    """

    compute: float = 0.0
    audio: float = 0.0
    chunks: int = 0
    margin: float = inf
    _text: float | None = field(default=None, repr=False)
    _allowed: float | None = field(default=None, repr=False)
    _first: float | None = field(default=None, repr=False)

    def text_came(self, when: float, *, enough: bool) -> None:
        """Note that text came, by `perf_counter`; `enough` of it for a first frame, or not yet."""
        self._text = when if self._text is None else self._text
        if enough and self._allowed is None:
            self._allowed = when

    def audio_left(self, seconds: float) -> None:
        """Note that a piece of audio was handed out."""
        now = perf_counter()
        if self._first is None:
            self._first = now
        else:
            self.margin = min(self.margin, self._first + self.audio - now)
        self.audio += seconds
        self.chunks += 1

    @property
    def ttfa(self) -> float | None:
        """From the text that allowed the first frame (its n-th token) to the first audio."""
        return _between(self._allowed, self._first)

    @property
    def ttfa_from_text(self) -> float | None:
        """From the first piece of text to the first audio."""
        return _between(self._text, self._first)

    @property
    def rtf(self) -> float:
        """Seconds of compute per second of audio; infinite if there is no audio."""
        return self.compute / self.audio if self.audio else inf


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start
