"""What a training step costs: ours against a straightforward one, and where its time goes.

    uv run python benchmarks/train_step.py [--size published] [--clips 4] [--seconds 4] [--json F]

In one process and one run, on the same random weights: (a) a step as it is first written:
transformers' LlamaModel with a padding mask over batches in the order they come, losses clip by
clip, AdamW parameter by parameter; (b) ours, as `sled train` does it. The codec is in neither;
what encoding the clips in every step would add is given beside.
"""

from __future__ import annotations

import argparse
import copy
from collections import defaultdict
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from _clock import CLOCKS, add_arguments, machine, peak_mib, reset_peak, seconds, set_threads, write
from _decode_ways import make_model
from _plain_loop import draw, llama_of
from sled_codec import Codec, CodecConfig
from sled_model import Batch, OfflineLayout, SledModel
from sled_train import load_recipe
from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Clock = Callable[[], float]

FRAME_RATE, FRAMES_A_TOKEN = 75, 5
PARTS = ("forward", "backward", "clip", "optimizer")


def make_batch(model: SledModel, clips: int, length: float) -> Batch:
    """Make random clips of half to all of a length, in seconds."""
    generator = torch.Generator().manual_seed(0)
    most = round(length * FRAME_RATE)
    frames = torch.linspace(most, most / 2, clips).long()
    texts = (frames // FRAMES_A_TOKEN).clamp_min(1)
    shape = (clips, int(frames.max()), model.config.vae_embed_dim)
    high = model.config.vocab_size
    return Batch(
        text_ids=torch.randint(4, high, (clips, int(texts.max())), generator=generator),
        text_lengths=texts,
        latents=torch.randn(shape, generator=generator),
        frame_lengths=frames,
    )


class Plain(nn.Module):
    """The loss, written down clip by clip over transformers' model."""

    def __init__(self, model: SledModel) -> None:
        super().__init__()
        self.model = model
        self.llama = llama_of(model)
        self.llama.config.attention_dropout = model.config.attention_dropout
        for layer in self.llama.layers:
            attention: Any = layer.get_submodule("self_attn")
            mlp = layer.get_submodule("mlp")
            attention.attention_dropout = model.config.attention_dropout
            mlp.act_fn = nn.Sequential(nn.SiLU(), nn.Dropout(model.config.activation_dropout))
            for holder, name in ((attention, "o_proj"), (mlp, "down_proj")):
                dropping = nn.Dropout(model.config.dropout)
                setattr(holder, name, nn.Sequential(getattr(holder, name), dropping))

    def forward(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the mean loss of a batch."""
        model, rows = self.model, []
        lengths = list(zip(batch.text_lengths.tolist(), batch.frame_lengths.tolist(), strict=True))
        longest = max(text + frames for text, frames in lengths)
        mask = torch.zeros(len(lengths), longest, dtype=torch.int64)
        for row, (text, frames) in enumerate(lengths):
            parts = (
                model.embed_text(batch.text_ids[row, :text]),
                model.embed_latents(batch.latents[row, :frames]),
            )
            rows.append(F.pad(torch.cat(parts), (0, 0, 0, longest - text - frames)))
            mask[row, : text + frames] = 1
        hidden = self.llama(inputs_embeds=torch.stack(rows), attention_mask=mask).last_hidden_state
        losses = [
            self._clip(hidden[row], batch.latents[row], text, frames, generator)
            for row, (text, frames) in enumerate(lengths)
        ]
        return torch.stack(losses).mean()

    def _clip(
        self, hidden: Tensor, latents: Tensor, text: int, frames: int, generator: torch.Generator
    ) -> Tensor:
        z, target = hidden[text - 1 : text + frames - 1], latents[:frames]
        shape = (2, frames, self.model.config.noise_channels)
        first, second = (draw(self.model, z, n) for n in torch.randn(shape, generator=generator))
        energy = (first - target).norm(dim=-1) + (second - target).norm(dim=-1)
        energy = energy - (first - second).norm(dim=-1)
        logits = self.model.stop_logits(hidden[text - 1 : text + frames])
        ends = torch.zeros_like(logits)
        ends[-1] = 1
        stop = F.binary_cross_entropy_with_logits(logits, ends, pos_weight=self.model.stop_weight)
        loss: Tensor = energy.mean() + stop
        return loss


class Step:
    """One kind of step, and the time that its parts have taken."""

    def __init__(self, loss: nn.Module, optimizer: torch.optim.Optimizer, now: Clock) -> None:
        self.loss, self.optimizer, self.now = loss, optimizer, now
        self.spent: defaultdict[str, float] = defaultdict(float)

    def __call__(self, batch: Batch) -> None:
        """Do one update."""
        generator = torch.Generator().manual_seed(0)
        parameters = [p for p in self.loss.parameters() if p.requires_grad]
        times = [self.now()]
        total = self._total(batch, generator)
        times.append(self.now())
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        times.append(self.now())
        nn.utils.clip_grad_norm_(parameters, 1.0)
        times.append(self.now())
        self.optimizer.step()
        times.append(self.now())
        for part, (start, end) in zip(PARTS, pairwise(times), strict=True):
            self.spent[part] += end - start
        self.optimizer.zero_grad(set_to_none=True)

    def _total(self, batch: Batch, generator: torch.Generator) -> Tensor:
        if isinstance(self.loss, SledModel):
            ours: Tensor = self.loss.loss(batch, OfflineLayout(), generator=generator).total
            return ours
        plain: Tensor = self.loss(batch, generator)
        return plain


def make_steps(args: argparse.Namespace, now: Clock) -> dict[str, Callable[[], Step]]:
    """Say how each way is made; one at a time is held."""
    from sled_train._optim import build_optimizer  # noqa: PLC0415 (what `sled train` uses)

    model, recipe = make_model(args.size).train(), load_recipe("offline").optim

    def plain() -> Step:
        loss = Plain(copy.deepcopy(model)).train()
        for parameter in loss.model.backbone.parameters():
            parameter.requires_grad = False
        learnt = [p for p in loss.parameters() if p.requires_grad]
        return Step(loss, torch.optim.AdamW(learnt, lr=recipe.lr, foreach=False), now)

    def ours(*, checkpointing: bool = False) -> Step:
        own = copy.deepcopy(model)
        own.backbone.checkpointing = checkpointing
        return Step(own, build_optimizer(own, recipe), now)

    return {
        "straightforward": plain,
        "ours": ours,
        "ours, checkpointing": lambda: ours(checkpointing=True),
    }


def encoding_seconds(args: argparse.Namespace, batch: Batch, now: Clock) -> float:
    """Give the time that encoding the batch's clips takes."""
    small = args.size == "embedded"
    codec = Codec.from_pretrained() if small else Codec.from_random(CodecConfig())
    samples = (batch.frame_lengths * codec.hop_length).tolist()
    waves = [torch.zeros(count) for count in samples]
    return seconds(lambda: codec.encode_batch(waves, codec.sample_rate), now)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Time the ways one after the other; print row by row."""
    now, rows = CLOCKS[args.clock], dict[str, dict[str, Any]]()
    steps = make_steps(args, now)
    batch = make_batch(make_model(args.size), args.clips, args.seconds)
    print(f"{args.size} size, {args.clips} clips, {int(batch.frame_lengths.sum())} frames")
    for name, make in steps.items():
        reset_peak()
        step = make()
        step(batch)
        step.spent.clear()
        best = min(seconds(partial(step, batch), now) for _ in range(args.rounds))
        parts = {part: spent / args.rounds for part, spent in step.spent.items()}
        rows[name] = {"seconds": best, "parts": parts, "peak_mib": peak_mib()}
        shown = ", ".join(f"{part} {spent:.3f}" for part, spent in parts.items())
        print(f"  {name:<20} {best:8.3f} s  {peak_mib():6.0f} MiB  {shown}", flush=True)
        del step
    encoding = encoding_seconds(args, batch, now)
    ratio = rows["straightforward"]["seconds"] / rows["ours"]["seconds"]
    print(f"  ratio {ratio:.2f}; encoding the clips in every step would add {encoding:.3f} s")
    return {"rows": rows, "encoding": encoding, "ratio": ratio}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="embedded", choices=("published", "quarter", "embedded"))
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=4.0, help="of the longest clip")
    add_arguments(parser)
    args = parser.parse_args()
    threads = set_threads(args.threads)
    figures = measure(args)
    asked = {"size": args.size, "clips": args.clips, "seconds": args.seconds}
    write(args.json, {"machine": machine(threads), **asked, **figures})


if __name__ == "__main__":
    main()
