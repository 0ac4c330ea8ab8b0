"""Train the network that tells how long each sound lasts, on the teacher's own durations.

    python tools/embedded/train_durations.py --corpus WORK/teacher --out DIR/durations.safetensors

Takes about two minutes on one core. One sentence in twenty is kept to measure on, by its name.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from sled_infer._durations import Durations, windows, words_of
from teacher_text import MAIN_VOICE, fraction
from torch import Tensor
from torch.nn import functional

_HELD_OUT = 0.05
_BATCH = 512
_RATE = 2e-3
_HIDDEN_SYMBOLS = 0.04  # share that training does not see: it must not learn sentences by heart


def read_alignments(corpus: Path) -> tuple[Tensor, Tensor, Tensor]:
    """Windows [N, 21], durations in units [N], and which are held out [N], of the main voice."""
    rows: list[list[int]] = []
    units: list[float] = []
    held: list[bool] = []
    for path in sorted(corpus.glob(f"*_{MAIN_VOICE}.json")):
        clip = json.loads(path.read_text(encoding="utf-8"))
        before = ""
        for word in words_of(clip["phonemes"]):
            rows += windows(word, before)
            before += word
        units += clip["units"][1:-1]  # without the silence around
        held += [fraction(f"durations {path.stem}") < _HELD_OUT] * len(clip["phonemes"])
    return torch.tensor(rows), torch.tensor(units, dtype=torch.float32), torch.tensor(held)


def measure(network: Durations, rows: Tensor, units: Tensor) -> str:
    """Say how far predictions are from the truth."""
    with torch.inference_mode():
        told = network(rows)
    error = (told - units).abs().mean().item()
    correlation = torch.corrcoef(torch.stack([told, units]))[0, 1].item()
    return f"error {error:.3f} units, correlation {correlation:.3f}"


def train(corpus: Path, steps: int, seed: int) -> Durations:
    """Train on all but the held-out sentences; print how it does on those."""
    torch.manual_seed(seed)
    rows, units, held = read_alignments(corpus)
    known, unknown = (~held).nonzero()[:, 0], held.nonzero()[:, 0]
    network = Durations()
    optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=0.05)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = _RATE * (1 - step / steps)
        batch = known[torch.randint(len(known), (_BATCH,))]
        seen = rows[batch]
        seen = seen.masked_fill(torch.rand(seen.shape) < _HIDDEN_SYMBOLS, 0)
        loss = functional.smooth_l1_loss(network(seen), units[batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        optimizer.step()
        if (step + 1) % 500 == 0:
            print(f"{step + 1}: {measure(network.eval(), rows[unknown], units[unknown])}")
            network.train()
    return network


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="from teacher_corpus.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(args.corpus, args.steps, args.seed).save(args.out)


if __name__ == "__main__":
    main()
