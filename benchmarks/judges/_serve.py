"""What the judges share: WAV paths on stdin, one JSON object a path on stdout."""

from __future__ import annotations

import json
import sys
import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SAMPLE_RATE = 16_000
_BYTES_A_SAMPLE = 2


def read_wav(path: str) -> np.ndarray:
    """Read a 16 kHz mono 16-bit WAV as float32 `[samples]` in -1...1."""
    with wave.open(path, "rb") as file:
        shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
        if shape != (SAMPLE_RATE, 1, _BYTES_A_SAMPLE):
            raise ValueError(f"{path}: (rate, channels, bytes) are {shape}; give 16 kHz mono PCM16")
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768


def serve(judge: Callable[[np.ndarray], Mapping[str, object]]) -> None:
    """Answer every path on stdin with what `judge` makes of its wave."""
    for line in sys.stdin:
        answer = judge(read_wav(line.rstrip("\n")))
        print(json.dumps(answer), flush=True)
