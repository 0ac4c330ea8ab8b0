"""The same small run in every precision: what pure bfloat16 costs, and what it costs uncompensated.

    uv run python benchmarks/precision.py [--steps 600] [--json F] [--plot docs/precision.png]

Same model, same batches, same noise; only the precision differs. The loss is that of all clips
with fixed noise and no dropout, measured twenty times a run. The figure that counts is the mean
of the last three. `bf16-pure` without compensation is what plain bfloat16 weights do.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import matplotlib as mpl
from _clock import add_arguments, machine, set_threads, write
from sled_train import load_recipe, train

ROOT = Path(__file__).parents[1]
PRECISIONS = {
    "fp32": ["run.precision=fp32"],
    "bf16": ["run.precision=bf16"],
    "bf16-pure": ["run.precision=bf16-pure"],
    "bf16 uncompensated": ["run.precision=bf16-pure", "optim.compensate=false"],
}
SMALL = [
    "model.hidden_size=96", "model.intermediate_size=192", "model.num_hidden_layers=2",
    "model.num_attention_heads=4", "model.diffloss_d=2", "model.diffloss_w=128",
    "model.noise_channels=32", "model.max_position_embeddings=512", "model.training_cfg=0",
    "model.dropout=0", "model.attention_dropout=0", "model.activation_dropout=0",
    "data.codec=embedded", "data.vocab_size=280", "data.batch_frames=400", "data.bucket=2",
    "optim.lr=5e-4", "run.keep_best=false", "run.tensorboard=false", "run.device=cpu",
]  # fmt: skip
LAST = 3


def run(name: str, args: argparse.Namespace, folder: Path) -> list[tuple[int, float]]:
    """Train in one precision; give (step, loss over all clips)."""
    every = max(1, args.steps // 20)
    overrides = [
        *SMALL,
        *PRECISIONS[name],
        f"data.train={args.speech}",
        f"data.eval={args.speech}",
        f"data.codes={folder / 'codes'}",
        f"optim.warmup_steps={args.steps // 10}",
        f"run.steps={args.steps}",
        f"run.log_every={every}",
        f"run.eval_every={every}",
        f"run.save_every={args.steps}",
        f"run.out={folder / name.replace(' ', '-')}",
        f"run.threads={args.threads}",
    ]
    result = train(load_recipe("offline", overrides=overrides), quiet=True)
    lines = (result.run / "progress.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] == "eval"]
    return [(row["step"], row["loss"]) for row in rows]


def table(curves: dict[str, list[tuple[int, float]]]) -> list[dict[str, Any]]:
    """Sum every curve up, and compare its end with that of fp32."""
    ends = {name: sum(loss for _, loss in c[-LAST:]) / len(c[-LAST:]) for name, c in curves.items()}
    return [
        {"precision": name, "loss": end, "against fp32": end / ends["fp32"] - 1}
        for name, end in ends.items()
    ]


def plot(curves: dict[str, list[tuple[int, float]]], file: Path) -> None:
    """Draw all curves into a PNG."""
    mpl.use("agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of its backend

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for style, (name, curve) in zip(("-", "--", ":", "-."), curves.items(), strict=True):
        axes.plot(*zip(*curve, strict=True), style, label=name, linewidth=2)
    axes.set(xlabel="step", ylabel="loss over all clips", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=110)
    plt.close(figure)


def main() -> None:
    """Train in all precisions and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--steps", type=int, default=600, help="of every run")
    parser.add_argument("--speech", default=str(ROOT / "tests" / "data" / "digits"))
    args = parser.parse_args()
    args.threads = set_threads(args.threads)
    curves = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in PRECISIONS:
            curves[name] = run(name, args, Path(folder))
            print(f"{name:>20}: {curves[name][-1][1]:.4f} at the last step", flush=True)
    rows = table(curves)
    print("\n| precision | loss at the end | against fp32 |\n|---|---|---|")
    for row in rows:
        print(f"| {row['precision']} | {row['loss']:.4f} | {row['against fp32']:+.1%} |")
    if args.plot is not None:
        plot(curves, args.plot)
    write(
        args.json,
        {"machine": machine(args.threads), "steps": args.steps, "rows": rows, "curves": curves},
    )


if __name__ == "__main__":
    main()
