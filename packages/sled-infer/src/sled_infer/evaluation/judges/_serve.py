"""What the judges share: a question a line on stdin, one JSON object a line on stdout."""

from __future__ import annotations

import argparse
import json
import os
import sys
import wave
from contextlib import contextmanager, redirect_stdout
from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Answer = Mapping[str, object]

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


def serve(load: Callable[[], Callable[[np.ndarray], Answer]]) -> None:
    """Load a judge, and answer every path on stdin with what it makes of its wave.

    Whatever libraries print when they are imported, loaded or used goes to stderr: `load` is to
    import them.
    """

    def load_reader() -> Callable[[str], Answer]:
        judge = load()
        return lambda line: judge(read_wav(line))

    serve_lines(load_reader)


def serve_model(about: str, load: Callable[[str], Callable[[np.ndarray], Answer]]) -> None:
    """Serve as `serve` does with the judge that `--model` names, a hub id or a folder."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--model", required=True, help="hub id or folder")
    name = parser.parse_args().model
    serve(lambda: load(name))


def serve_lines(load: Callable[[], Callable[[str], Answer]]) -> None:
    """Load a judge of texts as `serve` does, and answer every line on stdin."""
    with _answers() as answers:
        judge = load()
        for line in sys.stdin:
            answers.write(json.dumps(judge(line.rstrip("\n"))) + "\n")
            answers.flush()


@contextmanager
def _answers() -> Iterator[IO[str]]:
    """Keep stdout for answers: what else is written there, by Python or by native code, moves."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers, redirect_stdout(sys.stderr):
        os.dup2(2, 1)
        yield answers
