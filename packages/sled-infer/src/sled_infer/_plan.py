"""From a request to an utterance: words, voice and length checked before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import torch
from sled_model import StreamingLayout, layout_for

from ._card import choose_drawing
from ._cutter import Cutter, Piece, cut
from ._errors import SynthesisError
from ._measure import Measure
from ._noise import SeededNoise
from ._normalise import check_normaliser, make_phrases, normalise
from ._prompt import Prompter
from ._reader import TextReader
from ._text import check_room, frames_at_least
from ._timbre import Timbre
from ._utterance import Utterance
from ._voice import Voice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_codec import Codec
    from sled_model import SledConfig, Tokenizer
    from torch import Tensor

    from ._card import VoiceCard
    from ._cutter import Room
    from ._dictation import Dictation
    from ._speech import Normalise, Request

# Of the positions: what a piece may take where the first one stands before it as its voice.
_SHARE_BESIDE_FIRST = 0.45
_TAIL = 12  # frames
# Turns of a dictation that are not weighed: the pause at its end, and longer sounds before it.
_UNWEIGHED = 16
_LEAST_SHARE = 0.15  # with less beside a prompt, no text is cut


@dataclass(frozen=True)
class Planned:
    """An utterance, the text the model reads for it, the words left out of that, the seed."""

    utterance: Utterance
    text: str
    unsupported: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class Planner:
    """What is needed to turn requests into utterances."""

    config: SledConfig
    codec: Codec
    tokenizer: Tokenizer
    card: VoiceCard | None
    default_voice: Voice | None
    dictation: Dictation | None = None

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
        return Planned(utterance, reader.text, reader.unsupported, request.seed)

    def plan_open(self, request: Request) -> tuple[Utterance, TextReader]:
        """Plan what is to be said of a text that is still to come; `request.text` is not read."""
        voice = self._voice(request)
        reader = self._reader(request, voice)
        if voice is not None:
            words, prompt = self._prompter.room(voice)
            self._check_positions(tokens=1, frames=1, words=words, prompt=prompt)
        return self._utterance(request, reader.open(), voice), reader

    def cut(self, request: Request) -> list[Piece]:
        """Cut a text at sentences if it is too long for one utterance, or if that is asked for."""
        capacity, measure = self._capacity(request), self._measure(request)
        whole = [Piece(request.text)]
        if request.split is False or capacity is None or not isinstance(request.text, str):
            return whole
        if not request.split and measure.fits(request.text, capacity):
            return whole
        return list(cut(request.text, self._cutter(request, measure.room_for_sentences(capacity))))

    def cutter(self, request: Request) -> Cutter:
        """Make what cuts a text that is still to come, where one utterance cannot hold it."""
        capacity, measure = self._capacity(request), self._measure(request)
        room = None if capacity is None else measure.room_for_stream(capacity)
        return self._cutter(request, room)

    def _cutter(self, request: Request, room: Room | None) -> Cutter:
        words = self._normalise(request)
        phrases = make_phrases(words)
        return Cutter(
            self._measure(request).weigh, room, phrases, partial(normalise, language=words)
        )

    def voiceless(self, request: Request) -> bool:
        """Tell whether every utterance would be in another voice, for nothing gives one."""
        return self.card is None and request.voice is None

    def voice_of(self, wave: Tensor, text: str, *, stopped: bool) -> Voice | None:
        """Make a voice of what was spoken, to go on in; None if it did not end or is too little."""
        most = self.config.max_position_embeddings * _SHARE_BESIDE_FIRST
        if not stopped or len(wave) > most * self.codec.hop_length:
            return None
        try:
            return Voice.from_wave(wave, self.codec.sample_rate, text, self.codec)
        except SynthesisError:
            return None

    def _measure(self, request: Request) -> Measure:
        layout = request.layout or layout_for(self.config)
        turns = layout.m / layout.n if isinstance(layout, StreamingLayout) else 0.0
        words = self._normalise(request)
        limited = self.card is not None and self.card.most_words is not None
        rate = self.codec.frame_rate
        return Measure(self.tokenizer, self.card, words, rate, turns, limited, self.dictation)

    def _capacity(self, request: Request) -> float | None:
        """Give the room left for a text, positions or words as `_measure` weighs them.

        None if it must not be cut, or hardly any is left.
        """
        voice, positions = self._voice(request), self.config.max_position_embeddings
        most = None if self.card is None else self.card.most_words
        if most is not None:
            said = 0 if voice is None else len(voice.transcript.split())
            whole = voice is not None and voice.mode == "continuation"
            return None if whole else max(most - said, most // 2)
        if self.voiceless(request):
            return positions * _SHARE_BESIDE_FIRST
        if self.dictation is not None:
            positions -= 2 * self._prompter.lead  # before the prompt and after the text
            positions -= _TAIL + _UNWEIGHED * (1 + self._prompter.turn)
        if voice is None:
            return positions - 2
        left = positions - sum(self._prompter.room(voice)) - 2
        # What a continuation speaks begins with the rest of its transcript: in one piece only.
        enough = voice.mode != "continuation" and left >= positions * _LEAST_SHARE
        return left if enough else None

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
        words = self._normalise(request)
        turns, recorded = self._prompter.turns(voice)
        return TextReader(
            self.tokenizer,
            self.card,
            voice,
            words,
            dictation=self.dictation,
            prompt_turns=turns,
            recorded_turns=recorded,
        )

    def _utterance(self, request: Request, ids: Sequence[int], voice: Voice | None) -> Utterance:
        # The engine ends at the last position by itself.
        longest = self.config.max_position_embeddings
        self._check_layout(request)
        if request.max_seconds is not None:
            rate = self.codec.frame_rate
            longest = max(1, int(min(longest / rate, request.max_seconds) * rate))
        drawing = choose_drawing(request, self.card)
        return Utterance(
            text_ids=torch.tensor(ids, dtype=torch.int64),
            prompt=self._prompter.latents(voice),
            cfg=drawing.cfg,
            noise=SeededNoise(request.seed, self.config.noise_channels, drawing.temperature),
            max_frames=longest,
            layout=request.layout or layout_for(self.config),
            tail=None if self.dictation is None else self._prompter.lead + _TAIL,
            draws=drawing.draws,
            timbre=self._timbre(voice),
        )

    def _timbre(self, voice: Voice | None) -> Timbre | None:
        if voice is None or voice.timbre is None or self.card is None or self.card.tone is None:
            return None
        return Timbre(voice.timbre.to(self.codec.device), self.card.tone)

    def _check_layout(self, request: Request) -> None:
        own = layout_for(self.config)
        if self.dictation is not None and (request.layout or own) != own:
            raise SynthesisError("layout: a voice that reads dictations has its own; give none")

    @cached_property
    def _prompter(self) -> Prompter:
        return Prompter(self.config, self.codec, self.tokenizer, self.dictation)

    def _check_room(self, full: str, tokens: int, voice: Voice | None) -> None:
        """Weigh the least that must be spoken against the positions that are left."""
        rate, prompt, words = self.codec.frame_rate, 0, 0
        frames = frames_at_least(full, rate)
        if voice is not None:
            words, prompt = self._prompter.room(voice)
            spoken = (
                prompt if voice.mode == "continuation" else frames_at_least(voice.transcript, rate)
            )
            frames -= spoken
        self._check_positions(
            tokens=max(1, tokens - words),
            frames=max(1, frames),
            words=min(words, tokens - 1),
            prompt=prompt,
        )

    def _check_positions(self, *, tokens: int, frames: int, words: int, prompt: int) -> None:
        check_room(
            tokens=tokens,
            frames=frames,
            prompt_tokens=words,
            prompt_frames=prompt,
            positions=self.config.max_position_embeddings,
            rate=self.codec.frame_rate,
        )
