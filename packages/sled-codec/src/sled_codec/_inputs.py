"""What callers hand in, checked and brought to the form the networks take."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sled_codec._errors import CodecError
from sled_codec._incremental import DecoderState
from sled_codec._resample import resample

if TYPE_CHECKING:
    from sled_codec._codec import Codec


def check_device(device: str | torch.device) -> None:
    """Raise `CodecError` unless tensors can be made on ``device``."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CodecError(f"device {str(device)!r} cannot be used ({reason}); try 'cpu'") from None


def mono(wave: Tensor, sample_rate: int, codec: "Codec") -> Tensor:
    """Return ``wave`` as float32 ``[samples]`` at the codec's rate, on its device."""
    _check_tensor("wave", wave)
    if wave.dim() not in (1, 2):
        shape = list(wave.shape)
        raise CodecError(f"wave must be [samples] or [channels, samples], not {shape}")
    if wave.numel() == 0:
        raise CodecError(f"wave of shape {list(wave.shape)} holds no samples; nothing to encode")
    wave = _full_scale(wave.to(codec.device))
    if not bool(torch.isfinite(wave).all()):
        raise CodecError("wave holds NaN or infinite samples; clean the recording")
    return resample(wave.reshape(-1, wave.shape[-1]).mean(dim=0), sample_rate, codec.sample_rate)


def codes(values: Tensor, codec: "Codec") -> Tensor:
    """Return ``values`` as int64 codes ``[..., n_codebooks]`` on the codec's device."""
    _check_tensor("codes", values)
    count, size = codec.config.n_codebooks, codec.config.codebook_size
    if values.dim() == 0 or values.shape[-1] != count:
        raise CodecError(f"codes must be [..., {count}], not {list(values.shape)}")
    if values.is_floating_point() or values.is_complex() or values.dtype == torch.bool:
        raise CodecError(f"codes must be integers, not {values.dtype}")
    values = values.to(codec.device, torch.int64)
    if values.numel() and not 0 <= int(values.min()) <= int(values.max()) < size:
        found = f"{int(values.min())}..{int(values.max())}"
        raise CodecError(f"codes must lie in 0..{size - 1}, found {found}; another codec's?")
    return values


def latents(values: Tensor, codec: "Codec", *, may_be_empty: bool = False) -> Tensor:
    """Return ``values`` as float32 latents ``[frames, D]`` on the codec's device."""
    _check_tensor("latents", values)
    size = codec.latent_size
    if values.shape[1:] != (size,) or not values.is_floating_point():
        raise CodecError(
            f"latents must be floats [frames, {size}], not {values.dtype} {list(values.shape)}"
        )
    if len(values) == 0 and not may_be_empty:
        raise CodecError("latents hold no frames; nothing to decode")
    values = values.to(codec.device, torch.float32)
    if not bool(torch.isfinite(values).all()):
        raise CodecError("latents hold NaN or infinite numbers; check what made them")
    return values


def check_states(latents: Sequence[Tensor], states: Sequence[DecoderState]) -> None:
    """Raise `CodecError` unless there is one state of its own, still open, for each stream."""
    if len(states) != len(latents) or len({id(state) for state in states}) != len(states):
        raise CodecError(
            f"{len(latents)} streams of latents need as many states, one each, not {len(states)}"
        )
    if any(state.ended for state in states):
        raise CodecError("this stream of latents has ended; begin another with decoder_state()")


def _check_tensor(name: str, value: object) -> None:
    if not isinstance(value, Tensor):
        raise CodecError(f"{name} must be a torch.Tensor, not {type(value).__name__}")


def _full_scale(wave: Tensor) -> Tensor:
    """Return float32 with full scale ±1."""
    if wave.is_complex() or wave.dtype == torch.bool:
        raise CodecError(f"wave must hold real samples, not {wave.dtype}")
    if wave.is_floating_point():
        return wave.float()
    if wave.dtype == torch.uint8:
        return (wave.float() - 128) / 128
    return (wave.double() / -float(torch.iinfo(wave.dtype).min)).float()
