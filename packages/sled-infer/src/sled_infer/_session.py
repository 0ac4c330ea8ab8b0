"""A stream: text is pushed in as it comes, audio is read as it is made.

    with synthesizer.open_stream() as stream:
        stream.push("three one ")
        for wave in stream.ready():   # what can be said so far
            ...
        stream.flush()                # the text is over
        for wave in stream:           # until the end
            ...

Text may be pushed by one thread and audio read by another. Whoever reads does the work, for all
streams of the synthesizer; one whose audio nobody reads pauses, so that it holds little. A text may
be of any length: where an utterance is full, at the end of a sentence, another one goes on.
"""

from __future__ import annotations

import logging
from functools import partial
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, Self

import torch

from ._async import listen
from ._chunks import GROWTH
from ._clock import StreamClock
from ._errors import SynthesisError
from ._part import Part
from ._state import StreamState
from ._threads import computing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from sled_codec import Codec
    from torch import Tensor

    from ._engine import Engine
    from ._script import Script
    from ._track import Track

DEFAULT_CHUNK = 5
_log = logging.getLogger(__name__)


class Stream:
    """One text on its way to speech; made by `Synthesizer.open_stream`.

    Attributes:
        clock: when text came and audio left.
        sample_rate: samples a second.

    """

    def __init__(self, engine: Engine, codec: Codec, script: Script, chunk_frames: int) -> None:
        self.clock = StreamClock()
        self.sample_rate = codec.sample_rate
        self._engine = engine
        self._script = script
        self._begin = partial(Part, engine, codec, script, chunk_frames)
        self._part = self._begin()
        self._flushed = False
        self._cancelled = False
        self._cut_short = False
        self._explained = False
        self._news = Event()
        self._listener: Callable[[], object] | None = None

    @property
    def state(self) -> StreamState:
        """What it is doing now."""
        track = self._part.track
        if self._cancelled:
            return StreamState.CANCELLED
        if track.failure is not None:
            return StreamState.FAILED
        if track.ended and not self._script.goes_on(track):
            whole = track.stopped and not self._cut_short and not self._script.unspoken()
            return StreamState.FINISHED if whole else StreamState.CUT
        return StreamState.WAITING if track.waiting else StreamState.SPEAKING

    @property
    def over(self) -> bool:
        """Whether nothing more will be said, and text is of no use."""
        return self.state.over

    @property
    def text(self) -> str:
        """What it was given to say, as far as that is certain."""
        return self._script.text

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Words left out because this voice cannot say them."""
        return self._script.unsupported

    def push(self, piece: str) -> None:
        """Give a further piece of the text: a character, a word, a book.

        Raises:
            SynthesisError: it is no valid text, no word ends, or the stream is over or flushed.

        """
        if self._flushed or self.over:
            why = "its text is over" if self._flushed else f"it is {self.state}"
            raise SynthesisError(f"stream: takes no more text, for {why}; open another")
        came = perf_counter()
        self._script.push(piece)
        self.clock.text_came(came, enough=self._script.enough)
        self._tell()

    def flush(self) -> None:
        """Say that the text is over, so that all of it is spoken; again does nothing.

        Raises:
            SynthesisError: there was nothing to say; who waits for audio waits until `cancel`.

        """
        if self._flushed or self.over:
            return
        came = perf_counter()
        self._script.finish()
        self._flushed = True
        self.clock.text_came(came, enough=True)
        self._tell()

    def cancel(self) -> None:
        """Stop at once, drop what was not read, free all it holds; never waits, never fails."""
        part = self._part
        self._cancelled = self._cancelled or not part.track.ended or bool(part.track.frames)
        self._engine.leave(part.track)
        part.forget()
        self._tell()

    def read(self) -> Tensor | None:
        """Give the next audio, float32 [samples] on the CPU, working as long as it takes.

        Returns:
            None where more text is needed first, or at the end: `over` tells.

        Raises:
            SynthesisError: the work broke off, here or in another stream of the batch.

        """
        began = perf_counter()
        try:
            with computing(self._engine.threads):
                wave = self._next()
        finally:
            self.clock.compute += perf_counter() - began
        if wave is not None:
            self.clock.audio_left(len(wave) / self.sample_rate)
        return wave

    def ready(self) -> Iterator[Tensor]:
        """Give all audio that can be had without further text; never waits for text."""
        while (wave := self.read()) is not None:
            yield wave

    def __iter__(self) -> Iterator[Tensor]:
        """Give all audio until the end, waiting for text that another thread pushes."""
        while True:
            self._news.clear()
            if (wave := self.read()) is not None:
                yield wave
            elif self.over:
                return
            else:
                self._news.wait()

    def __aiter__(self) -> AsyncIterator[Tensor]:
        """Give all audio until the end, waiting for text that another task or thread pushes."""
        return listen(self)

    def speak(self, pieces: Iterable[str]) -> Iterator[Tensor]:
        """Push pieces, each when all that came before has been spoken, and flush; give the audio.

        Ends, and cancels the stream, when the pieces or the model do, or when it is closed.
        """
        with self:
            yield from self.ready()
            for piece in pieces:
                self.push(piece)
                yield from self.ready()
                if self.over:
                    return
            self.flush()
            yield from self.ready()

    def notify(self, listener: Callable[[], object] | None) -> None:
        """Have a function called, in any thread, when text comes or the stream is cancelled."""
        self._listener = listener

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def _next(self) -> Tensor | None:
        while not self._cancelled:
            part, track = self._part, self._part.track
            # Asked before frames are counted, for another thread may be adding some meanwhile.
            settled = track.ended or track.waiting
            if not settled and len(track.frames) < part.wanted:
                self._engine.step()
            elif part.left:
                wave = part.take(may_grow=self._has_time())
                if len(wave):
                    return wave
            elif track.ended and self._script.goes_on(track):
                self._note_end(track)
                part.hand_on()
                self._part = self._begin()
                if self._script.pause:
                    return torch.zeros(round(self._script.pause * self.sample_rate))
            else:
                self._explain_end()
                return None
        return None

    def _has_time(self) -> bool:
        """Tell whether a longer piece would be there before the one in front of it is over."""
        # Of a batch that is slow the share counts: longer pieces make all of it quicker.
        share = self.clock.compute / max(1, self._engine.tracks)
        return GROWTH * share < self.clock.audio

    def _explain_end(self) -> None:
        failure = self._part.track.failure
        if failure is not None:
            raise SynthesisError(f"stream: the work broke off ({failure}); open another")
        if self.state is StreamState.CUT and not self._explained:
            self._explained = True
            self._note_end(self._part.track)

    def _note_end(self, track: Track) -> None:
        """Warn if it was the model's positions that ended an utterance."""
        if not track.stopped:
            self._cut_short = True
            if track.spoken < track.utterance.max_frames:
                _log.warning(
                    "stream: after %.1f s an utterance ran to the end of the model's %d positions; "
                    "words may be missing, or noise be added",
                    self.clock.audio,
                    self._engine.positions,
                )

    def _tell(self) -> None:
        self._news.set()
        if self._listener is not None:
            self._listener()
