"""Texts that are known as a whole, spoken in one go: through the engine, then the codec."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import torch

from ._speech import Speech, Timings
from ._threads import computing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_codec import Codec
    from torch import Tensor

    from ._engine import Engine
    from ._plan import Planned
    from ._track import Track


def speak(
    engine: Engine,
    codec: Codec,
    planned: Sequence[Planned],
    *,
    at_once: int,
) -> list[Speech]:
    """Speak what was planned, at most `at_once` of it at a time: one that ends makes room."""
    began = perf_counter()
    utterances = [each.utterance for each in planned]
    ended: dict[int, Track] = dict(engine.decode(utterances, at_once=at_once))
    tracks = [ended[number] for number in range(len(planned))]
    with computing(engine.threads):
        latents = [track.give() for track in tracks]
    spoken = perf_counter()
    waves = _waves(codec, latents, at_once)
    first = min((track.began for track in tracks if track.spoken), default=spoken)
    timings = Timings(first - began, spoken - first, perf_counter() - spoken)
    frames = max(1, sum(track.spoken for track in tracks))
    return [
        Speech(
            wave=waves[number],
            sample_rate=codec.sample_rate,
            latents=latents[number].cpu(),
            text=planned[number].text,
            seed=planned[number].seed,
            stopped=bool(track.stopped),
            unsupported=planned[number].unsupported,
            compute_seconds=timings.total * track.spoken / frames,
            timings=timings,
        )
        for number, track in enumerate(tracks)
    ]


def _waves(codec: Codec, latents: Sequence[Tensor], at_once: int) -> list[Tensor]:
    """Decode what has frames; a model that stopped at once has said nothing."""
    waves = [torch.empty(0)] * len(latents)
    spoken = [number for number, each in enumerate(latents) if len(each)]
    for first in range(0, len(spoken), at_once):
        numbers = spoken[first : first + at_once]
        decoded = codec.decode_batch([latents[number] for number in numbers])
        for number, wave in zip(numbers, decoded, strict=True):
            waves[number] = wave.cpu()
    return waves
