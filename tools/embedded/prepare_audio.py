"""Resample the training speech to 24 kHz and store it as one int16 array a source.

    python tools/embedded/prepare_audio.py --speech DIR --out WORK/audio [--teacher WORK/teacher]

Each source, and the teacher's corpus if it is given, becomes `<source>.npy` (all clips end to
end) and `<source>.json` (where each clip begins, and its name, speaker and text). Silence around
digit clips is trimmed: a codec learns nothing from it, and the digits are joined with made pauses
anyway. LibriSpeech has some readers and little of each: it is also stored slower and faster, so
that the codec hears more voices.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import torch
import torchaudio
from corpus import SAMPLE_RATE, SOURCES, Clip, add_speech_argument, read_clips, split
from tape import name_tape
from teacher_text import is_dev

_SPEEDS = (0.85, 0.92, 1.09, 1.18)
_TRIM_DB = 40.0  # below the clip's loudest 10 ms
_TRIM_MARGIN = 0.02  # seconds kept on both sides


def load(path: Path, speed: float = 1.0) -> np.ndarray:
    """Read a file as mono float32 `[samples]` at 24 kHz, as a tape at that speed."""
    data, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wave, rate = torch.from_numpy(data.mean(axis=1)), round(rate * speed)
    if rate != SAMPLE_RATE:
        wave = torchaudio.functional.resample(wave, rate, SAMPLE_RATE, lowpass_filter_width=32)
    return wave.numpy()


def trim(wave: np.ndarray) -> np.ndarray:
    """Cut the quiet ends of a single word, keeping a short margin."""
    hop = SAMPLE_RATE // 100
    frames = wave[: len(wave) // hop * hop].reshape(-1, hop)
    power = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10)
    loud = np.flatnonzero(power > power.max() - _TRIM_DB)
    margin = int(_TRIM_MARGIN * SAMPLE_RATE)
    return wave[max(0, loud[0] * hop - margin) : (loud[-1] + 1) * hop + margin]


def prepare(clips: list[Clip], speech: Path, out: Path, name: str) -> float:
    """Store the clips as `name.npy` and `name.json`; return their seconds."""
    waves, index, start = [], [], 0
    for clip in clips:
        wave = load(speech / clip.name, clip.speed)
        wave = trim(wave) if clip.source == "digits" else wave
        waves.append((np.clip(wave, -1, 1) * 32767).astype(np.int16))
        entry = {"name": clip.name, "speaker": clip.speaker, "text": clip.text}
        index.append({**entry, "start": start, "length": len(wave)})
        start += len(wave)
    np.save(out / f"{name}.npy", np.concatenate(waves))
    (out / f"{name}.json").write_text(json.dumps(index), encoding="utf-8")
    return start / SAMPLE_RATE


def at_speed(clip: Clip, speed: float) -> Clip:
    """The same words by what sounds like somebody else."""
    return replace(clip, speaker=name_tape(clip.speaker, speed), speed=speed)


def teacher_clips(corpus: Path) -> tuple[list[Clip], list[Clip]]:
    """Return the teacher's clips to train on and those held out, parted as in `make_english.py`."""
    parts: tuple[list[Clip], list[Clip]] = ([], [])
    for path in sorted(corpus.glob("*.flac")):
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        clip = Clip("teacher", path.name, about["voice"], about["text"])
        parts[is_dev(path.stem)].append(clip)
    return parts


def main() -> None:
    """Prepare the training and the held-out clips of every source."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_speech_argument(parser)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, help="from teacher_corpus.py")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    sources = [(name, args.speech, split(read_clips(args.speech, name))) for name in SOURCES]
    if args.teacher:
        sources.append(("teacher", args.teacher, teacher_clips(args.teacher)))
    for source, folder, (train, held_out) in sources:
        speeds = _SPEEDS if source == "librispeech" else ()
        more = [at_speed(clip, speed) for speed in speeds for clip in train]
        for name, clips in ((source, train + more), (f"{source}-held-out", held_out)):
            if (args.out / f"{name}.json").exists():
                continue
            seconds = prepare(clips, folder, args.out, name)
            print(f"{name}: {len(clips)} clips, {seconds / 60:.1f} min", flush=True)


if __name__ == "__main__":
    main()
