"""A stream: text is pushed in as it comes, audio is read as it is made.

    with synthesizer.open_stream() as stream:
        stream.push("three one ")
        for wave in stream.ready():   # what can be said so far
            ...
        stream.flush()                # the text is over
        for wave in stream:           # until the end
            ...

Text may be pushed by one thread and audio read by another. Whoever reads does the work, for all
streams of the synthesizer; one whose audio nobody reads pauses, so that it holds little.
"""

from __future__ import annotations

import logging
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, Self
from weakref import finalize

from ._async import listen
from ._chunks import Chunks
from ._clock import StreamClock
from ._errors import SynthesisError
from ._state import StreamState
from ._threads import computing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from sled_codec import Codec
    from torch import Tensor

    from ._engine import Engine
    from ._reader import TextReader
    from ._utterance import Utterance

DEFAULT_CHUNK = 5
_MOST_AHEAD = 150  # frames: 2 s that nobody has read
_log = logging.getLogger(__name__)


class Stream:
    """One text on its way to speech; made by `Synthesizer.open_stream`.

    Attributes:
        clock: when text came and audio left.
        sample_rate: samples a second.

    """

    def __init__(
        self,
        engine: Engine,
        codec: Codec,
        utterance: Utterance,
        reader: TextReader,
        chunk_frames: int,
    ) -> None:
        self.clock = StreamClock()
        self.sample_rate = codec.sample_rate
        self._engine = engine
        self._chunks = Chunks(codec, chunk_frames)
        self._reader = reader
        self._flushed = False
        self._cancelled = False
        self._explained = False
        self._news = Event()
        self._listener: Callable[[], object] | None = None
        ahead = max(_MOST_AHEAD, self._chunks.wanted)
        self._track = engine.join(utterance, open_text=True, most_ahead=ahead)
        # A stream that is dropped without a word must not stay in the batch for ever.
        finalize(self, engine.leave, self._track).atexit = False

    @property
    def state(self) -> StreamState:
        """What it is doing now."""
        if self._cancelled:
            return StreamState.CANCELLED
        if self._track.failure is not None:
            return StreamState.FAILED
        if self._track.ended:
            return StreamState.FINISHED if self._track.stopped else StreamState.CUT
        return StreamState.WAITING if self._track.waiting else StreamState.SPEAKING

    @property
    def over(self) -> bool:
        """Whether nothing more will be said, and text is of no use."""
        return self.state.over

    @property
    def text(self) -> str:
        """What it was given to say, as far as that is certain."""
        return self._reader.text

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Words left out because this voice cannot say them."""
        return self._reader.unsupported

    def push(self, piece: str) -> None:
        """Give a further piece of the text: a character, a word, a book.

        Raises:
            SynthesisError: it is no valid text, no word ends, more of it has come than the
                model can hold, or the stream is over or flushed.

        """
        if self._flushed or self.over:
            why = "its text is over" if self._flushed else f"it is {self.state}"
            raise SynthesisError(f"stream: takes no more text, for {why}; open another")
        ids = self._reader.push(piece)
        limit = self._engine.positions
        if self._track.tokens + len(ids) > limit:
            raise SynthesisError(
                f"text: more than the {limit} tokens and frames the model can hold; "
                "say less in one stream"
            )
        self._track.more(ids, mute=not self._reader.speakable)
        self.clock.text_came(enough=self._track.enough)
        self._tell()

    def flush(self) -> None:
        """Say that the text is over, so that all of it is spoken; again does nothing.

        Raises:
            SynthesisError: there was nothing to say.

        """
        if self._flushed or self.over:
            return
        self._track.more(self._reader.finish())
        self._track.end_text()
        self._flushed = True
        self.clock.text_came(enough=True)
        self._tell()

    def cancel(self) -> None:
        """Stop at once, drop what was not read, free all it holds; never waits, never fails."""
        self._cancelled = self._cancelled or not self._track.ended or bool(self._track.frames)
        self._engine.leave(self._track)
        self._track.frames.clear()
        self._chunks.forget()
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
            track = self._track
            # Asked before frames are counted, for another thread may be adding some meanwhile.
            settled = track.ended or track.waiting
            if not settled and len(track.frames) < self._chunks.wanted:
                self._engine.step()
            elif self._chunks.left(track):
                wave = self._chunks.take(track)
                if len(wave):
                    return wave
            else:
                self._explain_end()
                return None
        return None

    def _explain_end(self) -> None:
        failure, limit = self._track.failure, self._track.utterance.max_frames
        if failure is not None:
            raise SynthesisError(f"stream: the work broke off ({failure}); open another")
        if self.state is StreamState.CUT and self._track.spoken < limit and not self._explained:
            self._explained = True
            _log.warning(
                "stream: ended after %.1f s, where the model's %d positions end; "
                "what was not spoken yet is lost",
                self.clock.audio,
                self._engine.positions,
            )

    def _tell(self) -> None:
        self._news.set()
        if self._listener is not None:
            self._listener()
