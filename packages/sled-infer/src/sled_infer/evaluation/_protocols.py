"""A model's voice by the published protocols (arXiv 2505.13181).

- plain: the model's own voice, or one given, says the text.
- continuation: the first 3 s of the recording and its whole text; the model goes on.
- cloning: the speaker's previous recording stands before; the model says the text.
- streaming: as cloning, or as plain where the model has a voice of its own, but the text comes in
  `n` tokens every `m` frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args
from zlib import crc32

import torch
from sled_model import StreamingLayout, layout_for

from sled_infer import Request, SynthesisError, Voice
from sled_infer._card import choose_drawing
from sled_infer._digest import weights_digest

from ._systems import Comparable, Spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_model import Layout
    from torch import Tensor

    from sled_infer import Speech, Synthesizer
    from sled_infer._voice_file import Mode

    from ._clips import Clip

ProtocolName = Literal["plain", "continuation", "cloning", "streaming"]
PROTOCOLS: tuple[str, ...] = get_args(ProtocolName)
PREFIX_SECONDS = 3.0
_LEAST_TO_SAY = 0.5  # seconds of a recording beyond the prefix


@dataclass(frozen=True)
class Speaking:
    """How a model is to speak; see `Request`.

    Attributes:
        voice: for plain and streaming; None for the model's own.
        layout: of streaming; None for what the model was trained for, or 5:45.
        batch_size: how many texts go through the model at once.

    """

    voice: Voice | None = None
    cfg: float | None = None
    seed: int = 0
    max_seconds: float | None = 20.0
    layout: StreamingLayout | None = None
    batch_size: int = 8
    temperature: float | None = None
    draws: int | None = None

    def request(
        self, text: str, voice: Voice | None, seed: int, layout: Layout | None = None
    ) -> Request:
        """Ask for a text in this way; SynthesisError if the way makes no sense."""
        return Request(
            text,
            voice,
            self.cfg,
            seed,
            self.max_seconds,
            layout,
            temperature=self.temperature,
            draws=self.draws,
        )


class Protocol(Comparable):
    """A model that speaks by one of the protocols."""

    def __init__(self, synthesizer: Synthesizer, name: ProtocolName, how: Speaking) -> None:
        how.request("", None, how.seed)  # refuses what makes no sense
        self.name: str = name
        self._synthesizer = synthesizer
        self._how = how
        self._layout = self._choose_layout() if name == "streaming" else None
        own = how.voice is not None or synthesizer.card is not None
        self._prompt = "plain" if name == "streaming" and own else name
        self.at_once = 2 * how.batch_size
        self.title = self._describe()
        self.settings: dict[str, object] = {
            "model": weights_digest(synthesizer.model),
            "codec": weights_digest(synthesizer.codec),
            "dtype": str(next(synthesizer.model.parameters()).dtype).removeprefix("torch."),
            "voice": None if how.voice is None else _digest(how.voice.codes),
            "seed": how.seed,
            "max_seconds": how.max_seconds,
            "layout": str(self._layout),
            "batch_size": how.batch_size,
            **choose_drawing(how, synthesizer.card)._asdict(),
            "prompt": self._prompt,
            "tone": None if synthesizer.card is None else synthesizer.card.tone,
        }

    def suits(self, clip: Clip) -> bool:
        """Tell whether there is a prompt, and something left to say."""
        if self._prompt == "continuation":
            return clip.seconds >= PREFIX_SECONDS + _LEAST_TO_SAY
        return self._prompt == "plain" or clip.reference is not None

    def reference(self, clip: Clip) -> tuple[Tensor, int] | None:
        """Give the prompt's recording; where there is none, the speaker's previous one."""
        if self._prompt != "continuation":
            return super().reference(clip)
        wave, rate = clip.read()
        return wave[: round(PREFIX_SECONDS * rate)], rate

    def speak(self, clips: Sequence[Clip]) -> list[Spoken]:
        """Speak them in batches; a clip that cannot be spoken is refused alone."""
        requests: list[Request | SynthesisError] = [self._try_request(clip) for clip in clips]
        good = [each for each in requests if isinstance(each, Request)]
        speeches = iter(self._speak(good))
        return [
            self._refusal(each) if isinstance(each, SynthesisError) else next(speeches)
            for each in requests
        ]

    def _speak(self, requests: list[Request]) -> list[Spoken]:
        if not requests:
            return []
        try:
            speeches = self._synthesizer.synthesize_batch(requests, batch_size=self._how.batch_size)
        except SynthesisError as error:
            if len(requests) == 1:
                return [self._refusal(error)]
            return [spoken for request in requests for spoken in self._speak([request])]
        pairs = zip(requests, speeches, strict=True)
        return [self._spoken(request, speech) for request, speech in pairs]

    def _try_request(self, clip: Clip) -> Request | SynthesisError:
        try:
            return self._request(clip)
        except SynthesisError as error:
            return error

    def _request(self, clip: Clip) -> Request:
        text, voice = clip.text, self._how.voice
        if self._prompt == "continuation":
            text, voice = "", self._voice(clip, "continuation")
        elif self._prompt == "cloning" and clip.reference is not None:
            voice = self._voice(clip.reference, "reference")
        # Its own seed, whatever else is in the set.
        seed = (self._how.seed + crc32(clip.name.encode())) % 2**32
        return self._how.request(text, voice, seed, self._layout)

    def _voice(self, clip: Clip, mode: Mode) -> Voice:
        codec, name = self._synthesizer.codec, str(clip.path)
        voice = Voice.from_wave(*clip.read(), clip.text, codec, mode=mode, name=name)
        return self._synthesizer.attune(voice)

    def _spoken(self, request: Request, speech: Speech) -> Spoken:
        wave, prefix = speech.wave, 0.0
        if self._prompt == "continuation" and request.voice is not None:
            wave, prefix = self._joined(request.voice, speech.latents)
        return Spoken(
            wave=wave,
            sample_rate=speech.sample_rate,
            compute_seconds=speech.compute_seconds,
            stopped=speech.stopped,
            prefix_seconds=prefix,
            unsupported=speech.unsupported,
        )

    def _joined(self, voice: Voice, latents: Tensor) -> tuple[Tensor, float]:
        """Decode prompt and continuation in one go, so that no seam is heard."""
        codec = self._synthesizer.codec
        prompt = codec.latents(voice.codes.to(codec.device))
        wave = codec.decode(torch.cat([prompt, latents.to(codec.device)])).cpu()
        return wave, len(prompt) / codec.frame_rate

    def _refusal(self, error: SynthesisError) -> Spoken:
        return Spoken(torch.empty(0), self._synthesizer.sample_rate, refused=str(error))

    def _choose_layout(self) -> Layout:
        own = layout_for(self._synthesizer.model.config)
        trained = own if isinstance(own, StreamingLayout) else StreamingLayout()
        return self._how.layout or trained

    def _describe(self) -> str:
        if isinstance(self._layout, StreamingLayout):
            kind = "" if self._prompt == "plain" else ", cloning"
            return f"Streaming {self._layout.n}:{self._layout.m}{kind}"
        return {
            "plain": "Own voice",
            "continuation": "Continuation",
            "cloning": "Cloning",
        }[self.name]


def _digest(codes: Tensor) -> str:
    return f"{crc32(codes.contiguous().numpy().tobytes()):08x}"
