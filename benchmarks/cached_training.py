"""Frames trained a second from cached codes, against the same step encoding its own audio.

    uv run python benchmarks/cached_training.py --speech "$SLED_SPEECH_DIR" [--codec full]

Same model, same batches, same run, the two ways in turn. `encode` reads, resamples and encodes
every clip within the step, as a training without a cache must. The share of padding is that of
the recipe's buckets, and of batches that take clips as they come.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from _clock import CLOCKS, add_arguments, machine, set_threads, write
from sled_codec import Codec, CodecConfig, read_audio, resample
from sled_model import Batch, OfflineLayout, SledConfig, SledModel, Tokenizer
from sled_train import BatchSampler, Dataset
from sled_train.data import EncodeOptions, Store, encode, prepare
from torch.nn.utils.rnn import pad_sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES: dict[str, dict[str, Any]] = {
    "published": {},
    "quarter": {
        "hidden_size": 512,
        "intermediate_size": 1376,
        "num_hidden_layers": 12,
        "num_attention_heads": 8,
        "diffloss_w": 512,
    },
    "tiny": {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "diffloss_d": 1,
        "diffloss_w": 64,
    },
}
WARM_UP = 1
BUCKET = 16
MICRO_FRAMES = 32_768


def open_data(speech: Path, codec: Codec, hours: float, place: Path) -> Dataset:
    """Prepare and encode a subset of LJ Speech."""
    cuts = prepare("ljspeech", speech / "ljspeech", place / "cuts.jsonl", limit_hours=hours).path
    encode(cuts, place / "codes", codec, options=EncodeOptions(batch_seconds=30.0))
    store = Store(place / "codes")
    tokenizer = Tokenizer.train(store.texts(), 1000)
    return Dataset(store, torch.arange(len(store)).numpy(), tokenizer)


def encoded_in_step(
    data: Dataset, clips: Sequence[int], codec: Codec, device: torch.device
) -> Batch:
    """Make the batch that `Dataset.collate` makes, from the audio files."""
    waves = []
    for clip in clips:
        wave, rate = read_audio(data.row(clip).audio)
        waves.append(resample(wave, rate, codec.sample_rate).to(device))
    codes = codec.encode_batch(waves, codec.sample_rate)
    tokens = [torch.tensor(data.tokenizer.encode(data.row(clip).text)) for clip in clips]
    return Batch(
        text_ids=pad_sequence(tokens, batch_first=True, padding_value=1).to(device),
        text_lengths=torch.tensor([len(each) for each in tokens]),
        latents=codec.latents(pad_sequence(codes, batch_first=True)),
        frame_lengths=torch.tensor([len(each) for each in codes]),
    )


class Trainer:
    """A model that is timed while it learns."""

    def __init__(self, config: SledConfig, device: torch.device, clock: str) -> None:
        self.model = SledModel(config)
        torch.nn.Module.to(self.model, device).train()
        self._optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self._now = CLOCKS[clock]

    def step(self, make: Callable[[], Batch]) -> tuple[float, float]:
        """Make a batch and do one update; give the seconds of each, the device's included."""
        begin = self._now()
        batch = make()
        self._wait(batch)
        made = self._now()
        generator = torch.Generator(batch.latents.device).manual_seed(0)
        losses = self.model.loss(batch, OfflineLayout(), generator=generator)
        losses.total.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._wait(batch)
        return made - begin, self._now() - made

    def _wait(self, batch: Batch) -> None:
        if batch.latents.is_cuda:
            torch.cuda.synchronize()


def measure(
    data: Dataset, codec: Codec, args: argparse.Namespace, device: torch.device
) -> dict[str, Any]:
    """Time both ways in turn, on the same batches."""
    config = SledConfig(
        vocab_size=data.tokenizer.vocab_size,
        vae_embed_dim=codec.latent_size,
        **SIZES[args.size],
    )
    trainer = Trainer(config, device, args.clock)
    sampler = BatchSampler(data.frames, args.batch_frames, seed=0, bucket=BUCKET)
    seconds: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    frames = 0
    for turn in range(WARM_UP + args.steps):
        clips = sampler.next()
        ways = {
            "codes": partial(data.collate, clips, codec, device),
            "encode": partial(encoded_in_step, data, clips, codec, device),
        }
        took = {way: trainer.step(make) for way, make in ways.items()}
        if turn >= WARM_UP:
            frames += int(data.frames[clips].sum())
            for way, times in took.items():
                seconds[way].append(times)
    return {
        "parameters": sum(p.numel() for p in trainer.model.parameters()),
        "frames": frames,
        "frames_per_s": {way: frames / sum(map(sum, took)) for way, took in seconds.items()},
        "batch_share": {
            way: sum(made for made, _ in took) / sum(map(sum, took))
            for way, took in seconds.items()
        },
        "seconds": seconds,
    }


def padding(data: Dataset, batch_frames: int, bucket: int) -> float:
    """Mean share of padding over an epoch."""
    sampler = BatchSampler(data.frames, batch_frames, seed=0, bucket=bucket)
    shares = []
    epoch = sampler.batches(0)
    for number in range(len(epoch)):
        sampler.micro_batches(epoch[number], MICRO_FRAMES)
        shares.append(sampler.padding)
    return statistics.mean(shares)


def show(figures: dict[str, Any], args: argparse.Namespace) -> None:
    """Print a table."""
    rates = figures["frames_per_s"]
    print(f"{figures['parameters']:,} parameters on {args.device}, {figures['frames']:,} frames")
    for way, rate in rates.items():
        share = figures["batch_share"][way]
        print(f"{way:<8} {rate:>10,.1f} frames/s, {share:.1%} of the time to make the batch")
    print(f"ratio    {rates['codes'] / rates['encode']:>10.2f}")
    for way, share in figures["padding"].items():
        print(f"padding  {share:>10.1%} {way}")


def main() -> None:
    """Time both ways in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    default = os.environ.get("SLED_SPEECH_DIR")
    parser.add_argument("--speech", type=Path, default=default, required=default is None)
    parser.add_argument("--size", choices=sorted(SIZES), default="quarter")
    parser.add_argument("--codec", default="embedded", help='"full": full size, random weights')
    parser.add_argument("--hours", type=float, default=0.2, help="so much of LJ Speech")
    parser.add_argument("--batch-frames", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    threads = set_threads(args.threads)
    device = torch.device(args.device)
    full = args.codec == "full"
    codec = Codec.from_random(CodecConfig()) if full else Codec.from_pretrained(args.codec)
    codec.to(device)
    with tempfile.TemporaryDirectory() as folder:
        data = open_data(args.speech, codec, args.hours, Path(folder))
        figures = measure(data, codec, args, device)
        figures["padding"] = {
            "buckets": padding(data, args.batch_frames, BUCKET),
            "as they come": padding(data, args.batch_frames, 1),
        }
        figures["hours"] = data.store.summary.hours
    show(figures, args)
    write(args.json, {"machine": machine(threads), **figures})


if __name__ == "__main__":
    main()
