"""Join single digits into spoken digit strings: the corpus of the embedded voice.

    python tools/embedded/make_digits.py --audio WORK/audio --out WORK/digits

`singles/` (1 digit), `short/` (to 3), `train/` (to 9) and `dev/` (to 8) each hold FLAC files and
a `metadata.csv` (`file|speaker|text`). Training strings use the training takes, development
strings the held-out takes; none contains a test string. Every string is one speaker's, its
digits at one loudness, joined with random pauses over a low noise floor.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import soundfile
from corpus import SAMPLE_RATE
from crops import Source
from digit_strings import WORDS, draw_string, in_words, read_test_strings

_PAUSE = (0.06, 0.25)  # seconds between digits
_EDGE = (0.08, 0.2)  # seconds before the first and after the last
_LOUDNESS_DB = -22.0  # RMS of a digit
_FLOOR_DB = -66.0
_FADE = 0.005


def level(wave: np.ndarray) -> np.ndarray:
    """Bring a digit to the common loudness and fade its ends."""
    rms = float(np.sqrt(np.square(wave).mean())) + 1e-6
    wave = wave * min(10 ** (_LOUDNESS_DB / 20) / rms, 0.95 / float(np.abs(wave).max()))
    ramp = np.linspace(0, 1, int(_FADE * SAMPLE_RATE), dtype=np.float32)
    wave[: len(ramp)] *= ramp
    wave[-len(ramp) :] *= ramp[::-1]
    return wave


def say(digits: str, takes: dict[str, list[np.ndarray]], rng: np.random.Generator) -> np.ndarray:
    """Return one spoken string as float32 `[samples]`."""

    def silence(low: float, high: float) -> np.ndarray:
        return np.zeros(int(rng.uniform(low, high) * SAMPLE_RATE), np.float32)

    pieces = [silence(*_EDGE)]
    for digit in digits:
        choices = takes[WORDS[int(digit)]]
        pieces += [choices[rng.integers(len(choices))], silence(*_PAUSE)]
    pieces[-1] = silence(*_EDGE)
    wave = np.concatenate(pieces)
    return wave + 10 ** (_FLOOR_DB / 20) * rng.standard_normal(len(wave), dtype=np.float32)


def make(
    source: Source, out: Path, count: int, longest: int, *, limit: int, rng: np.random.Generator
) -> float:
    """Write `count` strings a speaker; return the seconds of speech."""
    out.mkdir(parents=True, exist_ok=True)
    forbidden, rows, seconds = read_test_strings(), [], 0.0
    for speaker, positions in sorted(source.by_speaker.items()):
        takes: dict[str, list[np.ndarray]] = {}
        for position in positions:
            word = source.index[position]["text"]
            if len(takes.setdefault(word, [])) < limit:
                takes[word].append(level(source.clip(position)))
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
    parser.add_argument("--count", type=int, default=400, help="training strings a speaker")
    parser.add_argument("--takes", type=int, default=5, help="of each digit and speaker, at most")
    parser.add_argument("--longest", type=int, default=9, help="digits in a training string")
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
