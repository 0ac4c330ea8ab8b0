"""From a request to an utterance: words, voice and length checked before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from sled_model import layout_for

from ._noise import SeededNoise
from ._normalise import check_normaliser, normalise
from ._reader import TextReader
from ._text import check_room, frames_at_least
from ._utterance import Utterance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_codec import Codec
    from sled_model import SledConfig, Tokenizer
    from torch import Tensor

    from ._card import VoiceCard
    from ._speech import Normalise, Request
    from ._voice import Voice


@dataclass(frozen=True)
class Planned:
    """An utterance, the text the model reads for it, and the words left out of that."""

    utterance: Utterance
    text: str
    unsupported: tuple[str, ...]


@dataclass(frozen=True)
class Planner:
    """What is needed to turn requests into utterances."""

    config: SledConfig
    codec: Codec
    tokenizer: Tokenizer
    card: VoiceCard | None
    default_voice: Voice | None

    def plan(self, request: Request) -> Planned:
        """Check one request and put it into the model's terms.

        Raises:
            SynthesisError: see `Synthesizer.synthesize`.

        """
        voice = self._voice(request)
        reader = self._reader(request, voice)
        ids = [*reader.open(), *reader.push(request.text), *reader.finish()]
        self._check_room(reader.full_text, len(ids), voice)
        utterance = self._utterance(request, ids, voice)
        return Planned(utterance, reader.text, reader.unsupported)

    def plan_open(self, request: Request) -> tuple[Utterance, TextReader]:
        """Plan what is to be said of a text that is still to come; `request.text` is not read."""
        voice = self._voice(request)
        reader = self._reader(request, voice)
        return self._utterance(request, reader.open(), voice), reader

    def _voice(self, request: Request) -> Voice | None:
        """Choose the voice, its transcript in words as the model is to read them."""
        voice = self.default_voice if request.voice is None else request.voice
        if voice is None:
            return None
        voice.check(self.codec)
        words = normalise(voice.transcript, self._normalise(request))
        if self.card is not None:
            words = self.card.known(words)[0]
        return replace(voice, transcript=words or voice.transcript)

    def _normalise(self, request: Request) -> Normalise:
        if request.normalise is not None:
            return check_normaliser(request.normalise)
        return "none" if self.card is None else self.card.normalise

    def _reader(self, request: Request, voice: Voice | None) -> TextReader:
        return TextReader(self.tokenizer, self.card, voice, self._normalise(request))

    def _utterance(self, request: Request, ids: Sequence[int], voice: Voice | None) -> Utterance:
        # The engine ends at the last position by itself.
        longest = self.config.max_position_embeddings
        if request.max_seconds is not None:
            longest = max(1, int(min(longest, request.max_seconds * self.codec.frame_rate)))
        return Utterance(
            text_ids=torch.tensor(ids, dtype=torch.int64),
            prompt=self._prompt(voice),
            cfg=request.cfg,
            noise=SeededNoise(request.seed, self.config.noise_channels),
            max_frames=longest,
            layout=request.layout or layout_for(self.config),
        )

    def _prompt(self, voice: Voice | None) -> Tensor:
        if voice is None:
            return torch.empty(0, self.config.vae_embed_dim)
        return self.codec.latents(voice.codes.to(self.codec.device)).cpu()

    def _check_room(self, full: str, tokens: int, voice: Voice | None) -> None:
        """Weigh the least that must be spoken against the positions that are left."""
        rate, prompt, words = self.codec.frame_rate, 0, 0
        frames = frames_at_least(full, rate)
        if voice is not None:
            prompt, words = len(voice.codes), len(self.tokenizer.encode(voice.transcript)) - 2
            spoken = (
                prompt if voice.mode == "continuation" else frames_at_least(voice.transcript, rate)
            )
            frames -= spoken
        check_room(
            tokens=max(1, tokens - words),
            frames=max(1, frames),
            prompt_tokens=min(words, tokens - 1),
            prompt_frames=prompt,
            positions=self.config.max_position_embeddings,
            rate=rate,
        )
