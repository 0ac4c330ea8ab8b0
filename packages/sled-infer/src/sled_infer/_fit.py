"""Whether a model, a codec and a tokenizer belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errors import SynthesisError

if TYPE_CHECKING:
    from sled_codec import Codec
    from sled_model import SledModel, Tokenizer

    from ._card import VoiceCard


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


def check_card(card: VoiceCard, codec: Codec) -> None:
    """Raise SynthesisError where a card says of latents what they are too small for."""
    if card.tone is not None and card.tone + 2 > codec.latent_size:
        raise SynthesisError(
            f"{card.folder}: says that number {card.tone} of a latent is the pitch and the next "
            f"one the voicing, but the codec's latents have {codec.latent_size}; mend 'tone'"
        )
