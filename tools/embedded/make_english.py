r"""Turn the teacher's clips into training speech for a voice that reads dictations.

    python tools/embedded/make_english.py --corpus WORK/teacher --out WORK/english \
        [--sentences WORK/sentences.jsonl] [--tapes]

Writes `train/` and `dev/`, each with a `metadata.csv` of `file|speaker|dictation`, and the
tokenizer whose tokens are the dictation's symbols. A clip begins so many turns before its first
sound as the text is to be ahead. Clips that the recogniser misheard (`confirm_clips.py`) are left
out. With `--sentences`, only those are taken that the file lists; with `--tapes`, other voices than
the main one are heard faster or slower, too (see `tape.py`).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from confirm_clips import read_heard
from corpus import SAMPLE_RATE, TEACHER_UNIT
from prepare_audio import load
from sled_infer._dictation import Pace
from sled_infer._durations import GAP, SYMBOLS
from sled_model import Tokenizer
from tape import name_tape, read_tape, speeds
from teacher_text import is_dev
from tokenizers import ByteLevelBPETokenizer
from tokenizers.pre_tokenizers import ByteLevel

TURN_FRAMES = 2
LEAD = 10  # turns
_HOP = 320  # samples a frame
_TURN = TURN_FRAMES * _HOP
_WORST_HEARD = 0.25
_FADE = SAMPLE_RATE // 100


def build_tokenizer() -> Tokenizer:
    """Bytes, and for each symbol of several bytes one token."""
    bytes_of = ByteLevel(add_prefix_space=False)
    vocab = {token: place for place, token in enumerate(("<s>", "<pad>", "</s>", "<unk>"))}
    vocab |= {letter: 4 + place for place, letter in enumerate(sorted(ByteLevel.alphabet()))}
    merges: list[tuple[str, str]] = []
    for symbol in SYMBOLS.replace(GAP, ""):
        letters = "".join(part for part, _ in bytes_of.pre_tokenize_str(symbol))
        for past in range(2, len(letters) + 1):
            if letters[:past] not in vocab:
                vocab[letters[:past]] = len(vocab)
                merges.append((letters[: past - 1], letters[past - 1]))
    return Tokenizer(ByteLevelBPETokenizer(vocab, merges))


def dictate(clip: dict[str, Any]) -> str:
    """The dictation of a clip, from the teacher's own durations."""
    units = [float(unit) for unit in clip["units"][1:-1]]
    return Pace().write(clip["phonemes"], [unit * TEACHER_UNIT / _TURN for unit in units])


def first_sample(clip: dict[str, Any]) -> int:
    """Where in a clip the cut begins, so that its first sound comes after the lead."""
    return round(float(clip["units"][0]) * TEACHER_UNIT) - LEAD * _TURN


def cut(wave: np.ndarray, start: int, turns: int) -> np.ndarray:
    """Cut a clip from a sample on, which may lie before it, to the end of its last turn."""
    wave = wave[start:] if start >= 0 else np.concatenate([np.zeros(-start, np.float32), wave])
    length = (LEAD + turns) * _TURN
    wave = np.pad(wave[:length], (0, max(0, length - len(wave))))
    wave[-_FADE:] *= np.linspace(1, 0, _FADE, dtype=np.float32)
    return wave


def choose(corpus: Path, sentences: Path | None) -> list[Path]:
    """Give the clips that were understood, of all or of those that a file lists."""
    heard = read_heard(corpus)
    paths = [p for p in sorted(corpus.glob("*.flac")) if heard.get(p.stem, 0.0) <= _WORST_HEARD]
    if sentences is None:
        return paths
    listed = {json.loads(line)["clip"] for line in sentences.read_text("utf-8").splitlines()}
    return [path for path in paths if path.stem in listed]


def main() -> None:
    """Write both folders and the tokenizer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="from teacher_corpus.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sentences", type=Path, help="from teacher_text.py: which clips")
    parser.add_argument("--tapes", action="store_true", help="other voices at other speeds, too")
    args = parser.parse_args()
    rows: dict[str, list[str]] = {"train": [], "dev": []}
    for path in choose(args.corpus, args.sentences):
        part = "dev" if is_dev(path.stem) else "train"
        for speed in speeds(path.stem) if args.tapes and part == "train" else [1.0]:
            name = name_tape(path.stem, speed)
            clip = read_tape(args.corpus, name)
            text = dictate(clip)
            rows[part].append(f"{name}.flac|{clip['voice']}|{text}")
            target = args.out / part / f"{name}.flac"
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                wave = cut(load(path, speed), first_sample(clip), len(text))
                soundfile.write(target, wave, SAMPLE_RATE)
    for part, lines in rows.items():
        (args.out / part / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{part}: {len(lines)} clips")
    build_tokenizer().save(args.out / "tokenizer")


if __name__ == "__main__":
    main()
