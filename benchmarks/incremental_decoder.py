"""What a streamed frame costs, from the first minute to the last, against decoding as a whole.

    uv run python benchmarks/incremental_decoder.py [--codec full] [--minutes 10] [--json F]

For each number of frames a push: milliseconds a frame in every minute of the stream, the memory
that its state holds, the largest difference to one decode of all, and two ratios: to that decode
(what streaming costs) and to decoding everything so far again at each push (what it saves).
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from _clock import CLOCKS, add_arguments, held_mib, machine, seconds, set_threads, write
from sled_codec import Codec, CodecConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sled_codec import DecoderState
    from torch import Tensor


def load(name: str) -> Codec:
    """Load a codec; "full" is one of full size with random weights."""
    return Codec.from_random(CodecConfig()) if name == "full" else Codec.from_pretrained(name)


def latents_of(codec: Codec, frames: int) -> Tensor:
    """Draw random codes and give their latents [frames, D]."""
    shape = (frames, codec.config.n_codebooks)
    generator = torch.Generator().manual_seed(0)
    codes = torch.randint(codec.config.codebook_size, shape, generator=generator)
    return codec.latents(codes)


def state_kib(state: DecoderState) -> float:
    """Give the size of a stream's state in KiB."""
    tensors = (*state.waiting, *(state.memory or ()))
    return sum(each.untyped_storage().nbytes() for each in tensors) / 1024


def stream(
    codec: Codec, latents: Tensor, push: int, whole: Tensor, now: Callable[[], float]
) -> dict[str, Any]:
    """Decode in pushes of so many frames; report minute by minute."""
    minute, hop = round(60 * codec.frame_rate), codec.hop_length
    state, at, difference = codec.decoder_state(), 0, 0.0
    per_frame, kib, mib = [], [], []
    for part in torch.split(latents, minute):
        waves, start = [], now()
        waves += [codec.decode_step(piece, state) for piece in torch.split(part, push)]
        per_frame.append(1000 * (now() - start) / len(part))
        wave = torch.cat([*waves, codec.decode_step(part[:0], state, last=False)])
        expected = whole[at : at + len(wave)]
        difference = max(difference, float((wave - expected).abs().max()))
        at += len(wave)
        kib.append(state_kib(state))
        mib.append(held_mib())
    if at != len(latents) * hop:
        raise SystemExit(f"{at} samples came out of {len(latents)} frames")
    return {"ms": per_frame, "state_kib": kib, "mib": mib, "difference": difference}


def again(
    codec: Codec,
    latents: Tensor,
    push: int,
    minutes: list[float],
    now: Callable[[], float],
) -> dict[float, float]:
    """Give ms a frame for decoding everything again when a push ends at that minute."""
    found = {}
    for end in minutes:
        frames = round(60 * end * codec.frame_rate)
        found[end] = 1000 * seconds(partial(codec.decode, latents[:frames]), now) / push
    return found


def show(push: int, result: dict[str, Any], whole: float) -> None:
    """Print one row."""
    first, last = result["ms"][0], result["ms"][-1]
    mean = sum(result["ms"]) / len(result["ms"])
    repeated = "  ".join(f"{ms / mean:7.0f}x" for ms in result["again_ms"].values())
    print(
        f"{push:>6} {first:>10.3f} {last:>10.3f} {mean / whole:>8.2f} {result['difference']:>9.1e} "
        f"{result['state_kib'][0]:>9.0f} {result['state_kib'][-1]:>9.0f}  {repeated}"
    )


def plot(path: Path, results: dict[int, dict[str, Any]], whole: float) -> None:
    """Draw the cost of a frame over the stream."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (only where a plot is asked for)

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for push, result in results.items():
        axes.plot(range(1, 1 + len(result["ms"])), result["ms"], marker=".", label=f"push {push}")
        axes.plot(*zip(*result["again_ms"].items(), strict=True), "--", label=f"again, {push}")
    axes.axhline(whole, color="black", linewidth=0.8, label="one decode of all")
    axes.set(xlabel="minute of the stream", ylabel="ms a frame", yscale="log")
    axes.legend(fontsize=7)
    figure.savefig(path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", default="embedded", help='"full": full size, random weights')
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--push", type=int, nargs="+", default=[1, 4, 15], help="frames a push")
    add_arguments(parser)
    args = parser.parse_args()
    threads, codec = set_threads(args.threads), load(args.codec)
    latents = latents_of(codec, round(60 * args.minutes * codec.frame_rate))
    codec.decode(latents[:100])
    now = CLOCKS[args.clock]
    start = now()
    whole = codec.decode(latents)
    whole_ms = 1000 * (now() - start) / len(latents)
    ends = [args.minutes / 60, args.minutes / 10, args.minutes]
    heads = "  ".join(f"{60 * end:6.0f} s" for end in ends)
    print(f"{args.codec} codec, {args.minutes:g} minutes, {threads} threads")
    print(f"one decode of all: {whole_ms:.3f} ms a frame, {1000 / codec.frame_rate:.2f} are played")
    print("  push  first min   last min  / whole  differs  state KiB   at end  decoding again at")
    print(f"frames   ms/frame   ms/frame                                       {heads}")
    results = {}
    for push in args.push:
        results[push] = stream(codec, latents, push, whole, now)
        results[push]["again_ms"] = again(codec, latents, push, ends, now)
        show(push, results[push], whole_ms)
    if args.plot:
        plot(args.plot, results, whole_ms)
    figures = {"machine": machine(threads), "codec": args.codec, "minutes": args.minutes}
    write(args.json, {**figures, "whole_ms": whole_ms, "push": results})


if __name__ == "__main__":
    main()
