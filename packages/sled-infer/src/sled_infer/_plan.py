"""From a request to an utterance: words, voice and length checked before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from ._engine import Utterance
from ._errors import SynthesisError
from ._noise import SeededNoise
from ._text import check_room, clean, frames_at_least

if TYPE_CHECKING:
    from sled_codec import Codec
    from sled_model import SledConfig, Tokenizer
    from torch import Tensor

    from ._card import VoiceCard
    from ._speech import Request
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
        voice = self.default_voice if request.voice is None else request.voice
        text, unsupported = self._words(request, voice)
        if voice is None:
            return Planned(self._utterance(request, text, None), text, unsupported)
        voice.check(self.codec)
        known = self._known(voice.transcript)[0]
        voice = replace(voice, transcript=known or voice.transcript)
        return Planned(self._utterance(request, text, voice), text, unsupported)

    def _words(self, request: Request, voice: Voice | None) -> tuple[str, tuple[str, ...]]:
        """Give the text to be spoken; empty only where a prompt is just continued."""
        continued = voice is not None and voice.mode == "continuation"
        if continued and not request.text.strip():
            return "", ()
        text, unsupported = self._known(clean(request.text))
        if not text:
            can = f": it says {self.card.can_say}" if self.card and self.card.can_say else ""
            raise SynthesisError(f"text: this voice knows none of its words{can}")
        return text, unsupported

    def _known(self, text: str) -> tuple[str, tuple[str, ...]]:
        return (text, ()) if self.card is None else self.card.normalize(text)

    def _utterance(self, request: Request, text: str, voice: Voice | None) -> Utterance:
        full = text if voice is None else voice.full_text(text)
        ids = torch.tensor(self.tokenizer.encode(full))
        prompt = self._prompt(voice)
        self._check_room(full, len(ids), voice)
        room = self.config.max_position_embeddings - len(ids) - len(prompt)
        if request.max_seconds is not None:
            room = min(room, max(1, int(request.max_seconds * self.codec.frame_rate)))
        noise = SeededNoise(request.seed, self.config.noise_channels)
        return Utterance(ids, prompt, request.cfg, noise, room)

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
