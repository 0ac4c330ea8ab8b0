"""Have a recogniser hear the English voice at every checkpoint of its training; draw what it cost.

    python tools/embedded/english_curve.py --run WORK/english-voice --texts FILE \
        --durations WORK/durations.safetensors --out WORK/curve.jsonl --plot docs/english.png

Speaks sentences of those that `teacher_text.py` holds out, but none of the test. What is measured
already is not measured again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from export_voice import export_model
from run_log import append
from sled_infer import Request, Synthesizer, embedded
from sled_infer._dictation import DURATIONS_NAME
from sled_infer.evaluation import find_judges, hear_words
from teacher_text import test_names

if TYPE_CHECKING:
    from collections.abc import Iterator

_HELD_OUT = 300
_SHORTEST, _LONGEST = 20, 120  # characters
_LONGEST_SECONDS = 13.0  # of speech, as in training: one that never stops says no more
_BATCH = 12


def dev_sentences(texts: Path, count: int) -> list[str]:
    """Give short sentences of the held-out end of the texts, spread evenly."""
    rows = [line.split("|", 1) for line in texts.read_text(encoding="utf-8").splitlines() if line]
    tested = test_names()
    fit = [
        text
        for name, text in rows[-_HELD_OUT:]
        if name not in tested and _SHORTEST < len(text) < _LONGEST
    ]
    return fit[:: max(1, len(fit) // count)][:count]


def word_error(
    voice: Synthesizer, sentences: list[str], guidance: float, given: list[str] | None = None
) -> float:
    """Speak the sentences, hear them, and give the share of words that were wrong.

    `given` is what the voice reads instead of them. Chance is that of the shipped voice.
    """
    drawing = embedded.voice_card("english").drawing
    asked = [
        Request(
            text,
            cfg=guidance,
            seed=seed,
            max_seconds=_LONGEST_SECONDS,
            temperature=drawing.temperature,
            draws=drawing.draws,
        )
        for seed, text in enumerate(given or sentences)
    ]
    waves = [speech.wave for speech in voice.synthesize_batch(asked, batch_size=_BATCH)]
    heard = hear_words(find_judges(["moonshine"])[0], waves, voice.sample_rate, sentences)
    scores = [each.errors for each in heard]
    return sum(score.total for score in scores) / sum(score.length for score in scores)


@contextmanager
def dressed(model: Path, codec: str, durations: Path) -> Iterator[Synthesizer]:
    """Give a trained model all that the English voice has beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        voice = Path(scratch) / "english"
        shutil.copytree(embedded.folder("english"), voice)
        export_model(model, codec, voice)
        shutil.copy(durations, voice / DURATIONS_NAME)
        yield Synthesizer.from_pretrained(voice)


def measure(args: argparse.Namespace) -> list[dict[str, float]]:
    """Measure every checkpoint that has no row yet, and give all rows."""
    read = args.out.read_text(encoding="utf-8").splitlines() if args.out.exists() else []
    rows = [json.loads(line) for line in read]
    known = {(row["step"], row["guidance"]) for row in rows}
    sentences = dev_sentences(args.texts, args.sentences)
    for place in sorted((args.run / "checkpoints").glob("step-*")):
        step = int(place.name.removeprefix("step-"))
        todo = [value for value in args.guidance if (step, value) not in known]
        if not todo:
            continue
        with dressed(place, args.codec, args.durations) as voice:
            for value in todo:
                error = word_error(voice, sentences, value)
                rows.append({"step": step, "guidance": value, "word_error": error})
                append(args.out, rows[-1])
    return rows


def plot(rows: list[dict[str, float]], run: Path, file: Path) -> None:
    """Draw the word error and the training's loss over the steps."""
    mpl.use("agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of its backend

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    lines = (run / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    steps = [row for row in map(json.loads, lines) if row["kind"] == "train"]
    left.plot([row["step"] for row in steps], [row["energy"] for row in steps])
    left.set(xlabel="step", ylabel="energy distance", yscale="log")
    for style, value in zip(
        ("-", "--", ":"), sorted({row["guidance"] for row in rows}), strict=False
    ):
        curve = sorted(
            (row["step"], 100 * row["word_error"]) for row in rows if row["guidance"] == value
        )
        right.plot(*zip(*curve, strict=True), style, marker="o", label=f"guidance {value:g}")
    right.set(xlabel="step", ylabel="word error, %", ylim=(0, None))
    right.legend()
    figure.savefig(file, dpi=120)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="run folder of `sled train`")
    parser.add_argument("--texts", type=Path, required=True, help="that teacher_text.py was given")
    parser.add_argument("--durations", type=Path, required=True, help="from train_durations.py")
    parser.add_argument("--codec", default="embedded", help="codec of the training")
    parser.add_argument("--out", type=Path, required=True, help="rows of JSON")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--sentences", type=int, default=24)
    parser.add_argument("--guidance", type=float, nargs="+", default=[1.5])
    args = parser.parse_args()
    rows = measure(args)
    if args.plot:
        plot(rows, args.run, args.plot)


if __name__ == "__main__":
    main()
