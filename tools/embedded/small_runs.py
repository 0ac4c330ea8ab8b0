"""Train the English voice briefly in several ways, and have a recogniser hear what each learnt.

    python tools/embedded/small_runs.py --english WORK/english --texts FILE \
        --durations WORK/durations.safetensors --out WORK/small

Each way is `english.yaml` with a few values changed, trained for the same number of steps on the
same clips in the same order, whatever that costs. One row of JSON a way; what has one is left out,
and a run that was killed goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from english_curve import dev_sentences, dressed, word_error
from run_log import append

_HERE = Path(__file__).parent
_SHORT = (
    "optim.warmup_steps=50",
    "run.log_every=50",
    "run.save_every=200",
    "data.batch_frames=1600",
)

WAYS: dict[str, tuple[str, ...]] = {
    "as shipped": (),
    "clear past": ("optim.past_noise=0",),
    "past noise 3": ("optim.past_noise=3",),
    "narrow": (
        "model.hidden_size=128",
        "model.intermediate_size=344",
        "model.num_attention_heads=2",
    ),
    "wide": (
        "model.hidden_size=384",
        "model.intermediate_size=1032",
        "model.num_attention_heads=6",
    ),
    "four draws": ("model.energy_draws=4",),
    "three layers": ("model.num_hidden_layers=3",),
    "noise 16": ("model.noise_channels=16",),
}


def train(name: str, args: argparse.Namespace) -> tuple[Path, float]:
    """Train one way, or go on with it; give its run folder and the minutes of this call."""
    run = args.out / name.replace(" ", "-")
    values = [
        *_SHORT,
        *WAYS[name],
        f"run.steps={args.steps}",
        f"data.tokenizer={args.english / 'tokenizer'}",
        f"data.eval={args.english / 'codes' / 'dev'}",
        f"run.eval_every={args.steps}",
    ]
    settings = [word for value in values for word in ("--set", value)]
    command = ["-m", "sled_cli", "train", "streaming", str(args.english / "codes" / "train")]
    recipe = ["--out", str(run), "--recipe", str(_HERE / "english.yaml")]
    start = time.monotonic()
    subprocess.run([sys.executable, *command, *recipe, *settings], check=True)
    return run, (time.monotonic() - start) / 60


def held_out_energy(run: Path) -> float:
    """Give the last energy distance that a run measured on the held-out clips."""
    lines = (run / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] == "eval"]
    return float(rows[-1]["energy"])


def main() -> None:
    """Train, hear, write a row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--english", type=Path, required=True, help="from encode_english.py")
    parser.add_argument("--texts", type=Path, required=True, help="that teacher_text.py was given")
    parser.add_argument("--durations", type=Path, required=True, help="from train_durations.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--sentences", type=int, default=24)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
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
        with dressed(run / "final", "embedded", args.durations) as voice:
            error = word_error(voice, sentences, guidance=2.0)
        energy = held_out_energy(run)
        row = {"way": name, "energy": energy, "word_error": error, "minutes": minutes}
        append(rows, row)


if __name__ == "__main__":
    main()
