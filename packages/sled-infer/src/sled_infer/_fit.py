"""Whether a model, a codec and a tokenizer belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errors import SynthesisError

if TYPE_CHECKING:
    from sled_codec import Codec
    from sled_model import SledModel, Tokenizer


def check_fit(model: SledModel, codec: Codec, tokenizer: Tokenizer) -> None:
    """Raise SynthesisError unless the three parts belong together."""
    config = model.config
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
