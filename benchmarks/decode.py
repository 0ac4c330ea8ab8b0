"""What a frame costs: a straightforward loop, ours, and the bare reading of the weights.

    uv run python benchmarks/decode.py [--dtype fp32 bf16 int8] [--batch 1 8] [--streaming] ...

In one process and one run: (a) decoding as it is first written (see `_plain_loop.py`), in fp32
and bf16; (b) the engine of sled-infer, on the same random weights; (c) the floor, reading as many
bytes as the weights that a frame needs have, with as many threads. Ratios: a/b, b/c. Nothing is
measured by two programs at once, and the fastest of several rounds counts.
"""

from __future__ import annotations

import argparse
import copy
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from _clock import CLOCKS, add_arguments, machine, peak_mib, seconds, set_threads, write
from _plain_loop import PlainLoop
from sled_codec import Codec, CodecConfig
from sled_infer import Engine, SeededNoise, Utterance, embedded
from sled_model import OfflineLayout, SledConfig, SledModel, StreamingLayout, pack_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

NEVER = 2.0
BYTES = {"fp32": 4, "bf16": 2, "int8": 1}
CHUNK = (5, 45)


@dataclass(frozen=True)
class Pace:
    """How time is taken: by which clock, and how often."""

    now: Callable[[], float]
    rounds: int

    def fastest(self, way: Callable[[], object]) -> float:
        """Give the shortest time, in seconds, that a call took."""
        return min(seconds(way, self.now) for _ in range(self.rounds))


@dataclass(frozen=True)
class Task:
    """What is to be spoken."""

    frames: int
    tokens: int
    batch: int
    cfg: float
    streaming: bool


def make_model(size: str) -> SledModel:
    """Make a model with random weights, or read the embedded one."""
    if size == "embedded":
        return SledModel.from_pretrained(embedded.folder())
    sizes: dict[str, int] = {}
    if size == "quarter":
        sizes = {"hidden_size": 512, "intermediate_size": 1376, "num_attention_heads": 8}
        sizes["diffloss_w"] = 512
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = SledModel(SledConfig(**sizes)).eval()
        for parameter in model.head.parameters():
            torch.nn.init.normal_(parameter, std=0.02)
    return model


def weights_a_frame(model: SledModel) -> int:
    """Count the weights that every frame has to read: all but the table of tokens."""
    return sum(p.numel() for p in model.parameters()) - model.text_embedding.weight.numel()


def floor_ms(size: int, pace: Pace) -> float:
    """Give the milliseconds that reading so many bytes takes."""
    numbers = torch.ones(size // 4)
    wide = numbers.view(torch.int64)
    return 1000 * min(pace.fastest(numbers.sum), pace.fastest(wide.sum))


def plain_ms(model: SledModel, ids: Tensor, task: Task, pace: Pace) -> float:
    """Give ms a frame of the straightforward loop."""
    loop = PlainLoop(model, ids, task.cfg, CHUNK if task.streaming else None)
    shape = (task.frames, task.batch, model.config.noise_channels)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(model.dtype)
    loop.run(2, noise)
    return 1000 * pace.fastest(lambda: loop.run(task.frames, noise)) / task.frames


def speak(engine: Engine, model: SledModel, ids: Tensor, task: Task) -> list[Tensor]:
    """Speak the batch; give each one's latents."""
    layout = StreamingLayout(*CHUNK) if task.streaming else OfflineLayout()
    empty = torch.empty(0, model.config.vae_embed_dim)
    utterances = [
        Utterance(
            text_ids=row,
            prompt=empty,
            cfg=task.cfg,
            noise=SeededNoise(seed, model.config.noise_channels),
            max_frames=task.frames,
            layout=layout,
            stop_threshold=NEVER,
        )
        for seed, row in enumerate(ids)
    ]
    return [torch.stack(list(track.frames)) for _, track in engine.decode(utterances)]


class Parts:
    """How long a run spends inside which part."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.spent: Counter[str] = Counter()

    def watch(self, holder: object, name: str, part: str) -> None:
        """Time every call of a method of `holder`."""
        way: Callable[..., object] = getattr(holder, name)

        def timed(*args: object, **options: object) -> object:
            start = self.now()
            try:
                return way(*args, **options)
            finally:
                self.spent[part] += self.now() - start

        object.__setattr__(holder, name, timed)


def ours(
    model: SledModel, codec: Codec, ids: Tensor, task: Task, pace: Pace
) -> tuple[float, dict[str, float]]:
    """Give ms a frame of the engine, and the share of each part, audio by pieces included."""
    engine = Engine(model)
    speak(engine, model, ids, replace(task, frames=2))
    best = pace.fastest(lambda: speak(engine, model, ids, task))
    parts, now = Parts(pace.now), pace.now
    for holder, name, part in ((model.backbone, "forward", "backbone"), (model, "sample", "head")):
        parts.watch(holder, name, part)
    start = now()
    spoken = speak(engine, model, ids, task)
    middle = now()
    states = [codec.decoder_state() for _ in spoken]
    for pieces in zip(*(each.float().split(4) for each in spoken), strict=True):
        codec.decode_step_batch(pieces, states)
    parts.spent["codec"] = now() - middle
    total = now() - start
    parts.spent["Python"] = total - sum(parts.spent.values())
    return 1000 * best / task.frames, {name: t / total for name, t in parts.spent.items()}


def measure(args: argparse.Namespace, threads: int) -> dict[str, Any]:
    """Run all that was asked for; print row by row."""
    base = make_model(args.size)
    small = args.size == "embedded"
    codec = Codec.from_pretrained() if small else Codec.from_random(CodecConfig())
    count, rows, pace = weights_a_frame(base), [], Pace(CLOCKS[args.clock], args.rounds)
    print(f"{args.size} size, cfg {args.cfg:g}, {args.frames} frames, {threads} threads")
    print(f"{count / 1e6:.1f} M weights a frame; times by the {args.clock} clock")
    print(
        "dtype  batch  a ms/frame  b ms/frame  c floor ms     a/b    b/c     RTF   peak MiB  parts"
    )
    for batch in args.batch:
        task = Task(args.frames, args.tokens, batch, args.cfg, args.streaming)
        generator = torch.Generator().manual_seed(0)
        high = base.config.vocab_size
        ids = torch.randint(4, high, (batch, args.tokens), generator=generator)
        plain = {}
        for dtype in () if args.skip_plain else ("fp32", "bf16"):
            kind = torch.float32 if dtype == "fp32" else torch.bfloat16
            if dtype in args.dtype or (dtype == "bf16" and "int8" in args.dtype):
                plain[dtype] = plain_ms(copy.deepcopy(base).to(kind), ids, task, pace)
        for dtype in args.dtype:
            model = pack_weights(copy.deepcopy(base), dtype)
            ms, parts = ours(model, codec, ids, task, pace)
            low = floor_ms(count * BYTES[dtype], pace)
            row = {"dtype": dtype, "batch": batch, "b_ms": ms, "c_ms": low, "parts": parts}
            row |= {"a_ms": plain.get(dtype, plain.get("bf16")), "peak_mib": peak_mib()}
            row["rtf"] = ms / 1000 * codec.frame_rate / batch
            rows.append(row)
            show(row)
    return {"machine": machine(threads), "size": args.size, "weights": count, "rows": rows}


def show(row: dict[str, Any]) -> None:
    """Print one row."""
    plain = row["a_ms"]
    a, ratio = ("-", "-") if plain is None else (f"{plain:.2f}", f"{plain / row['b_ms']:.1f}")
    speedup = f"{a:>11} {row['b_ms']:>11.2f} {row['c_ms']:>11.2f} {ratio:>7}"
    parts = ", ".join(f"{name} {100 * share:.0f} %" for name, share in row["parts"].items())
    print(
        f"{row['dtype']:<6} {row['batch']:>5} {speedup} {row['b_ms'] / row['c_ms']:>6.2f} "
        f"{row['rtf']:>7.3f} {row['peak_mib']:>10.0f}  {parts}",
        flush=True,
    )


def plot(path: Path, figures: dict[str, Any]) -> None:
    """Draw the three ways side by side."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (only where a plot is asked for)

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    rows = figures["rows"]
    for shift, (key, label) in enumerate(
        (("a_ms", "straightforward"), ("b_ms", "ours"), ("c_ms", "reading the weights"))
    ):
        heights = [row[key] or float("nan") for row in rows]
        axes.bar([n + 0.27 * shift for n in range(len(rows))], heights, 0.25, label=label)
    labels = [f"{row['dtype']}, batch {row['batch']}" for row in rows]
    axes.set_xticks([n + 0.27 for n in range(len(rows))], labels, fontsize=7)
    axes.set(ylabel="ms a frame", yscale="log", title=f"{figures['size']} size")
    axes.legend(fontsize=7)
    figure.savefig(path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="published", choices=("published", "quarter", "embedded"))
    parser.add_argument("--dtype", nargs="+", default=list(BYTES), choices=BYTES)
    parser.add_argument("--batch", type=int, nargs="+", default=[1])
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--tokens", type=int, default=40, help="of each text")
    parser.add_argument("--streaming", action="store_true", help="5 tokens, 45 frames, and so on")
    parser.add_argument("--skip-plain", action="store_true", help="leave (a) out")
    add_arguments(parser)
    args = parser.parse_args()
    figures = measure(args, set_threads(args.threads))
    write(args.json, figures)
    if args.plot:
        plot(args.plot, figures)


if __name__ == "__main__":
    main()
