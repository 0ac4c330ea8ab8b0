"""Measure the pitch of the prepared speech, which the codec's decoder is taught.

    uv run --no-project --with pyworld==0.3.5 --with "setuptools<80" --with numpy \
        tools/embedded/measure_pitch.py --audio WORK/audio

For each source, WORK/audio/NAME-pitch.npy: Hz at the end of every 160 samples, 0 where there is
no voice, by WORLD's Harvest (Morise, Interspeech 2017). Ten seconds take one core one and a
half. What is measured is kept as it comes; run it again to go on.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pyworld asks for its version in an outdated way
    import pyworld

_RATE, _STEP = 24_000, 160
_LOWEST, _HIGHEST = 60.0, 500.0  # Hz


def measure(source: Path, workers: ProcessPoolExecutor) -> None:
    """Write the pitch of one source, a recording of many clips in a row."""
    done, part = (source.with_name(f"{source.stem}-pitch{end}.npy") for end in ("", ".part"))
    if done.exists():
        return
    audio = np.load(source, mmap_mode="r")
    clips = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    steps = len(audio) // _STEP
    if not part.exists():
        np.save(part, np.full(steps, np.nan, np.float32))
    pitch = np.lib.format.open_memmap(part, mode="r+")
    spans = [(clip["start"], clip["start"] + clip["length"]) for clip in clips]
    steps_of = [np.arange(max(-(-a // _STEP) - 1, 0), min(b // _STEP, steps)) for a, b in spans]
    todo = [number for number, places in enumerate(steps_of) if np.isnan(pitch[places]).any()]
    waves = (np.array(audio[slice(*spans[number])]) for number in todo)
    ends = ((steps_of[number] + 1) * _STEP - spans[number][0] for number in todo)
    found = zip(todo, workers.map(_pitch, waves, ends), strict=True)
    for count, (number, hertz) in enumerate(found, start=1):
        pitch[steps_of[number]] = hertz
        print(f"\r{source.stem}: {count} of {len(todo)}", end="", flush=True)
    pitch[np.isnan(pitch)] = 0
    pitch.flush()
    part.replace(done)
    print()


def _pitch(clip: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return Hz at the given samples of a 16-bit clip."""
    hertz, _ = pyworld.harvest(
        clip / 32768.0, _RATE, _LOWEST, _HIGHEST, frame_period=1000 * _STEP / _RATE
    )
    nearest: np.ndarray = hertz[np.clip(np.round(samples / _STEP).astype(int), 0, len(hertz) - 1)]
    return nearest


def main() -> None:
    """Measure every source that has no pitch yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, required=True, help="from prepare_audio.py")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    with ProcessPoolExecutor(args.workers) as workers:
        for about in sorted(args.audio.glob("*.json")):
            measure(about.with_suffix(".npy"), workers)


if __name__ == "__main__":
    main()
