"""The sizes of an EnCodec network, as a value that travels as JSON."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from math import ceil, log2, prod
from typing import Any

from sled_codec._errors import CodecError

CODEBOOKS = 8
_PAD_MODES = ("reflect", "constant", "replicate")
_FORMAT = "sled-codec"


@dataclass(frozen=True)
class CodecConfig:
    """Sizes of a causal, mono EnCodec (arXiv 2210.13438); the defaults are ``encodec_24khz``.

    ``ratios`` are the decoder's upsampling factors in order; their product is the hop.
    ``n_codebooks`` is how many codebooks make a latent, not how many a checkpoint may hold.
    Raises `CodecError` for sizes no network can have.
    """

    sample_rate: int = 24_000
    dimension: int = 128
    n_filters: int = 32
    n_residual_layers: int = 1
    ratios: tuple[int, ...] = (8, 5, 4, 2)
    kernel_size: int = 7
    last_kernel_size: int = 7
    residual_kernel_size: int = 3
    dilation_base: int = 2
    compress: int = 2
    lstm_layers: int = 2
    true_skip: bool = False
    pad_mode: str = "reflect"
    n_codebooks: int = CODEBOOKS
    codebook_size: int = 1024

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        object.__setattr__(self, "ratios", _whole_numbers("ratios", self.ratios))
        if not self.ratios:
            raise CodecError("codec config: 'ratios' must name at least one upsampling factor")
        for name in _POSITIVE:
            _check_whole(name, getattr(self, name), least=1)
        _check_whole("lstm_layers", self.lstm_layers, least=0)
        if not isinstance(self.true_skip, bool):
            raise CodecError(f"codec config: 'true_skip' must be true or false: {self.true_skip!r}")
        if self.pad_mode not in _PAD_MODES:
            known = ", ".join(_PAD_MODES)
            raise CodecError(f"codec config: pad_mode {self.pad_mode!r} is not one of {known}")
        if self.n_filters < self.compress:
            raise CodecError(
                f"codec config: 'compress' {self.compress} exceeds 'n_filters' {self.n_filters}"
            )

    @property
    def hop_length(self) -> int:
        """Samples a frame."""
        return prod(self.ratios)

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.sample_rate / self.hop_length

    def to_json(self) -> str:
        """Return the text of a ``codec.json``."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "CodecConfig":
        """Read the text of a ``codec.json``; raises `CodecError` for anything else."""
        values = _parse_object(text)
        values.pop("format", None)
        known = {field.name: field.default for field in fields(cls)}
        for name in values:
            if name not in known:
                raise CodecError(f"codec config: unknown field {name!r}; remove it")
        missing = [n for n, default in known.items() if n not in values and default is MISSING]
        if missing:
            raise CodecError(f"codec config: field {missing[0]!r} is missing")
        return cls(**values)

    @classmethod
    def from_transformers(cls, text: str) -> "CodecConfig":
        """Read the ``config.json`` of a ``transformers.EncodecModel``.

        Raises `CodecError` unless it is a causal mono model without loudness normalisation,
        the only kind whose latents SLED uses.
        """
        values = _parse_object(text)
        if values.get("model_type") != "encodec":
            kind = values.get("model_type")
            raise CodecError(f"model_type is {kind!r}, not 'encodec'; give a codec")
        _refuse_other_kinds(values)
        renamed = {ours: values[theirs] for theirs, ours in _TRANSFORMERS if theirs in values}
        if "use_conv_shortcut" in values:
            renamed["true_skip"] = not values["use_conv_shortcut"]
        return cls(**renamed, n_codebooks=_codebooks(cls(**renamed), values))


_POSITIVE = (
    "sample_rate",
    "dimension",
    "n_filters",
    "n_residual_layers",
    "kernel_size",
    "last_kernel_size",
    "residual_kernel_size",
    "dilation_base",
    "compress",
    "n_codebooks",
    "codebook_size",
)
_TRANSFORMERS = (
    ("sampling_rate", "sample_rate"),
    ("hidden_size", "dimension"),
    ("num_filters", "n_filters"),
    ("num_residual_layers", "n_residual_layers"),
    ("upsampling_ratios", "ratios"),
    ("kernel_size", "kernel_size"),
    ("last_kernel_size", "last_kernel_size"),
    ("residual_kernel_size", "residual_kernel_size"),
    ("dilation_growth_rate", "dilation_base"),
    ("compress", "compress"),
    ("num_lstm_layers", "lstm_layers"),
    ("pad_mode", "pad_mode"),
    ("codebook_size", "codebook_size"),
)
_REQUIRED_KIND = (
    ("audio_channels", 1, "is not mono"),
    ("use_causal_conv", True, "is not causal"),
    ("normalize", False, "normalises loudness"),
    ("chunk_length_s", None, "works in chunks"),
    ("norm_type", "weight_norm", "has another norm"),
    ("trim_right_ratio", 1.0, "looks ahead"),
)


def _refuse_other_kinds(values: Mapping[str, Any]) -> None:
    for name, wanted, what in _REQUIRED_KIND:
        if values.get(name, wanted) != wanted:
            raise CodecError(
                f"{name}={values[name]!r}: this codec {what}; "
                "use a 24 kHz model such as facebook/encodec_24khz"
            )
    size = values.get("hidden_size", CodecConfig.dimension)
    if (values.get("codebook_dim") or size) != size:
        raise CodecError("codebook_dim differs from hidden_size; not an EnCodec")


def _codebooks(config: CodecConfig, values: Mapping[str, Any]) -> int:
    """Return how many of the checkpoint's codebooks make a latent: 8, or all where fewer."""
    kbps = values.get("target_bandwidths") or [24.0]
    if not isinstance(kbps, list) or not all(isinstance(each, int | float) for each in kbps):
        raise CodecError(f"'target_bandwidths' must be a list of numbers: {kbps!r}")
    bits = ceil(log2(config.codebook_size)) if config.codebook_size > 1 else 1
    held = int(1000 * max(kbps) // (ceil(config.frame_rate) * bits))
    return max(1, min(CODEBOOKS, held))


def _parse_object(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise CodecError(f"codec config: not valid JSON ({error}); restore the file") from None
    if not isinstance(values, dict):
        raise CodecError("codec config: not a JSON object; restore the file")
    return values


def _whole_numbers(name: str, values: object) -> tuple[int, ...]:
    if not isinstance(values, list | tuple):
        raise CodecError(f"codec config: {name!r} must be a list of whole numbers: {values!r}")
    for value in values:
        _check_whole(name, value, least=1)
    return tuple(values)


def _check_whole(name: str, value: object, *, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise CodecError(f"codec config: {name!r} must be a whole number ≥ {least}: {value!r}")
