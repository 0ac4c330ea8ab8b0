"""Asks a judge of `judges/`: waves in, its answers out.

A judge runs as a process of its own, in an environment that uv makes for it, since what judges
need does not fit what they judge.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch
from sled_codec import resample, write_audio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_JUDGES = Path(__file__).parent / "judges"
_SAMPLE_RATE = 16_000
# Recognisers lose a word that begins with the file: all are given this much silence around.
_SILENCE_SECONDS = 0.5


@dataclass(frozen=True)
class Judge:
    """A judge's script, its options, and its name in tables."""

    title: str
    script: str
    options: tuple[str, ...] = ()


RECOGNISERS = {
    "whisper": Judge("Whisper tiny.en", "hear_whisper.py"),
    "whisper-prompted": Judge(
        "Whisper tiny.en, told to expect digits",
        "hear_whisper.py",
        ("--prompt", "three one four, nine zero two seven, eight five six"),
    ),
    "moonshine": Judge("Moonshine tiny", "hear_moonshine.py"),
}
SPEAKER_JUDGE = Judge("Resemblyzer", "tell_speaker.py")


def hear(judge: Judge, waves: Sequence[Tensor], sample_rate: int) -> list[str]:
    """Return what a recogniser writes down for each wave `[samples]`."""
    return [answer["text"] for answer in ask(judge, waves, sample_rate)]


def embed(waves: Sequence[Tensor], sample_rate: int) -> Tensor:
    """Return the speaker embeddings `[waves, 256]`, each of length 1."""
    answers = ask(SPEAKER_JUDGE, waves, sample_rate)
    return torch.tensor([answer["embedding"] for answer in answers])


def ask(judge: Judge, waves: Sequence[Tensor], sample_rate: int) -> list[dict[str, Any]]:
    """Return the judge's answer to each wave `[samples]`; RuntimeError if it fails."""
    command = ["uv", "run", "--quiet", "--script", str(_JUDGES / judge.script), *judge.options]
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number:05d}.wav" for number in range(len(waves))]
        for path, wave in zip(paths, waves, strict=True):
            write_audio(path, _framed(resample(wave, sample_rate, _SAMPLE_RATE)), _SAMPLE_RATE)
        print(f"{judge.title} judges {len(waves)} clips ...", file=sys.stderr, flush=True)
        lines = "".join(f"{path}\n" for path in paths)
        done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(waves):
        raise RuntimeError(f"{judge.script}: failed with exit code {done.returncode}, see above")
    return answers


def _framed(wave: Tensor) -> Tensor:
    silence = torch.zeros(round(_SILENCE_SECONDS * _SAMPLE_RATE))
    return torch.cat([silence, wave.clamp(-1, 1), silence])
