"""Audio as bytes while it is still being made: 16-bit samples, and WAV headers for them."""

import struct

from torch import Tensor

_FULL_SCALE = 32767
_BYTES = 2  # a sample
_UNKNOWN = 0xFFFFFFFF
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_BEFORE_DATA = _HEADER.size - 8


def pcm_bytes(wave: Tensor) -> bytes:
    """Give float samples `[samples]`, full scale ±1, as little-endian int16; louder is clipped."""
    samples: bytes = (wave.clamp(-1, 1) * _FULL_SCALE).round().cpu().numpy().astype("<i2").tobytes()
    return samples


def wav_header(sample_rate: int, size: int | None = None) -> bytes:
    """Give the 44 bytes before `size` bytes of 16-bit mono PCM.

    None, like more than a header can say, is of unknown length: players then read to the end.
    """
    data = _UNKNOWN if size is None else min(size, _UNKNOWN)
    riff = min(_BEFORE_DATA + data, _UNKNOWN)
    return _HEADER.pack(
        *(b"RIFF", riff, b"WAVE"),
        *(b"fmt ", 16, 1, 1, sample_rate, sample_rate * _BYTES, _BYTES, 8 * _BYTES),
        *(b"data", data),
    )
