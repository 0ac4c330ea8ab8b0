"""What a frame costs: a straightforward loop, ours, and the bare reading of the weights.

    uv run python benchmarks/decode.py [--dtype fp32 bf16 int8] [--batch 1 8 64] [--cfg 1 2] ...

In one process and one run: (a) decoding as it is first written (see `_plain_loop.py`), in fp32
and bf16 and for one utterance; (b) the engine of sled-infer, on the same random weights; (c) the
floor, reading as many bytes as the weights that a frame needs have, with as many threads. Ratios:
a/b, b/c. Frames are timed once all text is read, streams over whole turns (`--interleave`, 5
tokens and 45 frames as published); the fastest of several rounds counts.

With `--device cuda` the same three on a GPU: (b) then replays captured graphs, (c) reads the GPU's
memory, times are taken when the GPU has done its work, and peak memory is that of its tensors.
"""

from __future__ import annotations

import argparse
from itertools import product
from math import ceil, isqrt
from typing import TYPE_CHECKING, Any

import torch
from _clock import (
    CLOCKS,
    add_arguments,
    machine,
    peak_mib,
    reset_peak,
    set_threads,
    synchronised,
    write,
)
from _decode_ways import Task, floor_ms, make_model, ours, place, plain_ms, weights_a_frame
from _turns import turn
from sled_codec import Codec, CodecConfig
from sled_model import SledModel, pack_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    PlainOf = dict[tuple[tuple[int, int] | None, float], float]
    Plain = dict[str, PlainOf]

BYTES = {"fp32": 4, "bf16": 2, "int8": 1}
KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16}
LAYOUTS = ("offline", "streaming")


def make_tasks(args: argparse.Namespace) -> list[Task]:
    """List what is measured of each dtype."""
    tasks, now = [], clock(args)
    for layout, cfg, batch in product(args.layout, args.cfg, args.batch):
        chunk = args.interleave if layout == "streaming" else None
        rounds = 1 if chunk and batch > 1 else args.rounds
        frames, tokens = max(2, args.frames // isqrt(batch)), args.tokens
        if chunk:
            turns = ceil(args.frames / chunk[1])
            frames, tokens = chunk[1] * turns, max(tokens, chunk[0] * (turns * (1 + rounds) + 4))
        tasks.append(Task(batch, cfg, args.draws, chunk, tokens, frames, rounds, now))
    return tasks


def clock(args: argparse.Namespace) -> Callable[[], float]:
    """Give the clock; a GPU's work has to be waited for."""
    return synchronised if args.device == "cuda" else CLOCKS[args.clock]


def measure(args: argparse.Namespace, threads: int) -> dict[str, Any]:
    """Run all that was asked for; print row by row."""
    small = args.size == "embedded"
    codec = Codec.from_pretrained() if small else Codec.from_random(CodecConfig())
    codec.to(args.device)
    count = weights_a_frame(make_model(args.size))
    now, tasks, rows = clock(args), make_tasks(args), []
    known: Plain = {}
    where = "GPU" if args.device == "cuda" else f"{threads} threads"
    print(f"{args.size} size, {where}, {count / 1e6:.1f} M weights a frame")
    print(
        "layout     dtype  cfg batch  a ms/frame  b ms/frame  c floor ms    a/b    b/c      RTF"
        " first ms  peak MiB  parts, ms"
    )
    for dtype in args.dtype:
        plain = plain_of(args, dtype, tasks, known)
        low = floor_ms(count * BYTES[dtype], 3 * args.rounds, now, args.device)
        model = ready(args, dtype)
        for task in tasks:
            reset_peak()
            ms, first, parts = ours(model, codec, task)
            peak = peak_mib(args.device)
            whole = ms + parts.get("mean", 0.0) + parts["codec"]
            again = floor_ms(count * BYTES[dtype], args.rounds, now, args.device)
            row = {
                "layout": "{}:{}".format(*task.chunk) if task.chunk else "offline",
                "dtype": dtype,
                "cfg": task.cfg,
                "batch": task.batch,
                "draws": task.draws,
                "a_ms": plain.get((task.chunk, task.cfg)) if task.batch == 1 else None,
                "b_ms": ms,
                "c_ms": min(low, again),
                "rtf": whole / 1000 * codec.frame_rate / task.batch,
                "first_ms": first,
                "peak_mib": peak,
                "parts_ms": parts,
            }
            rows.append(row)
            show(row)
        del model
    return {"machine": machine(threads), "size": args.size, "weights": count, "rows": rows}


def ready(args: argparse.Namespace, dtype: str) -> SledModel:
    """Give a model as it decodes fastest: packed on a CPU, plain on a GPU."""
    model = make_model(args.size)
    if args.beyond_bf16:
        for weight in model.parameters():
            weight.data.mul_(1 + 2**-16)
    if args.device == "cuda":
        return place(model, args.device, KINDS[dtype])
    return pack_weights(model, dtype)


def plain_of(args: argparse.Namespace, dtype: str, tasks: list[Task], known: Plain) -> PlainOf:
    """Time the straightforward loop; int8 is compared to its bf16."""
    name = "bf16" if dtype == "int8" else dtype
    if args.skip_plain:
        return {}
    if name not in known:
        model = place(make_model(args.size), args.device, KINDS[name])
        alone = [task for task in tasks if task.batch == 1]
        known[name] = {(task.chunk, task.cfg): plain_ms(model, task) for task in alone}
    return known[name]


def show(row: dict[str, Any]) -> None:
    """Print one row."""
    plain = row["a_ms"]
    a, ratio = ("-", "-") if plain is None else (f"{plain:.1f}", f"{plain / row['b_ms']:.1f}")
    parts = ", ".join(f"{name} {ms:.1f}" for name, ms in row["parts_ms"].items())
    print(
        f"{row['layout']:<10} {row['dtype']:<5} {row['cfg']:>4g} {row['batch']:>5} {a:>11} "
        f"{row['b_ms']:>11.2f} {row['c_ms']:>11.2f} {ratio:>6} {row['b_ms'] / row['c_ms']:>6.2f} "
        f"{row['rtf']:>8.4f} {row['first_ms']:>8.1f} {row['peak_mib']:>9.0f}  {parts}",
        flush=True,
    )


def plot(path: Path, figures: dict[str, Any]) -> None:
    """Draw the three ways side by side."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (only where a plot is asked for)

    rows = figures["rows"]
    figure = Figure(figsize=(max(7, 0.5 * len(rows)), 4.5), layout="constrained")
    axes = figure.subplots()
    for shift, (key, label) in enumerate(
        (("a_ms", "straightforward"), ("b_ms", "ours"), ("c_ms", "reading the weights"))
    ):
        heights = [row[key] or float("nan") for row in rows]
        axes.bar([n + 0.27 * shift for n in range(len(rows))], heights, 0.25, label=label)
    labels = [
        f"{row['dtype']}, {row['layout']}\ncfg {row['cfg']:g}, batch {row['batch']}" for row in rows
    ]
    axes.set_xticks([n + 0.27 for n in range(len(rows))], labels, fontsize=6, rotation=90)
    axes.set(ylabel="ms a frame", yscale="log", title=f"{figures['size']} size")
    axes.legend(fontsize=7)
    figure.savefig(path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="published", choices=("published", "quarter", "embedded"))
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--dtype", nargs="+", choices=BYTES, help="default: all the device has")
    parser.add_argument("--layout", nargs="+", default=list(LAYOUTS), choices=LAYOUTS)
    parser.add_argument("--interleave", type=turn, default=(5, 45), metavar="N:M")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--cfg", type=float, nargs="+", default=[1.0, 2.0])
    parser.add_argument("--draws", type=int, default=1, help="sound the mean of so many")
    parser.add_argument("--frames", type=int, default=16, help="a round, fewer for batches")
    parser.add_argument("--tokens", type=int, default=40, help="of each text")
    parser.add_argument("--skip-plain", action="store_true", help="leave (a) out")
    parser.add_argument(
        "--beyond-bf16",
        action="store_true",
        help="move weights a little, so that those that were stored as bf16 are no longer read so",
    )
    add_arguments(parser)
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: this machine has no GPU that torch can use")
    args.dtype = args.dtype or list(KINDS if args.device == "cuda" else BYTES)
    if args.device == "cuda" and "int8" in args.dtype:
        parser.error("--dtype int8 is for the CPU; on a GPU use bf16")
    figures = measure(args, set_threads(args.threads))
    write(args.json, figures)
    if args.plot:
        plot(args.plot, figures)


if __name__ == "__main__":
    main()
