"""`Synthesizer`: a model, its codec and its tokenizer, loaded once and asked to speak.

speech = Synthesizer.from_pretrained().synthesize("three one four")
write_audio("out.wav", speech.wave, speech.sample_rate)
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from sled_codec import Codec
from sled_model import SledModel, Tokenizer

from . import embedded
from ._card import VoiceCard
from ._engine import decode
from ._errors import SynthesisError
from ._loading import load_codec, pick_device, pick_dtype
from ._plan import Planned, Planner
from ._speech import DEFAULT_CFG, Request, Speech, Timings
from ._voice import PREFIX_SECONDS, Mode, Voice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

DEFAULT_BATCH = 16


class Synthesizer:
    """Speaks texts, alone or in batches, in its own voice or a cloned one.

    Attributes:
        model: the SLED model, in evaluation mode.
        codec: the codec whose latents it speaks; always float32.
        tokenizer: the model's.
        card: what its voice says of itself; None for a model without `voice.json`.

    """

    def __init__(
        self,
        model: SledModel,
        codec: Codec,
        tokenizer: Tokenizer,
        card: VoiceCard | None = None,
    ) -> None:
        _check_fit(model, codec, tokenizer)
        self.model = model
        model.eval()  # type: ignore[no-untyped-call]  # transformers leaves it so
        self.codec = codec
        self.tokenizer = tokenizer
        self.card = card
        default = None if card is None else card.default_voice()
        self._planner = Planner(model.config, codec, tokenizer, card, default)

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path = embedded.EMBEDDED,
        *,
        codec: Codec | str | Path | None = None,
        device: str = "auto",
        dtype: str = "fp32",
        local_files_only: bool = False,
        revision: str | None = None,
        cache_dir: str | Path | None = None,
    ) -> Synthesizer:
        """Load a model folder or hub id in the published layout.

        Args:
            model: "embedded", a folder, or a hub id ("ICTNLP/SLED-TTS-Libriheavy").
            codec: a codec, or where to find it (see `Codec.from_pretrained`); None for the one
                that the model's config names.
            device: "auto" (CUDA, then MPS, then CPU), "cpu", "cuda", "cuda:1", "mps".
            dtype: "fp32" or "bf16", of the model; the codec is float32 always.
            local_files_only: never ask the hub.
            revision: of a hub id: branch, tag or commit.
            cache_dir: instead of the Hugging Face cache.

        Raises:
            SynthesisError, ModelError, CodecError: a part is missing, damaged, or does not fit
                the others.

        """
        place, kind = pick_device(device), pick_dtype(dtype)
        source = embedded.folder() if model == embedded.EMBEDDED else model
        hub: dict[str, Any] = {
            "local_files_only": local_files_only,
            "revision": revision,
            "cache_dir": cache_dir,
        }
        loaded = SledModel.from_pretrained(source, dtype=kind, device=place, **hub)
        tokenizer = Tokenizer.from_pretrained(source, **hub)
        if not isinstance(codec, Codec):
            codec = load_codec(
                loaded.config.codec if codec is None else codec,
                source,
                device=place,
                local_files_only=local_files_only,
            )
        folder = Path(source)
        card = VoiceCard.read(folder) if folder.is_dir() else None
        return cls(loaded, codec, tokenizer, card)

    @property
    def sample_rate(self) -> int:
        """Samples a second of what is spoken."""
        return self.codec.sample_rate

    def voice(
        self,
        path: str | Path,
        transcript: str | None,
        *,
        mode: Mode = "reference",
        prefix_seconds: float = PREFIX_SECONDS,
    ) -> Voice:
        """Make a voice of a recording with this model's codec; see `Voice.from_audio`."""
        return Voice.from_audio(
            path, transcript, self.codec, mode=mode, prefix_seconds=prefix_seconds
        )

    def synthesize(
        self,
        text: str,
        *,
        voice: Voice | None = None,
        cfg: float = DEFAULT_CFG,
        seed: int = 0,
        max_seconds: float | None = None,
    ) -> Speech:
        """Speak one text.

        Args:
            text: what to say; white space is evened out, words unknown to a restricted voice
                are left out and listed in `Speech.unsupported`.
            voice: whose voice; None for the model's own choice.
            cfg: strength of guidance, 1 for none.
            seed: the same seed gives the same audio.
            max_seconds: an end by force.

        Raises:
            SynthesisError: nothing to say, text or prompt too long, a voice of another codec,
                or an option out of range.

        """
        return self.synthesize_batch([Request(text, voice, cfg, seed, max_seconds)])[0]

    def synthesize_batch(
        self, requests: Sequence[Request], *, batch_size: int = DEFAULT_BATCH
    ) -> list[Speech]:
        """Speak many texts, each as it would be spoken alone.

        Args:
            requests: in any number.
            batch_size: how many go through the model at once; bounds the memory.

        Raises:
            SynthesisError: as `synthesize`, before anything is spoken; names the request.

        """
        if batch_size < 1:
            raise SynthesisError(f"batch_size: {batch_size} is too small; give 1 or more")
        planned = [self._plan(number, request, requests) for number, request in enumerate(requests)]
        speeches: list[Speech] = []
        for first in range(0, len(planned), batch_size):
            part = slice(first, first + batch_size)
            speeches += self._speak(planned[part], requests[part])
        return speeches

    def _plan(self, number: int, request: Request, requests: Sequence[Request]) -> Planned:
        try:
            return self._planner.plan(request)
        except SynthesisError as error:
            if len(requests) == 1:
                raise
            raise SynthesisError(f"request {number + 1} of {len(requests)}: {error}") from None

    def _speak(self, planned: Sequence[Planned], requests: Sequence[Request]) -> list[Speech]:
        began = perf_counter()
        frames: list[list[Tensor]] = [[] for _ in planned]
        stopped: dict[int, bool] = {}
        first = began
        for number, step in enumerate(decode(self.model, [each.utterance for each in planned])):
            first = perf_counter() if number == 0 else first
            stopped |= step.ended
            for speaker, latent in zip(step.speaking, step.latents, strict=True):
                frames[speaker].append(latent)
        latents = [self._joined(each) for each in frames]
        spoken = perf_counter()
        waves = self._waves(latents)
        timings = Timings(first - began, spoken - first, perf_counter() - spoken)
        total = max(1, sum(len(each) for each in latents))
        return [
            Speech(
                wave=waves[number],
                sample_rate=self.sample_rate,
                latents=latents[number].cpu(),
                text=each.text,
                seed=request.seed,
                stopped=stopped[number],
                unsupported=each.unsupported,
                compute_seconds=timings.total * len(latents[number]) / total,
                timings=timings,
            )
            for number, (each, request) in enumerate(zip(planned, requests, strict=True))
        ]

    def _joined(self, frames: list[Tensor]) -> Tensor:
        """Join one utterance's frames as float32, the codec's dtype."""
        if not frames:
            return torch.empty(0, self.codec.latent_size)
        return torch.stack(frames).float()

    def _waves(self, latents: Sequence[Tensor]) -> list[Tensor]:
        """Decode what has frames; a model that stopped at once has said nothing."""
        decoded = iter(self.codec.decode_batch([each for each in latents if len(each)]))
        return [next(decoded).cpu() if len(each) else torch.empty(0) for each in latents]


def _check_fit(model: SledModel, codec: Codec, tokenizer: Tokenizer) -> None:
    """Raise SynthesisError unless the three parts belong together."""
    config = model.config
    if config.stream_n is not None:
        raise SynthesisError(
            f"model: trained to read {config.stream_n} tokens every {config.stream_m} frames, "
            "which is not decoded yet; use an offline model"
        )
    if config.vae_embed_dim != codec.latent_size:
        raise SynthesisError(
            f"codec: its latents have {codec.latent_size} numbers, but the model speaks "
            f"{config.vae_embed_dim}; give the codec the model was trained with"
        )
    if config.codec_fingerprint not in (None, codec.fingerprint):
        raise SynthesisError(
            f"codec: not the one the model was trained with ({config.codec!r}, "
            f"{config.codec_fingerprint[:12]}…, here {codec.fingerprint[:12]}…); give that one"
        )
    if tokenizer.vocab_size > config.vocab_size:
        raise SynthesisError(
            f"tokenizer: {tokenizer.vocab_size} tokens, but the model knows {config.vocab_size}; "
            "give the tokenizer the model was trained with"
        )
