"""`Codec`: waveforms to codes, codes to latents, latents to waveforms."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from sled_codec import _inputs as inputs
from sled_codec._batch import decode_each, encode_each
from sled_codec._config import CodecConfig
from sled_codec._convert import convert
from sled_codec._errors import CodecError
from sled_codec._files import atomic_write
from sled_codec._float32 import Float32Module, full_float32
from sled_codec._incremental import DecoderState, push
from sled_codec._load import CONFIG_NAME, EMBEDDED, WEIGHTS_NAME, load_checkpoint
from sled_codec._network import build_networks
from sled_codec._pack import Network, pack
from sled_codec._quantizer import Codebooks
from sled_codec._random import random_state
from sled_codec._synthesis import Synthesis


class Codec(Float32Module):
    """An EnCodec (arXiv 2210.13438) for inference, always in float32.

    Casting it, or a module around it, to another dtype leaves it float32; so do autocast and
    the default dtype. Make one with `from_pretrained` or `from_state_dict`.
    """

    def __init__(self, config: CodecConfig, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.config = config
        networks = build_networks(config)
        self.encoder = networks.encoder
        self.codebooks = Codebooks(config)
        self.decoder = networks.decoder
        self.synthesis = Synthesis.of(config)
        shapes = {name: value.shape for name, value in self.state_dict().items()}
        self.load_state_dict(convert(state, shapes), assign=True)
        self.register_load_state_dict_post_hook(_forget_packed)  # type: ignore[no-untyped-call]
        self.requires_grad_(requires_grad=False)
        self.eval()

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path = EMBEDDED,
        *,
        device: str | torch.device = "cpu",
        local_files_only: bool = False,
        revision: str | None = None,
        cache_dir: str | Path | None = None,
    ) -> "Codec":
        """Load a codec from ``source``.

        It may be ``"embedded"`` (shipped with this package), a folder written by
        `save_pretrained`, a folder in the layout of ``transformers.EncodecModel``, a hub id of
        either (``"facebook/encodec_24khz"``), or a ``.th`` checkpoint of the 24 kHz model.
        Raises `CodecError` that says what is missing, surplus, misshapen or damaged, or that
        the device is not there.
        """
        inputs.check_device(device)
        checkpoint = load_checkpoint(
            source, revision=revision, cache_dir=cache_dir, local_files_only=local_files_only
        )
        try:
            return cls(checkpoint.config, checkpoint.state).to(device)
        except CodecError as error:
            raise CodecError(f"codec {str(source)!r} does not fit its sizes: {error}") from None

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Tensor], config: CodecConfig) -> "Codec":
        """Make a codec of any size from a state dict, for instance one that was just trained.

        Names and weight normalisation may be those of the ``encodec`` package, of
        ``transformers`` or ours. Raises `CodecError` naming the first key that does not fit.
        """
        return cls(config, state)

    @classmethod
    def from_random(cls, config: CodecConfig, *, seed: int = 0) -> "Codec":
        """Make a codec with random weights, for tests and timings; its audio is noise.

        The same seed gives the same weights, and no global random state is touched.
        """
        return cls(config, random_state(config, seed=seed))

    def save_pretrained(self, folder: str | Path, *, dtype: torch.dtype = torch.float32) -> None:
        """Write ``codec.json`` and ``codec.safetensors``, each whole or not at all.

        ``dtype=torch.float16`` halves the file; it is float32 again once loaded.
        """
        place = Path(folder).expanduser()
        place.mkdir(parents=True, exist_ok=True)
        state = {name: value.to("cpu", dtype) for name, value in self.state_dict().items()}
        with atomic_write(place / WEIGHTS_NAME) as file:
            file.write(safetensors.torch.save(state))
        with atomic_write(place / CONFIG_NAME) as file:
            file.write(self.config.to_json().encode())

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        return self.config.sample_rate

    @property
    def hop_length(self) -> int:
        """Samples a frame."""
        return self.config.hop_length

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.config.frame_rate

    @property
    def latent_size(self) -> int:
        """Numbers in one latent."""
        return self.config.dimension

    @property
    def device(self) -> torch.device:
        """Where the weights lie and the work is done."""
        return self.codebooks.tables.device

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hex, that tells codecs apart whose latents do not fit each other.

        Over the sizes, the codebooks and what the encoder's checkpoints store as it is. The
        decoder stays out: trained further, it speaks the same latents better. The encoder's
        kernels stay out: folding their norm rounds differently on other machines.
        """
        digest = hashlib.sha256(replace(self.config, source_filter=None).to_json().encode())
        for name, value in sorted(self.state_dict().items()):
            encoder = name.startswith("encoder.") and (value.dim() == 1 or ".lstm." in name)
            if encoder or name.startswith("codebooks."):
                digest.update(name.encode())
                digest.update(value.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def encode(self, wave: Tensor, sample_rate: int) -> Tensor:
        """Return the codes of one recording.

        ``wave``: ``[samples]`` or ``[channels, samples]`` at ``sample_rate`` Hz; floats with
        full scale ±1, integers with the full scale of their type; channels are averaged.
        Returns int64 ``[ceil(samples at the codec's rate / hop), n_codebooks]`` on the codec's
        device. Raises `CodecError` for an empty wave, another shape, NaN, or a bad rate.
        """
        return self.encode_batch([wave], sample_rate)[0]

    def encode_batch(self, waves: Sequence[Tensor], sample_rate: int) -> list[Tensor]:
        """Return for each wave the codes that `encode` gives it alone.

        On a CPU to the last bit; elsewhere the order of sums may tip a code whose two nearest
        codebook entries are equally near within rounding.
        """
        with full_float32(self.device):
            mono = [inputs.mono(wave, sample_rate, self) for wave in waves]
            together = self.device.type != "cpu"
            frames = encode_each(self._encoding, mono, self.hop_length, in_one_pass=together)
            return [self.codebooks.encode(each) for each in frames]

    def latents(self, codes: Tensor) -> Tensor:
        """Return float32 latents ``[..., D]`` of integer codes ``[..., n_codebooks]``.

        A latent is the sum of its codebook vectors. Raises `CodecError` for another shape,
        another dtype or a code outside of the codebook.
        """
        with full_float32(self.device):
            return self.codebooks.decode(inputs.codes(codes, self))

    def decode(self, latents: Tensor) -> Tensor:
        """Return the float32 wave ``[frames · hop]`` of latents ``[frames, D]`` of any dtype.

        Raises `CodecError` for another shape, no frames, or NaN.
        """
        return self.decode_batch([latents])[0]

    def decode_batch(self, latents: Sequence[Tensor]) -> list[Tensor]:
        """Return for each of the latents the wave that `decode` gives it alone."""
        with full_float32(self.device):
            checked = [inputs.latents(each, self) for each in latents]
            together = self.device.type != "cpu"
            return decode_each(self._decoding, checked, self.hop_length, in_one_pass=together)

    @property
    def frames_to_start(self) -> int:
        """Frames that the first sample of a stream hangs on; the last of them brings it out.

        7 for EnCodec, which reflects the start: the first 6 pushed alone give no samples yet.
        """
        return self._decoding.frames_to_start

    def decoder_state(self) -> DecoderState:
        """Return the state of a stream of latents that has just begun, for `decode_step`."""
        return DecoderState()

    def decode_step(self, latents: Tensor, state: DecoderState, *, last: bool = False) -> Tensor:
        """Return the samples that these latents bring out; changes ``state``.

        However a stream is cut, the joined samples are those of one `decode` of the whole, and
        every frame after the first `frames_to_start` costs the same. Before that, frames wait.

        ``latents``: ``[frames, D]`` of any float dtype, frames may be 0. ``last`` ends the
        stream, which matters only to one shorter than `frames_to_start`. Returns float32
        ``[frames · hop]``, at the start ``[0]`` or all that waited with it. Raises `CodecError`
        for another shape, NaN, or a stream that has ended; the state is then as it was.
        """
        return self.decode_step_batch([latents], [state], last=last)[0]

    def decode_step_batch(
        self, latents: Sequence[Tensor], states: Sequence[DecoderState], *, last: bool = False
    ) -> list[Tensor]:
        """Do `decode_step` for several streams at once: one state and one wave each.

        They may have begun at different times and push different numbers of frames; those that
        push equally many share a pass over the weights. The result is that of each alone, up
        to the order of sums.
        """
        with full_float32(self.device):
            checked = [inputs.latents(each, self, may_be_empty=True) for each in latents]
            inputs.check_states(checked, states)
            return push(self._decoding, checked, states, last=last)

    @cached_property
    def _encoding(self) -> Network:
        return pack(self.encoder, steps_per_frame=self.hop_length)

    @cached_property
    def _decoding(self) -> Network:
        behind = [] if self.synthesis is None else [self.synthesis]
        return pack(self.decoder, *behind, steps_per_frame=1)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Codec":  # noqa: FBT001, FBT002 (torch's own signature)
        super()._apply(fn, recurse)
        _forget_packed(self)
        return self


def _forget_packed(codec: Codec, _: object = None) -> None:
    """Let repacked weights be made anew after the weights moved or changed."""
    for name in ("_encoding", "_decoding"):
        codec.__dict__.pop(name, None)
