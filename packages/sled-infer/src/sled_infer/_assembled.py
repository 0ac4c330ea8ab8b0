"""What `Synthesizer` speaks with: a model, its codec and its tokenizer, loaded and put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sled_model import Tokenizer

from . import embedded
from ._card import VoiceCard
from ._engine import Engine
from ._fit import check_card, check_fit
from ._loading import load_codec, load_dictation, load_model, pick_device
from ._normalise import normalise
from ._plan import Planner

if TYPE_CHECKING:
    from sled_codec import Codec
    from sled_model import Layout, SledModel


class Assembled:
    """Parts that belong together, ready to speak.

    Attributes:
        model: the SLED model, in evaluation mode.
        engine: the batch.
        codec: the codec whose latents it speaks; always float32.
        tokenizer: the model's.
        card: what its voice says of itself; None for a model without `voice.json`.
        dictation: what its texts are dictated by; None for a model that reads them as written.

    """

    def __init__(
        self,
        model: SledModel,
        codec: Codec,
        tokenizer: Tokenizer,
        card: VoiceCard | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        """Put the parts together; `threads` as in `from_pretrained`."""
        check_fit(model, codec, tokenizer)
        self.model = model
        model.eval()  # type: ignore[no-untyped-call]  # transformers leaves it so
        self.engine = Engine(model, threads=threads)
        self.codec = codec
        self.tokenizer = tokenizer
        self.card = card
        default = None if card is None else card.default_voice()
        self.dictation = load_dictation(card, model.config, codec)
        self._planner = Planner(model.config, codec, tokenizer, card, default, self.dictation)
        if card is not None:
            check_card(card, codec)
            # What reading needs is loaded now, not while somebody waits for speech.
            normalise("1.", card.normalise)
        self._layouts: set[Layout] = set()  # of streams; it is warned of each but once

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path = embedded.EMBEDDED,
        *,
        codec: Codec | str | Path | None = None,
        device: str = "auto",
        dtype: str = "fp32",
        threads: int | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        cache_dir: str | Path | None = None,
    ) -> Self:
        """Load a model folder or hub id in the published layout.

        Args:
            model: "english" (which "embedded" is, too), "digits", a folder, or a hub id
                ("ICTNLP/SLED-TTS-Libriheavy").
            codec: a codec, or where to find it (see `Codec.from_pretrained`); None for the one
                that the model's config names.
            device: "auto" (CUDA, then MPS, then CPU), "cpu", "cuda", "cuda:1", "mps".
            dtype: of the model's weights, "fp32", "bf16" or, on the CPU, "int8"; there the last
                two are packed (see `sled_model.pack_weights`). The codec is float32 always.
            threads: that compute, while something is computed; None for `OMP_NUM_THREADS` where
                it is set, else one a physical core that this process may run on.
            local_files_only: never ask the hub.
            revision: of a hub id: branch, tag or commit.
            cache_dir: instead of the Hugging Face cache.

        Raises:
            SynthesisError, ModelError, CodecError: a part is missing, damaged, or does not fit
                the others, or this processor has no kernels for such weights.

        """
        place = pick_device(device)
        source = embedded.find(model)
        hub: dict[str, Any] = {
            "local_files_only": local_files_only,
            "revision": revision,
            "cache_dir": cache_dir,
        }
        loaded = load_model(source, dtype, place, **hub)
        tokenizer = Tokenizer.from_pretrained(source, **hub)
        wanted = loaded.config.codec if codec is None else codec
        found = load_codec(wanted, source, device=place, local_files_only=local_files_only)
        card = VoiceCard.read(Path(source)) if Path(source).is_dir() else None
        return cls(loaded, found, tokenizer, card, threads=threads)

    @property
    def sample_rate(self) -> int:
        """Samples a second of what is spoken."""
        return self.codec.sample_rate
