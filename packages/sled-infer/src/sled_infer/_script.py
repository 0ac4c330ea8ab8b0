"""What a stream has to say: a text of any length, given out utterance by utterance.

Text is cut as it comes, where an utterance is full. What belongs to later ones waits as text, so
that a stream holds one utterance's state at a time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from math import inf
from threading import Lock
from typing import TYPE_CHECKING

from ._cutter import Cut
from ._reading import piece_seed

if TYPE_CHECKING:
    from torch import Tensor

    from ._engine import Engine
    from ._plan import Planner
    from ._reader import TextReader
    from ._speech import Request
    from ._track import Track
    from ._voice import Voice


_SLICE = 2000  # characters that are cut before what has come of them is handed on
_MOST_SECONDS = 10**9  # so that no whole number is too large for what is counted in floats


class Script:
    """The text of one stream; one thread may push while another opens utterances.

    Args:
        planner: turns text into utterances.
        request: how all of it is to be said; its text is not read.
        obey_early_stop: see `Utterance`.

    Attributes:
        number: of the utterance that is open, from 0 on.
        pause: seconds of silence before it.

    """

    def __init__(self, planner: Planner, request: Request, *, obey_early_stop: bool) -> None:
        self.number = -1
        self.pause = 0.0
        self._planner = planner
        self._request = request
        self._obey = obey_early_stop
        self._cutter = planner.cutter(request)
        self._queue: deque[str | Cut] = deque()
        self._lock = Lock()
        self._over = False
        self._closed = True
        self._cut: Cut | None = None
        self._voice: Voice | None = request.voice
        seconds = inf if request.max_seconds is None else min(request.max_seconds, _MOST_SECONDS)
        self._seconds_left = float(seconds)
        self._readers: list[TextReader] = []
        self._track: Track | None = None

    @property
    def text(self) -> str:
        """What was given to say, as far as that is certain."""
        return " ".join(filter(None, (reader.text for reader in self._readers)))

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Words left out because this voice cannot say them."""
        return tuple(word for reader in self._readers for word in reader.unsupported)

    @property
    def enough(self) -> bool:
        """Whether the text has come that the first frame needs."""
        return self.number > 0 or (self._track is not None and self._track.enough)

    @property
    def wants_voice(self) -> bool:
        """Whether the utterance that is open is to become the voice of the later ones."""
        return self.number == 0 and self._planner.voiceless(self._request)

    def unspoken(self) -> bool:
        """Tell whether text is known that a later utterance would speak."""
        return self._cut is not None

    def goes_on(self, track: Track) -> bool:
        """Tell whether another utterance is to be opened after this one, which has ended."""
        early = self._obey and track.stopped and not self._closed
        rate = self._planner.codec.frame_rate
        left = self._seconds_left - track.spoken / rate
        return self.unspoken() and track.failure is None and not early and left * rate >= 1

    def push(self, piece: str) -> None:
        """Take a piece of text; SynthesisError as `Stream.push`."""
        slices = [piece]
        if isinstance(piece, str) and len(piece) > _SLICE:
            # So that a book is spoken while it is cut.
            slices = [piece[at : at + _SLICE] for at in range(0, len(piece), _SLICE)]
        for each in slices:
            with self._lock:
                self._queue += self._cutter.push(each)
                self._feed()

    def finish(self) -> None:
        """Take notice that the text is over; SynthesisError if there was nothing to say."""
        with self._lock:
            self._queue += self._cutter.finish()
            self._over = True
            self._feed()

    def open(self, engine: Engine, most_ahead: int) -> Track:
        """Begin the next utterance, and give it what text there is for it."""
        with self._lock:
            if self._track is not None:
                self._seconds_left -= self._track.spoken / self._planner.codec.frame_rate
            self.number += 1
            self.pause, self._cut = (self._cut.pause if self._cut else 0.0), None
            limit = None if self._seconds_left == inf else self._seconds_left
            seed = piece_seed(self._request.seed, self.number)
            utterance, reader = self._planner.plan_open(
                replace(self._request, voice=self._voice, seed=seed, max_seconds=limit)
            )
            utterance = replace(utterance, obey_early_stop=self._obey)
            self._readers.append(reader)
            self._track = engine.join(utterance, open_text=True, most_ahead=most_ahead)
            self._closed = False
            try:
                self._feed()
            except BaseException:
                engine.leave(self._track)
                raise
            return self._track

    def go_on_as(self, wave: Tensor, *, stopped: bool) -> None:
        """Let the later utterances be in the voice of what the first one said."""
        self._voice = self._planner.voice_of(wave, self._readers[0].text, stopped=stopped)

    def _feed(self) -> None:
        """Give the open utterance its text, up to the next cut."""
        reader, track = self._readers[-1], self._track
        while self._queue and not self._closed and track is not None:
            each = self._queue.popleft()
            if isinstance(each, Cut):
                self._cut = each
                self._close(reader, track)
            else:
                track.more(reader.push(each), mute=not reader.speakable)
        if self._over and not self._closed and track is not None:
            self._close(reader, track)

    def _close(self, reader: TextReader, track: Track) -> None:
        track.more(reader.finish())
        track.end_text()
        self._closed = True
