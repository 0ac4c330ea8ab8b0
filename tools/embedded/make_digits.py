"""Join single digits into spoken digit strings: the corpus of the digits voice.

    python tools/embedded/make_digits.py --audio WORK/audio --out WORK/digits

`singles/` (1 digit), `short/` (to 3), `train/` (to 8) and `dev/` (to 8) each hold FLAC files and
a `metadata.csv` (`file|speaker|text`). Training strings use the training takes, development
strings the held-out takes; none contains a test string. Every string is one speaker's, its
digits at one loudness over a low noise floor, and at one pace, as numbers are dictated: where a
digit stands in the text then tells when it is spoken, which a small model learns far sooner than
to keep count of what it has said.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from corpus import SAMPLE_RATE
from crops import Source
from digit_strings import WORDS, draw_string, in_words, read_test_strings

_FRAME = SAMPLE_RATE // 75
_SLOT = 48 * _FRAME  # from the begin of a digit to that of the next
_LEAD = 8 * _FRAME  # before the first
_LONGEST_TAKE = _SLOT - 3 * _FRAME
_LOUDNESS_DB = -22.0  # RMS of a digit
_FLOOR_DB = -66.0
_FADE = 0.005

if TYPE_CHECKING:
    from collections.abc import Sequence


def level(wave: np.ndarray) -> np.ndarray:
    """Bring a digit to the common loudness and fade its ends."""
    rms = float(np.sqrt(np.square(wave).mean())) + 1e-6
    wave = wave * min(10 ** (_LOUDNESS_DB / 20) / rms, 0.95 / float(np.abs(wave).max()))
    ramp = np.linspace(0, 1, int(_FADE * SAMPLE_RATE), dtype=np.float32)
    wave[: len(ramp)] *= ramp
    wave[-len(ramp) :] *= ramp[::-1]
    return wave


def fitting(takes: list[np.ndarray], limit: int) -> list[np.ndarray]:
    """Choose up to `limit` takes: the first that leave a pause in their slot, else the shortest."""
    fit = [take for take in takes if len(take) <= _LONGEST_TAKE]
    return fit[:limit] or [min(takes, key=len)[:_SLOT]]


def say(digits: str, takes: dict[str, list[np.ndarray]], rng: np.random.Generator) -> np.ndarray:
    """Return one spoken string as float32 `[samples]`, a slot a digit."""
    wave = np.zeros(_LEAD + len(digits) * _SLOT, np.float32)
    for number, digit in enumerate(digits):
        choices = takes[WORDS[int(digit)]]
        take = choices[rng.integers(len(choices))]
        begin = _LEAD + number * _SLOT
        wave[begin : begin + len(take)] = take
    return wave + 10 ** (_FLOOR_DB / 20) * rng.standard_normal(len(wave), dtype=np.float32)


def read_takes(source: Source, positions: Sequence[int], limit: int) -> dict[str, list[np.ndarray]]:
    """Read one speaker's digits, at most `limit` takes of each."""
    takes: dict[str, list[np.ndarray]] = {}
    for position in positions:
        takes.setdefault(source.index[position]["text"], []).append(level(source.clip(position)[0]))
    return {word: fitting(found, limit) for word, found in takes.items()}


def make(
    source: Source, out: Path, count: int, longest: int, *, limit: int, rng: np.random.Generator
) -> float:
    """Write `count` strings a speaker; return the seconds of speech."""
    out.mkdir(parents=True, exist_ok=True)
    forbidden, rows, seconds = read_test_strings(), [], 0.0
    for speaker, positions in sorted(source.by_speaker.items()):
        takes = read_takes(source, positions, limit)
        for number in range(count):
            digits = draw_string(rng, longest, forbidden)
            name = f"{speaker}_{number:04d}.flac"
            wave = say(digits, takes, rng)
            soundfile.write(out / name, wave, SAMPLE_RATE)
            rows.append(f"{name}|{speaker}|{in_words(digits)}")
            seconds += len(wave) / SAMPLE_RATE
    (out / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return seconds


def main() -> None:
    """Make the training and the development set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, required=True, help="from prepare_audio.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=260, help="training strings a speaker")
    parser.add_argument("--takes", type=int, default=4, help="of each digit and speaker, at most")
    parser.add_argument("--longest", type=int, default=8, help="digits in a training string")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    plan = (
        ("singles", "digits", args.count // 2, 1),
        ("short", "digits", args.count, 3),
        ("dev", "digits-held-out", 20, 8),
        ("train", "digits", args.count, args.longest),
    )
    for number, (part, source, count, longest) in enumerate(plan):
        if not (args.out / part / "metadata.csv").exists():
            rng = np.random.default_rng([args.seed, number])
            seconds = make(
                Source(args.audio, source),
                args.out / part,
                count,
                longest,
                limit=args.takes,
                rng=rng,
            )
            print(f"{part}: {seconds / 3600:.2f} h", flush=True)


if __name__ == "__main__":
    main()
