"""Make a teacher corpus: public-domain sentences read aloud by Kokoro-82M (Apache-2.0).

    uv run --no-project --with kokoro-onnx==0.6.1 --with soundfile \
        tools/embedded/teacher_corpus.py --model KOKORO_DIR --texts FILE --out OUT [--limit N]

KOKORO_DIR holds `kokoro.onnx` and `voices.npz`, made by `kokoro_weights.py`. FILE has lines
`id|sentence`. Four sentences in five go to the main voice, the rest to the other English voices,
chosen by a hash of the sentence's id: any number of runs, stopped at any moment, make the same
corpus. The last `--held-out` sentences are never read: they are for measuring.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import soundfile
from kokoro_onnx import Kokoro

MAIN_SHARE = 0.8
ENGLISH = ("af_", "am_", "bf_", "bm_")


def fraction(key: str) -> float:
    """A number in [0, 1) that depends on `key` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def choose_voice(sentence_id: str, voices: list[str], main: str) -> str:
    """The voice that reads a sentence, fixed by its id."""
    if fraction(f"main {sentence_id}") < MAIN_SHARE:
        return main
    others = [voice for voice in voices if voice != main]
    return others[int(fraction(f"voice {sentence_id}") * len(others))]


def read_sentences(path: Path, held_out: int) -> list[tuple[str, str]]:
    """`(id, sentence)` of every line but the last `held_out`, in an order fixed by the ids."""
    rows = [line.split("|", 1) for line in path.read_text(encoding="utf-8").splitlines() if line]
    kept = rows[: len(rows) - held_out]
    return sorted(((i, text) for i, text in kept), key=lambda row: fraction(f"order {row[0]}"))


def load_teacher(folder: Path, threads: int) -> tuple[Kokoro, list[str]]:
    """Kokoro on `threads` CPU threads, and the names of its English voices."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(folder / "kokoro.onnx", options)
    voices = np.load(folder / "voices.npz").files
    teacher = Kokoro.from_session(session, str(folder / "voices.npz"))
    return teacher, sorted(voice for voice in voices if voice.startswith(ENGLISH))


def write_clip(path: Path, wave: np.ndarray, rate: int) -> None:
    """Write a FLAC so that a file under its final name is always whole."""
    part = path.with_suffix(".part")
    soundfile.write(part, wave, rate, format="FLAC", subtype="PCM_16")
    part.replace(path)


def speak_all(args: argparse.Namespace) -> None:
    """Read every sentence that has no clip yet; `metadata.csv` is rewritten from the clips."""
    teacher, voices = load_teacher(args.model, args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (sentence_id, text) in enumerate(read_sentences(args.texts, args.held_out)):
        if args.limit is not None and number >= args.limit:
            break
        voice = choose_voice(sentence_id, voices, args.voice)
        clip = args.out / f"{sentence_id}_{voice}.flac"
        if not clip.exists():
            lang = "en-gb" if voice.startswith("b") else "en-us"
            wave, rate = teacher.create(text, voice=voice, lang=lang)
            write_clip(clip, wave, rate)
        rows.append(f"{clip.name}|{voice}|{text}")
        if number % 50 == 0:
            write_metadata(args.out, rows)
            print(f"{number} clips", file=sys.stderr)
    write_metadata(args.out, rows)


def write_metadata(out: Path, rows: list[str]) -> None:
    """Replace `metadata.csv` by the rows made so far."""
    part = out / "metadata.part"
    part.write_text("\n".join(rows) + "\n", encoding="utf-8")
    part.replace(out / "metadata.csv")


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--voice", default="af_heart")
    parser.add_argument("--held-out", type=int, default=300)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    speak_all(parse_args())
