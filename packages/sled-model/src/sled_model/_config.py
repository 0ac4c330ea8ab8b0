"""The configuration of a SLED model: the published `speech_llama` fields and a few of our own.

The JSON keeps the published field names, so a folder written here is read by the original
implementation and the other way round.
"""

from __future__ import annotations

import math
from typing import Any

from transformers import PretrainedConfig

from ._errors import ModelError

KERNELS = ("energy", "gaussian")
_POSITIVE = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
    "vae_embed_dim",
    "noise_channels",
    "diffloss_d",
    "diffloss_w",
)
_NUMBERS = (
    "rope_theta",
    "rms_norm_eps",
    "initializer_range",
    "attention_dropout",
    "activation_dropout",
    "dropout",
    "training_cfg",
    "energy_beta",
    "stop_weight",
)
_DROPOUTS = ("attention_dropout", "activation_dropout", "dropout")
_ABSENT_WHEN_NONE = ("stream_n", "stream_m", "codec_fingerprint")


class SledConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """Sizes and training constants of a SLED model; defaults are those of the published models.

    Beyond the usual Llama names (of which 0 for `num_key_value_heads` and `head_dim` means the
    usual value):

    Args:
        vae_embed_dim: numbers in one latent frame, D.
        noise_channels: length of the Gaussian noise vector of the head, K.
        diffloss_d, diffloss_w: depth and width of the head.
        training_cfg: probability with which a training sample loses its text.
        stream_n, stream_m: tokens and frames of one streaming chunk; None for an offline model.
        attention_dropout, activation_dropout, dropout: on attention weights, FFN activations and
            residual branches.
        energy_beta: exponent of the energy distance, in (0, 2).
        energy_draws: draws of the head per frame in the loss, at least 2.
        loss_kernel: "energy" or "gaussian".
        stop_weight: weight of the positive class in the stop loss (stored with the weights).
        codec: hub id or folder of the codec whose latents the model speaks.
        codec_fingerprint: fingerprint of that codec's weights, or None.

    Raises:
        ModelError: a size is not a positive integer or two sizes contradict each other.

    """

    model_type = "speech_llama"

    vocab_size: int = 16384
    hidden_size: int = 1024
    intermediate_size: int = 2752
    num_hidden_layers: int = 12
    num_attention_heads: int = 16
    num_key_value_heads: int = 0
    head_dim: int = 0
    hidden_act: str = "silu"
    max_position_embeddings: int = 2048
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    attention_bias: bool = False
    mlp_bias: bool = False
    tie_word_embeddings: bool = False
    use_cache: bool = True
    bos_token_id: int | None = 0
    pad_token_id: int | None = 1
    eos_token_id: int | None = 2

    vae_embed_dim: int = 128
    noise_channels: int = 128
    diffloss_d: int = 6
    diffloss_w: int = 1024
    training_cfg: float = 0.1
    stream_n: int | None = None
    stream_m: int | None = None
    attention_dropout: float = 0.1
    activation_dropout: float = 0.1
    dropout: float = 0.1

    energy_beta: float = 1.0
    energy_draws: int = 2
    loss_kernel: str = "energy"
    stop_weight: float = 100.0
    codec: str = "facebook/encodec_24khz"
    codec_fingerprint: str | None = None

    def __post_init__(self, **kwargs: Any) -> None:  # noqa: ANN401 (unknown JSON fields)
        scaling = kwargs.pop("rope_scaling", None)
        rope = kwargs.pop("rope_parameters", None) or {}
        if scaling or rope.get("rope_type", "default") != "default":
            msg = "config: scaled RoPE is not supported; remove rope_scaling"
            raise ModelError(msg)
        self.rope_theta = rope.get("rope_theta", self.rope_theta)
        self.num_key_value_heads = self.num_key_value_heads or self.num_attention_heads
        if self.architectures is None:
            self.architectures = ["SpeechLlamaForCausalLM"]
        self._check_sizes()
        self._check_numbers()
        self.head_dim = self.head_dim or self.hidden_size // self.num_attention_heads
        self._check_choices()
        super().__post_init__(**kwargs)  # type: ignore[no-untyped-call]

    def _check_sizes(self) -> None:
        for name in _POSITIVE:
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                msg = f"config: {name} must be a positive integer, not {value!r}"
                raise ModelError(msg)
        if not self.head_dim and self.hidden_size % self.num_attention_heads:
            msg = (
                f"config: hidden_size {self.hidden_size} is not a multiple of "
                f"num_attention_heads {self.num_attention_heads}"
            )
            raise ModelError(msg)
        if self.num_attention_heads % self.num_key_value_heads:
            msg = (
                f"config: num_attention_heads {self.num_attention_heads} is not a multiple of "
                f"num_key_value_heads {self.num_key_value_heads}"
            )
            raise ModelError(msg)

    def _check_numbers(self) -> None:
        for name in _NUMBERS:
            value = getattr(self, name)
            if not isinstance(value, int | float) or not math.isfinite(value):
                msg = f"config: {name} must be a number, not {value!r}"
                raise ModelError(msg)

    def _check_choices(self) -> None:
        fixed = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
        for name, value in fixed.items():
            if getattr(self, name) != value:
                msg = f"config: {name} must be {value!r}, not {getattr(self, name)!r}"
                raise ModelError(msg)
        rules = {
            "rope_theta must be above 0": self.rope_theta > 0,
            "rms_norm_eps must be at least 0": self.rms_norm_eps >= 0,
            "initializer_range must be at least 0": self.initializer_range >= 0,
            "head_dim must be positive and even": self.head_dim > 0 and self.head_dim % 2 == 0,
            f"loss_kernel must be one of {', '.join(KERNELS)}": self.loss_kernel in KERNELS,
            "energy_beta must lie between 0 and 2": 0 < self.energy_beta < 2,  # noqa: PLR2004
            "energy_draws must be at least 2": self.energy_draws >= 2,  # noqa: PLR2004
            **{f"{name} must lie in [0, 1)": 0 <= getattr(self, name) < 1 for name in _DROPOUTS},
            "training_cfg must be a probability": 0 <= self.training_cfg <= 1,
            "stream_n and stream_m must be given together and positive": _chunk_is_valid(
                self.stream_n, self.stream_m
            ),
        }
        for rule, holds in rules.items():
            if not holds:
                msg = f"config: {rule}"
                raise ModelError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON fields; those of streaming are absent from an offline model's."""
        fields: dict[str, Any] = super().to_dict()
        for name in _ABSENT_WHEN_NONE:
            if fields.get(name) is None:
                fields.pop(name, None)
        return fields


def _chunk_is_valid(tokens: int | None, frames: int | None) -> bool:
    if tokens is None or frames is None:
        return tokens is None and frames is None
    return tokens >= 1 and frames >= 1
