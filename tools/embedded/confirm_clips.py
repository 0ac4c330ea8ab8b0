"""Have a recogniser hear every clip of the teacher, so that misread ones can be left out.

    python tools/embedded/confirm_clips.py --corpus WORK/teacher

Writes the word errors of each clip to `heard.jsonl` beside them; clips that stand there already
are not heard again. Two of them, `--share 0/2` and `--share 1/2`, may work beside each other.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import soundfile
import torch
from sled_infer.evaluation import find_judges, hear_words

NAME = "heard.jsonl"
_AT_ONCE = 50


def read_heard(corpus: Path) -> dict[str, float]:
    """Word error of every clip that was heard, by name; words are those of the text."""
    path = corpus / NAME
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {row["clip"]: row["error"] for row in map(json.loads, lines)}


def hear_clips(paths: list[Path], judge: str) -> list[dict[str, object]]:
    """Hear some clips and compare with what they should say."""
    waves, rate = [], 0
    for path in paths:
        samples, rate = soundfile.read(path, dtype="float32")
        waves.append(torch.from_numpy(samples))
    said = [json.loads(path.with_suffix(".json").read_text())["text"] for path in paths]
    rows: list[dict[str, object]] = []
    for path, heard in zip(
        paths, hear_words(find_judges([judge])[0], waves, rate, said), strict=True
    ):
        error = round(heard.errors.total / max(1, heard.errors.length), 3)
        rows.append({"clip": path.stem, "error": error, "heard": heard.text})
    return rows


def main() -> None:
    """Hear what was not heard yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="from teacher_corpus.py")
    parser.add_argument("--judge", default="moonshine")
    parser.add_argument("--share", default="0/1", metavar="K/N")
    args = parser.parse_args()
    mine, shares = map(int, args.share.split("/"))
    known = read_heard(args.corpus)
    clips = sorted(args.corpus.glob("*.flac"))[mine::shares]
    todo = [path for path in clips if path.stem not in known]
    for first in range(0, len(todo), _AT_ONCE):
        rows = hear_clips(todo[first : first + _AT_ONCE], args.judge)
        with (args.corpus / NAME).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        print(f"{first + len(rows)} of {len(todo)}")


if __name__ == "__main__":
    main()
