"""Make a teacher corpus: sentences read aloud by Kokoro-82M (Apache-2.0), with their alignment.

    uv run --no-project --with kokoro-onnx==0.6.1 --with soundfile \
        tools/embedded/teacher_corpus.py --model KOKORO_DIR --sentences FILE --out OUT [--limit N]

KOKORO_DIR holds `kokoro.onnx` and `voices.npz`, made by `kokoro_weights.py`, FILE comes from
`teacher_text.py`. Each clip is a FLAC and a JSON file that says its text, its symbols and how many
units of 25 ms each lasts, the silence before and behind included. What is there already is not made
again, so it can be stopped at any moment. Two of them, `--share 0/2` and `--share 1/2`, on one core
each make about four seconds of speech a second.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import soundfile
from corpus import SAMPLE_RATE
from kokoro_onnx.config import DEFAULT_VOCAB


class Teacher:
    """Kokoro on one CPU thread."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(folder / "kokoro.onnx", options)
        self._styles = np.load(folder / "voices.npz")

    def read(self, symbols: str, voice: str, speed: float) -> tuple[np.ndarray, list[int]]:
        """Give the wave `[samples]` and the units of silence, of each symbol, and of silence.

        A voice `a+b` is the mean of two.
        """
        ids = [0, *(DEFAULT_VOCAB[symbol] for symbol in symbols), 0]
        style = np.mean([self._styles[one][len(symbols)] for one in voice.split("+")], axis=0)
        feed = {
            "input_ids": np.array([ids], np.int64),
            "style": style.reshape(1, -1),
            "speed": np.array([speed], np.float32),
        }
        wave, units = self._session.run(None, feed)
        return wave.reshape(-1), units.reshape(-1).astype(int).tolist()


def write_clip(path: Path, wave: np.ndarray, about: dict[str, object]) -> None:
    """Write a clip so that a FLAC under its final name is always whole, and has its JSON."""
    path.with_suffix(".json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    part = path.with_suffix(".part")
    soundfile.write(part, wave, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    part.replace(path)


def speak_all(args: argparse.Namespace) -> None:
    """Read every sentence of this share that has no clip yet."""
    teacher = Teacher(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    lines = args.sentences.read_text(encoding="utf-8").splitlines()[: args.limit]
    mine, shares = map(int, args.share.split("/"))
    for number, line in enumerate(lines):
        row = json.loads(line)
        clip = args.out / f"{row['clip']}.flac"
        if number % shares == mine and not clip.exists():
            wave, units = teacher.read(row["phonemes"], row["voice"], args.speed)
            write_clip(clip, wave, {**row, "units": units})
        if number % 50 == 0:
            print(f"{number} of {len(lines)}", file=sys.stderr)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--speed", type=float, default=0.9, help="a little slower is clearer")
    parser.add_argument("--share", default="0/1", metavar="K/N")
    parser.add_argument("--limit", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    speak_all(parse_args())
