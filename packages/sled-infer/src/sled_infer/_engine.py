"""The decoding engine: one batch that utterances join and leave while others go on.

    for number, track in Engine(model).decode(utterances):
        track.frames   # what it said: latents [D], frame by frame

In a step every utterance that can moves on by one frame, all in one pass over the weights; text
that has become due, of new ones or between frames, is read in a pass of its own. An utterance has
a conditional row in the cache and, if it is guided, an unconditional one that has lost its text
(2207.12598, classifier-free guidance; here on the hidden state the head is conditioned on).

On CUDA those that read no text go on in steps of unchanging shapes, and whether they stop is
looked at a step late (see `_glide.py`); what they say is the same.

Any thread may call any method: one at a time moves the batch, for all.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

import torch
from sled_model import MeanDraw, ModelError

from ._advance import advance
from ._glide import Glide
from ._rows import Rows
from ._threads import choose_threads, computing
from ._track import Track

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sled_model import SledModel

    from ._utterance import Utterance


class Engine:
    """Speaks any number of utterances at once, each as it would be spoken alone.

    Attributes:
        threads: how many of the processor's threads a step uses.

    """

    def __init__(
        self,
        model: SledModel,
        *,
        threads: int | None = None,
        static: bool | None = None,
        lag: int = 1,
    ) -> None:
        """Make an empty batch.

        Args:
            model: in evaluation mode.
            threads: that compute; None for one a core that this process may use.
            static: take steps of unchanging shapes between texts; None where it is on CUDA.
            lag: steps begun before a stop is looked at, for which noise has to be there.

        """
        self.threads = choose_threads(threads)
        self._model = model
        self._rows = Rows(model)
        static = prefers_static(model) if static is None else static
        self._glide = Glide(model, self._rows, lag) if static else None
        self._tracks: list[Track] = []
        self._joining: deque[Track] = deque()
        self._leaving: deque[Track] = deque()
        self._lock = Lock()
        self._means: dict[int, MeanDraw] = {}

    @property
    def rows(self) -> int:
        """How many rows of the cache are in use."""
        return len(self._rows)

    @property
    def tracks(self) -> int:
        """How many utterances share the work."""
        return len(self._tracks)

    @property
    def positions(self) -> int:
        """How many tokens and frames an utterance can have."""
        return self._rows.positions

    def join(
        self, utterance: Utterance, *, open_text: bool = False, most_ahead: int | None = None
    ) -> Track:
        """Take in an utterance, from the next step on.

        Args:
            utterance: what to say.
            open_text: more text will come, through `Track.more` and `Track.end_text`.
            most_ahead: frames not taken with which it pauses; None for no limit.

        Raises:
            ModelError: text and prompt leave no position to speak.

        """
        positions = self.positions
        text, prompt = len(utterance.text_ids), len(utterance.prompt)
        if (not open_text and text == 0) or utterance.max_frames < 1:
            raise ModelError("utterance: needs text, and at least one frame to say it")
        read = text if open_text else utterance.layout.tokens_before(prompt, text)
        if read + prompt >= positions:
            raise ModelError(
                f"utterance: {read} tokens and {prompt} frames of a prompt leave nothing of the "
                f"model's {positions} positions; shorten them"
            )
        track = Track(
            utterance,
            positions,
            open_text=open_text,
            most_ahead=most_ahead,
            mean=self._mean(utterance.draws),
        )
        self._joining.append(track)
        return track

    def leave(self, track: Track) -> None:
        """Take an utterance out at once, whether it has ended or not, and free its rows.

        Never waits: if another thread is amid a step, that thread frees them when it is done.
        """
        if track.stopped is None:
            track.stopped = False
        with suppress(ValueError):  # It has gone in already.
            self._joining.remove(track)
        self._leaving.append(track)
        self._tidy()

    @torch.inference_mode()
    def step(self) -> bool:
        """Move every utterance that can move; tell whether there was one."""
        with self._lock, computing(self.threads):
            try:
                self._welcome()
                moved = self._move()
            except BaseException as error:
                self._abandon(error)
                raise
            finally:
                self._dismiss()
        self._tidy()
        return moved

    def decode(
        self, utterances: Sequence[Utterance], *, at_once: int | None = None
    ) -> Iterator[tuple[int, Track]]:
        """Speak utterances whose text is known, at most `at_once` of them at a time.

        Yields:
            Each one's number and track when it has ended. Closing the generator takes the
            others out.

        """
        waiting = deque(enumerate(utterances))
        going: dict[int, Track] = {}
        try:
            while waiting or going:
                while waiting and len(going) < (at_once or len(utterances)):
                    number, utterance = waiting.popleft()
                    going[number] = self.join(utterance)
                self.step()
                for number in [number for number, track in going.items() if track.ended]:
                    track = going.pop(number)
                    if track.failure is not None:
                        raise track.failure
                    yield number, track
        finally:
            for track in going.values():
                self.leave(track)

    def _mean(self, draws: int) -> MeanDraw | None:
        if draws > 1 and draws not in self._means:
            self._means[draws] = MeanDraw(self._model, draws)
        return self._means.get(draws)

    def _welcome(self) -> None:
        while (track := self._next_to_join()) is not None:
            if not track.ended:
                self._tracks.append(track)  # first, so that it is told if there is no room
                for _ in range(1 + track.utterance.guided):
                    track.rows = (*track.rows, self._rows.add())

    def _next_to_join(self) -> Track | None:
        try:
            return self._joining.popleft()
        except IndexError:  # The last one may just have left.
            return None

    @torch.inference_mode()
    def _dismiss(self) -> None:
        """Free the rows of all that have ended."""
        self._leaving.clear()
        for track in [track for track in self._tracks if track.ended]:
            self._tracks.remove(track)
            for row in track.rows:
                self._rows.remove(row)
            track.rows = ()

    def _tidy(self) -> None:
        # Whoever holds the lock looks again after letting go: nothing is left lying.
        while self._leaving and self._lock.acquire(blocking=False):
            try:
                self._dismiss()
            finally:
                self._lock.release()

    def _abandon(self, error: BaseException) -> None:
        """End all: after a step that broke off, nobody's past can be trusted."""
        if self._glide is not None:
            self._glide.forget()
        for track in self._tracks:
            if track.stopped is None:
                track.stopped, track.failure = False, error

    def _move(self) -> bool:
        moving = [track for track in self._tracks if not (track.ended or track.paused)]
        if self._glide is None:
            return advance(self._model, self._rows, moving)
        gliding = [track for track in moving if track.gliding]
        # What has to read waits until all that it said is known.
        others = [track for track in moving if not (track.flying or track.gliding)]
        glided = self._glide.step(gliding)
        return advance(self._model, self._rows, others) or glided


def prefers_static(model: SledModel) -> bool:
    """Tell whether steps of unchanging shapes pay: where a graph can start them."""
    return model.device.type == "cuda"
