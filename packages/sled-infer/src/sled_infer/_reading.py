"""Texts of any length, spoken piece by piece in one voice and put together with pauses."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Self

import torch

from ._batch import speak
from ._errors import SynthesisError
from ._threads import computing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ._engine import Engine
    from ._plan import Planned, Planner
    from ._speech import Request, Speech
    from ._voice import Voice

_A_SAMPLE = 5e-5  # seconds: a piece that was cut off to fill the time may be so much too short


class Reading:
    """One request on its way: its pieces, each to be spoken as a request of its own."""

    def __init__(self, planner: Planner, request: Request) -> None:
        self._planner = planner
        self._request = request
        self.pieces = planner.cut(request)
        # A model without any voice of its own takes another for every utterance.
        self.needs_first = len(self.pieces) > 1 and planner.voiceless(request)

    def plan(self, number: int, voice: Voice | None = None) -> Planned:
        """Plan a piece, if given in this voice; SynthesisError as `Synthesizer.synthesize`."""
        request, text = self._request, self.pieces[number].text
        seed = piece_seed(request.seed, number)
        return self._planner.plan(
            replace(request, text=text, seed=seed, voice=voice or request.voice)
        )

    def finish(self, number: int, speech: Speech) -> Speech:
        """Give a piece's speech its place in the whole."""
        return replace(speech, seed=self._request.seed, pause=self.pieces[number].pause)

    def joined(self, spoken: Sequence[Speech]) -> Speech:
        """Put the pieces together, with their pauses, up to `max_seconds`."""
        if len(spoken) == 1:
            return spoken[0]
        kept = list(within(spoken, self._request.max_seconds))
        waves = [each for speech in kept for each in (silence(speech), speech.wave)]
        return replace(
            kept[0],
            wave=torch.cat(waves),
            latents=torch.cat([speech.latents for speech in kept]),
            text=" ".join(speech.text for speech in kept),
            stopped=len(kept) == len(spoken) and all(speech.stopped for speech in kept),
            unsupported=tuple(word for speech in kept for word in speech.unsupported),
            compute_seconds=sum(speech.compute_seconds for speech in spoken),
        )


def speak_all(
    planner: Planner, engine: Engine, requests: Sequence[Request], *, batch_size: int
) -> list[Speech]:
    """Speak all pieces of all requests in one batch, and put each request together."""
    _check_batch(batch_size)
    with computing(engine.threads):
        return _speak_all(planner, engine, requests, batch_size)


def _speak_all(
    planner: Planner, engine: Engine, requests: Sequence[Request], batch_size: int
) -> list[Speech]:
    readings: list[Reading] = []
    for place, request in enumerate(requests):
        with _naming(place, len(requests)):
            readings.append(Reading(planner, request))
    spoken: dict[tuple[int, int], Speech] = {}
    for first in (True, False):
        planned: dict[tuple[int, int], Planned] = {}
        for place, reading in enumerate(readings):
            voice = _voice(planner, reading, spoken.get((place, 0)))
            with _naming(place, len(requests)):
                planned |= {
                    (place, number): reading.plan(number, voice)
                    for number in range(len(reading.pieces))
                    if (number == 0 or not reading.needs_first) == first
                }
        speeches = speak(engine, planner.codec, list(planned.values()), at_once=batch_size)
        for (place, number), speech in zip(planned, speeches, strict=True):
            spoken[place, number] = readings[place].finish(number, speech)
    return [
        reading.joined([spoken[place, number] for number in range(len(reading.pieces))])
        for place, reading in enumerate(readings)
    ]


class Pieces:
    """An iterator over the pieces of a text, spoken when they are asked for.

    Attributes:
        total: how many pieces the text has, those included that are not spoken again.

    """

    def __init__(self, total: int, spoken: Iterator[Speech]) -> None:
        self.total = total
        self._spoken = spoken

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Speech:
        return next(self._spoken)


def speak_pieces(
    planner: Planner, engine: Engine, request: Request, *, batch_size: int, done: Sequence[float]
) -> Pieces:
    """Speak one request piece by piece, in order, a batch of pieces at a time."""
    _check_batch(batch_size)
    reading = Reading(planner, request)
    spoken = _spoken(planner, engine, reading, batch_size, len(done))
    return Pieces(len(reading.pieces), within(spoken, request.max_seconds, done))


def within(
    spoken: Iterable[Speech], seconds: float | None, done: Sequence[float] = ()
) -> Iterator[Speech]:
    """Give speeches until so many seconds are full, those done already counted, pauses not."""
    left = inf if seconds is None else seconds
    for each in done:
        left -= each
    for speech in spoken if left > _A_SAMPLE else ():
        yield _cut_off(speech, left)
        left -= speech.audio_seconds
        if left <= _A_SAMPLE:
            return


def silence(speech: Speech) -> torch.Tensor:
    """Give the silence [samples] before a piece."""
    return torch.zeros(round(speech.pause * speech.sample_rate))


def piece_seed(seed: int, number: int) -> int:
    """Give the seed of a text's piece: its own, but the request's for the first."""
    if number == 0:
        return seed
    digest = blake2b(f"{seed}:{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _check_batch(size: int) -> None:
    if size < 1:
        raise SynthesisError(f"batch_size: {size} is too small; give 1 or more")


@contextmanager
def _naming(place: int, count: int) -> Iterator[None]:
    """Make errors say which of several requests they are about."""
    try:
        yield
    except SynthesisError as error:
        if count == 1:
            raise
        raise SynthesisError(f"request {place + 1} of {count}: {error}") from None


def _voice(planner: Planner, reading: Reading, first: Speech | None) -> Voice | None:
    if not reading.needs_first or first is None:
        return None
    return planner.voice_of(first.wave, first.text, stopped=first.stopped)


def _spoken(
    planner: Planner, engine: Engine, reading: Reading, batch_size: int, done: int
) -> Iterator[Speech]:
    numbers = iter(range(len(reading.pieces)) if done < len(reading.pieces) else ())
    first: Speech | None = None
    while batch := list(islice(numbers, 1 if reading.needs_first and not first else batch_size)):
        if batch[-1] < done and (first or not reading.needs_first):
            continue  # whole batches only: what a batch holds decides over the last bit
        # Not while a piece is given away: the caller's threads are not ours.
        with computing(engine.threads):
            planned = [reading.plan(number, _voice(planner, reading, first)) for number in batch]
            speeches = speak(engine, planner.codec, planned, at_once=batch_size)
        first = first or speeches[0]
        for number, speech in zip(batch, speeches, strict=True):
            if number >= done:
                yield reading.finish(number, speech)


def _cut_off(speech: Speech, seconds: float) -> Speech:
    if seconds >= speech.audio_seconds:
        return speech
    samples = round(seconds * speech.sample_rate)
    frames = samples * len(speech.latents) // len(speech.wave)
    return replace(
        speech, wave=speech.wave[:samples], latents=speech.latents[:frames], stopped=False
    )
