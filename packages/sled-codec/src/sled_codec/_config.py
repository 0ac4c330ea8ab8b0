"""The sizes of an EnCodec network, as a value that travels as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import ceil, inf, log2, prod
from typing import Any

from sled_codec._errors import CodecError

CODEBOOKS = 8
_PAD_MODES = ("reflect", "constant", "replicate")
_FORMAT = "sled-codec"
_LONGEST_STEP = 512  # samples: half the window of the filters


@dataclass(frozen=True)
class SourceFilter:
    """Sizes of a decoder that drives an oscillator and filters instead of drawing the wave.

    It is an EnCodec decoder of its own: ``n_filters`` wide, with one upsampling to ``steps`` a
    frame, whose channels are a voicing, ``pitches``, and the loudness of bands of the voice and
    of the breath.

    ``contrast`` deepens what lies between the resonances of the voice by so much of it; a network
    that learnt a distance of spectra makes them too flat. It needs no weights, and none know of it.
    """

    n_filters: int = 128
    steps: int = 2
    pitches: int = 96
    voice_bands: int = 64
    breath_bands: int = 40
    contrast: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        sizes = dict(vars(self))
        _check_contrast(sizes.pop("contrast"))
        for name, value in sizes.items():
            _check_whole(f"source_filter.{name}", value, least=2 if "bands" in name else 1)

    @property
    def channels(self) -> int:
        """Numbers that the network gives a step."""
        return 1 + self.pitches + self.voice_bands + self.breath_bands


@dataclass(frozen=True)
class CodecConfig:
    """Sizes of a causal, mono EnCodec (arXiv 2210.13438); the defaults are ``encodec_24khz``.

    ``ratios`` are the decoder's upsampling factors in order; their product is the hop.
    ``n_codebooks`` is how many codebooks make a latent, not how many a checkpoint may hold.
    ``source_filter`` replaces EnCodec's own decoder, which draws the wave.
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
    source_filter: SourceFilter | None = None

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
        if self.source_filter is not None:
            _check_steps(self.source_filter.steps, self.hop_length)

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
        values = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps({"format": _FORMAT, **values}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "CodecConfig":
        """Read the text of a ``codec.json``; raises `CodecError` for anything else."""
        values = _parse_object(text)
        values.pop("format", None)
        _refuse_unknown(values, cls)
        source_filter = values.pop("source_filter", None)
        if source_filter is not None:
            if not isinstance(source_filter, dict):
                raise CodecError(f"codec config: 'source_filter' is {source_filter!r}; give sizes")
            _refuse_unknown(source_filter, SourceFilter)
            values["source_filter"] = SourceFilter(**source_filter)
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


def _check_steps(steps: int, hop: int) -> None:
    if hop % steps or hop // steps > _LONGEST_STEP:
        raise CodecError(
            f"codec config: 'source_filter.steps' {steps} must divide a frame of {hop} samples "
            f"into steps of at most {_LONGEST_STEP}"
        )


def _refuse_unknown(values: Mapping[str, Any], kind: type[CodecConfig | SourceFilter]) -> None:
    known = {field.name for field in fields(kind)}
    for name in values:
        if name not in known:
            raise CodecError(f"codec config: unknown field {name!r}; remove it")


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


def _check_contrast(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < inf:
        raise CodecError(f"codec config: 'source_filter.contrast' {value!r} must be 0 or more")
