"""Train the English voice briefly in several ways, and have a recogniser hear what each learnt.

    python tools/embedded/small_runs.py --english WORK/english --texts FILE \
        --durations WORK/durations.safetensors --out WORK/small --plot docs/small-runs.png

Each way is `english.yaml` with a few values changed, trained for the same number of steps on the
same clips in the same order, whatever that costs; some learn other forms of them, made by
`english_variants.py`. One row of JSON a way; what has one is left out, and a run that was killed
goes on.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import matplotlib as mpl
from english_curve import dev_sentences, dressed, word_error
from run_log import append
from sled_infer import Synthesizer, embedded, normalise
from sled_infer._dictation import LEXICON_NAME
from sled_infer._lexicon import Lexicon
from sled_infer._phonemes import phonemes

_HERE = Path(__file__).parent
_GUIDANCE = 2.0
_MEAN_OF = 4  # points of a curve: batches differ more than ways do
_SHORT = (
    "optim.kind=adamw",
    "optim.lr=1.5e-3",
    "optim.warmup_steps=50",
    "run.log_every=50",
    "run.save_every=200",
    "data.batch_frames=1600",
)


class Way(NamedTuple):
    """What is changed: values of the recipe, and in which form the clips are learnt."""

    values: tuple[str, ...] = ()
    codes: str = "codes"
    tokenizer: str = "tokenizer"
    given: str = "dictation"


WAYS: dict[str, Way] = {
    "base": Way(),
    "Muon": Way(("optim.kind=muon", "optim.lr=3e-3")),
    "clear past": Way(("optim.past_noise=0",)),
    "past noise 3": Way(("optim.past_noise=3",)),
    "narrow": Way(
        (
            "model.hidden_size=128",
            "model.intermediate_size=344",
            "model.num_attention_heads=2",
        )
    ),
    "wide": Way(
        (
            "model.hidden_size=384",
            "model.intermediate_size=1032",
            "model.num_attention_heads=6",
        )
    ),
    "four draws": Way(("model.energy_draws=4",)),
    "three layers": Way(("model.num_hidden_layers=3",)),
    "noise 16": Way(("model.noise_channels=16",)),
    "one speaker": Way(codes="codes-one"),
    "phonemes": Way(codes="codes-sounds", given="sounds"),
    "written, BPE": Way(codes="codes-written", tokenizer="tokenizer-written", given="written"),
}


def folder(out: Path, name: str) -> Path:
    """Give a way's run folder."""
    return out / re.sub(r"\W+", "-", name)


def train(name: str, args: argparse.Namespace) -> tuple[Path, float]:
    """Train one way, or go on with it; give its run folder and the minutes of this call."""
    way, run = WAYS[name], folder(args.out, name)
    layout = "streaming" if way.given == "dictation" else "offline"
    values = [
        *_SHORT,
        *way.values,
        f"layout.kind={layout}",
        f"run.steps={args.steps}",
        f"data.tokenizer={args.english / way.tokenizer}",
        f"data.eval={args.english / way.codes / 'dev'}",
        f"run.eval_every={args.steps}",
    ]
    settings = [word for value in values for word in ("--set", value)]
    command = ["-m", "sled_cli", "train", layout, str(args.english / way.codes / "train")]
    recipe = ["--out", str(run), "--recipe", str(_HERE / "english.yaml")]
    start = time.monotonic()
    subprocess.run([sys.executable, *command, *recipe, *settings], check=True)
    return run, (time.monotonic() - start) / 60


def hear(name: str, model: Path, sentences: list[str], durations: Path) -> float:
    """Have what a way learnt speak the sentences; give the share of words that were wrong."""
    given = WAYS[name].given
    if given == "dictation":
        with dressed(model, "embedded", durations) as voice:
            return word_error(voice, sentences, _GUIDANCE)
    voice = Synthesizer.from_pretrained(model, codec="embedded")
    texts = [normalise(text) for text in sentences]
    if given == "sounds":
        lexicon = Lexicon.read(embedded.folder("english") / LEXICON_NAME)
        texts = [phonemes(text, lexicon) for text in texts]
    return word_error(voice, sentences, _GUIDANCE, texts)


def energies(run: Path, kind: str) -> list[tuple[int, float]]:
    """Give the energy distances by step: of the batches ("train"), of held-out clips ("eval")."""
    lines = (run / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] == kind]
    return [(row["step"], float(row["energy"])) for row in rows]


def plot(runs: dict[str, Path], file: Path) -> None:
    """Draw what every way's training cost, each point the mean of so many before it."""
    mpl.use("agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of its backend

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, run in runs.items():
        steps, costs = zip(*energies(run, "train"), strict=True)
        means = [mean(costs[place - _MEAN_OF : place]) for place in range(_MEAN_OF, len(costs) + 1)]
        axes.plot(steps[_MEAN_OF - 1 :], means, label=name)
    axes.set(xlabel="step", ylabel="energy distance")
    axes.legend()
    figure.savefig(file, dpi=120)


def main() -> None:
    """Train, hear, write a row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--english", type=Path, required=True, help="from encode_english.py and english_variants.py"
    )
    parser.add_argument("--texts", type=Path, required=True, help="that teacher_text.py was given")
    parser.add_argument("--durations", type=Path, required=True, help="from train_durations.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--sentences", type=int, default=24)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--plot", type=Path, help="draw the trainings here")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows = args.out / "rows.jsonl"
    lines = rows.read_text(encoding="utf-8").splitlines() if rows.exists() else []
    known = {json.loads(line)["way"] for line in lines}
    sentences = dev_sentences(args.texts, args.sentences)
    for name in args.ways:
        if name in known:
            continue
        run, minutes = train(name, args)
        error = hear(name, run / "final", sentences, args.durations)
        energy = energies(run, "eval")[-1][1]
        row = {"way": name, "energy": energy, "word_error": error, "minutes": minutes}
        append(rows, row)
    if args.plot:
        plot({name: folder(args.out, name) for name in args.ways}, args.plot)


if __name__ == "__main__":
    main()
