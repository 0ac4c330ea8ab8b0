"""Waves as judges want them, and questions about waves that lie in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import torch
from sled_codec import resample, write_audio

from sled_infer import SynthesisError

from ._judges import Judge, Session
from ._words import WordErrors, compare, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import Tensor

_SAMPLE_RATE = 16_000
# Recognisers lose a word that begins with the file: all are given this much silence around.
_SILENCE_SECONDS = 0.5


@dataclass(frozen=True)
class Heard:
    """What a recogniser wrote down for a wave, and its errors against what was to be said."""

    text: str
    errors: WordErrors


class Listener:
    """A judge that is asked about waves; used by `with`, as `Session` is."""

    def __init__(self, judge: Judge, *, offline: bool = False) -> None:
        self._framed = judge.kind == "text"
        self._session = Session(judge, offline=offline)

    def __enter__(self) -> Self:
        self._session.__enter__()
        self._folder = TemporaryDirectory(prefix="sled-")
        return self

    def __exit__(self, *_: object) -> None:
        self._session.__exit__()
        self._folder.cleanup()

    def ask(self, wave: Tensor, sample_rate: int) -> dict[str, Any]:
        """Give the judge's answer to a wave `[samples]`, float with full scale ±1."""
        path = Path(self._folder.name) / "wave.wav"
        sound = resample(wave, sample_rate, _SAMPLE_RATE).clamp(-1, 1)
        if self._framed:
            silence = torch.zeros(round(_SILENCE_SECONDS * _SAMPLE_RATE))
            sound = torch.cat([silence, sound, silence])
        write_audio(path, sound, _SAMPLE_RATE)
        return self._session.ask(str(path))


def ask(judge: Judge, waves: Sequence[Tensor], sample_rate: int) -> list[dict[str, Any]]:
    """Give a judge's answers to waves `[samples]`; SynthesisError if it does not run."""
    with Listener(judge) as listener:
        return [listener.ask(wave, sample_rate) for wave in waves]


def hear(judge: Judge, waves: Sequence[Tensor], sample_rate: int) -> list[str]:
    """Give what a recogniser writes down for each wave `[samples]`."""
    return [answer["text"] for answer in ask(judge, waves, sample_rate)]


def hear_words(
    judge: Judge,
    waves: Sequence[Tensor],
    sample_rate: int,
    texts: Sequence[str],
    *,
    read: Callable[[Iterable[str]], Mapping[str, Sequence[str]]] = normalise,
) -> list[Heard]:
    """Have a recogniser hear waves `[samples]`, and count its errors against their texts.

    Args:
        judge: of kind "text".
        waves: float with full scale ±1.
        sample_rate: of all waves.
        texts: what each wave should say.
        read: gives the words of each text, said or heard, in the form in which they are compared.

    Raises:
        SynthesisError: not one text a wave, or the judge or the normaliser does not run.

    """
    if len(texts) != len(waves):
        raise SynthesisError(f"texts: {len(texts)} for {len(waves)} waves; give one a wave")
    heard = hear(judge, waves, sample_rate)
    words = read([*texts, *heard])
    return [
        Heard(found, compare(words[text], words[found]))
        for text, found in zip(texts, heard, strict=True)
    ]


def embed(judge: Judge, waves: Sequence[Tensor], sample_rate: int) -> Tensor:
    """Give the speaker embeddings `[waves, D]`, each of length 1."""
    return torch.tensor([answer["embedding"] for answer in ask(judge, waves, sample_rate)])
