"""Take a share of what a voice learnt later: the weights between two of one model's trainings.

    python tools/embedded/mix_weights.py --before FOLDER --after FOLDER --share 0.4 --out MIXED

Along the line from the one to the other a voice keeps most of what it could and gains some of what
it learnt (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). OUT is a model folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from export_voice import save_model
from sled_model import SledModel


def mix(before: Path, after: Path, share: float) -> SledModel:
    """Give the model whose every weight lies that share of the way from `before` to `after`."""
    model, later = SledModel.from_pretrained(before), SledModel.from_pretrained(after)
    weights = later.state_dict()
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            if weight.is_floating_point():
                weight.lerp_(weights[name], share)
    return model


def main() -> None:
    """Mix and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="model folder")
    parser.add_argument("--after", type=Path, required=True, help="the same, trained further")
    parser.add_argument("--share", type=float, required=True, help="0: as before, 1: as after")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    save_model(mix(args.before, args.after, args.share), args.after, args.out)


if __name__ == "__main__":
    main()
