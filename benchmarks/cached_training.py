"""Frames trained a second from cached codes, against the same step encoding its own audio.

    uv run python benchmarks/cached_training.py --speech "$SLED_SPEECH_DIR"

Same model, same batches, same run, the two ways in turn. `encode` reads, resamples and encodes
every clip within the step, as a training without a cache must. The share of padding is that of
the recipe's buckets, and of batches that take clips as they come.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from sled_codec import Codec, read_audio, resample
from sled_model import Batch, OfflineLayout, SledConfig, SledModel, Tokenizer
from sled_train._dataset import Dataset
from sled_train._sampler import BatchSampler
from sled_train.data import Store, encode, prepare
from torch.nn.utils.rnn import pad_sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES = {
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


def open_data(speech: Path, codec: Codec, hours: float, place: Path) -> Dataset:
    """Prepare and encode a subset of LJ Speech."""
    cuts = prepare("ljspeech", speech / "ljspeech", place / "cuts.jsonl", limit_hours=hours).path
    encode(cuts, place / "codes", codec)
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


def timed_step(
    model: SledModel, optimizer: torch.optim.Optimizer, make: Callable[[], Batch]
) -> float:
    """Make a batch, do one update, and return the seconds both took, the device's included."""
    begin = time.perf_counter()
    batch = make()
    generator = torch.Generator(batch.latents.device).manual_seed(0)
    losses = model.loss(batch, OfflineLayout(), generator=generator)
    (losses.energy + losses.stop).backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    if batch.latents.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def padding(data: Dataset, batch_frames: int, micro_frames: int, bucket: int) -> float:
    """Mean share of padding over an epoch."""
    sampler = BatchSampler(data.frames, batch_frames, seed=0, bucket=bucket)
    shares = []
    for batch in sampler.batches(0):
        sampler.micro_batches(batch, micro_frames)
        shares.append(sampler.padding)
    return statistics.mean(shares)


def main() -> None:
    """Time both ways in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("SLED_SPEECH_DIR")
    parser.add_argument("--speech", type=Path, default=default, required=default is None)
    parser.add_argument("--size", choices=sorted(SIZES), default="quarter")
    parser.add_argument("--codec", default="embedded", help="embedded, folder or hub id")
    parser.add_argument("--hours", type=float, default=0.2, help="so much of LJ Speech")
    parser.add_argument("--batch-frames", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    codec = Codec.from_pretrained(arguments.codec, device=device)
    with tempfile.TemporaryDirectory() as folder:
        data = open_data(arguments.speech, codec, arguments.hours, Path(folder))
        config = SledConfig(
            vocab_size=data.tokenizer.vocab_size,
            vae_embed_dim=codec.latent_size,
            **SIZES[arguments.size],
        )
        model = SledModel(config).to(device).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        sampler = BatchSampler(data.frames, arguments.batch_frames, seed=0, bucket=16)
        seconds: dict[str, list[float]] = {"codes": [], "encode": []}
        frames = []
        for turn in range(WARM_UP + arguments.steps):
            clips = sampler.next()
            batches = {
                "codes": partial(data.collate, clips, codec, device),
                "encode": partial(encoded_in_step, data, clips, codec, device),
            }
            took = {way: timed_step(model, optimizer, make) for way, make in batches.items()}
            if turn >= WARM_UP:
                frames.append(int(data.frames[clips].sum()))
                for way, time_taken in took.items():
                    seconds[way].append(time_taken)
        figures = {
            "device": str(device),
            "parameters": sum(p.numel() for p in model.parameters()),
            "hours": data.store.summary.hours,
            "frames_per_s": {way: sum(frames) / sum(times) for way, times in seconds.items()},
            "seconds": seconds,
            "padding": {
                "buckets": padding(data, arguments.batch_frames, 32_768, 16),
                "as they come": padding(data, arguments.batch_frames, 32_768, 1),
            },
        }
    rates = figures["frames_per_s"]
    print(
        f"{figures['parameters']:,} parameters on {device}, {arguments.batch_frames} frames a step"
    )
    for way, rate in rates.items():
        print(f"{way:<8} {rate:>10,.0f} frames/s")
    print(f"ratio    {rates['codes'] / rates['encode']:>10.2f}")
    for way, share in figures["padding"].items():
        print(f"padding  {share:>10.1%} {way}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
