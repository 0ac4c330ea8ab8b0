"""Real speech for the benchmarks: the clips that no embedded model was trained on.

A speech folder holds `digits/` (Free Spoken Digit Dataset), `ljspeech/` and `librispeech/`,
each with a `metadata.csv` of `file|speaker|text` lines.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from _digits import DIGIT_WORDS
from sled_codec import read_audio, resample

if TYPE_CHECKING:
    import argparse
    import random

    from torch import Tensor

SAMPLE_RATE = 24_000
TOOLS = Path(__file__).parents[1] / "tools" / "embedded"
_TRIM_DB = 40.0  # below a take's loudest 10 ms
_LOUDNESS_DB = -22.0  # RMS of a take in a joined string
_PAUSE = (0.1, 0.3)  # seconds between joined takes


@dataclass(frozen=True)
class Clip:
    """One recording and its words."""

    path: Path
    speaker: str
    text: str


class Takes:
    """The single spoken digits of one speaker, to be joined into strings."""

    def __init__(self, clips: list[Clip]) -> None:
        self._waves: list[list[Tensor]] = [[] for _ in DIGIT_WORDS]
        for clip in clips:
            self._waves[DIGIT_WORDS.index(clip.text)].append(_levelled(clip.path))

    def join(self, digits: str, rng: random.Random) -> Tensor:
        """Say `digits` with random takes and pauses: float32 `[samples]` at 24 kHz."""
        pieces = []
        for digit in digits:
            pause = torch.zeros(round(rng.uniform(*_PAUSE) * SAMPLE_RATE))
            pieces += [rng.choice(self._waves[int(digit)]), pause]
        return torch.cat(pieces[:-1])


def add_speech_argument(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add `--speech`, which defaults to $SLED_SPEECH_DIR."""
    default = os.environ.get("SLED_SPEECH_DIR")
    text = "folder with digits/, ljspeech/ and librispeech/ (default: $SLED_SPEECH_DIR)"
    needed = required and default is None
    parser.add_argument("--speech", type=Path, default=default, required=needed, help=text)


def read_clips(speech: Path, source: str, *, held_out: bool) -> list[Clip]:
    """Return the clips of a source that training left out, or those it used."""
    listed = set((TOOLS / "held_out.txt").read_text(encoding="utf-8").split())
    lines = (speech / source / "metadata.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|", 2) for line in lines if line]
    return [
        Clip(speech / source / name, speaker, text)
        for name, speaker, text in rows
        if (f"{source}/{name}" in listed) == held_out
    ]


def read_takes(speech: Path, *, held_out: bool) -> dict[str, Takes]:
    """Return every digit speaker's takes."""
    by_speaker: dict[str, list[Clip]] = {}
    for clip in read_clips(speech, "digits", held_out=held_out):
        by_speaker.setdefault(clip.speaker, []).append(clip)
    return {speaker: Takes(clips) for speaker, clips in sorted(by_speaker.items())}


def load(path: Path) -> Tensor:
    """Read a recording as float32 `[samples]` at 24 kHz."""
    wave, rate = read_audio(path)
    return resample(wave, rate, SAMPLE_RATE)


def test_strings() -> list[str]:
    """Return the digit strings that no training sequence contains, such as "314"."""
    lines = (TOOLS / "test_strings.txt").read_text(encoding="utf-8").splitlines()
    return ["".join(str(DIGIT_WORDS.index(word)) for word in line.split()) for line in lines]


def in_words(digits: str) -> str:
    """Return "three one four" for "314"."""
    return " ".join(DIGIT_WORDS[int(digit)] for digit in digits)


def _levelled(path: Path) -> Tensor:
    """Read a take, cut its quiet ends, bring it to the common loudness."""
    wave = load(path)
    hop = SAMPLE_RATE // 100
    power = 10 * torch.log10(wave.unfold(0, hop, hop).square().mean(-1) + 1e-10)
    loud = (power > power.max() - _TRIM_DB).nonzero().flatten()
    wave = wave[max(0, int(loud[0]) - 2) * hop : (int(loud[-1]) + 3) * hop]
    gain = 10 ** (_LOUDNESS_DB / 20) / (wave.square().mean().sqrt() + 1e-6)
    return wave * min(float(gain), 0.95 / float(wave.abs().max()))
