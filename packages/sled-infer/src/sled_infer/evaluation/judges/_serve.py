"""What the judges share: a question a line on stdin, one JSON object a line on stdout."""

from __future__ import annotations

import json
import os
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
    serve_lines(lambda line: judge(read_wav(line)))


def serve_lines(judge: Callable[[str], Mapping[str, object]]) -> None:
    """Answer every line on stdin. What libraries print goes to stderr: stdout is for answers."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            answers.write(json.dumps(judge(line.rstrip("\n"))) + "\n")
            answers.flush()
