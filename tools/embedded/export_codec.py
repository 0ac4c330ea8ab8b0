"""Write a codec training checkpoint as the codec that `sled-codec` ships.

    python tools/embedded/export_codec.py --checkpoint WORK/codec/last.pt
    python tools/embedded/export_codec.py --checkpoint WORK/codec/last.pt --out FOLDER

Weight normalisation is folded and the weights are stored as float16.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from codec_net import CODEBOOKS, CODES, DIMENSION, N_FILTERS, RATIOS
from corpus import SAMPLE_RATE
from sled_codec import Codec, CodecConfig

_ASSETS = Path(__file__).parents[2] / "packages/sled-codec/src/sled_codec/assets/embedded"


def main() -> None:
    """Convert one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=_ASSETS)
    args = parser.parse_args()
    config = CodecConfig(
        sample_rate=SAMPLE_RATE,
        dimension=DIMENSION,
        n_filters=N_FILTERS,
        ratios=tuple(RATIOS),
        n_codebooks=CODEBOOKS,
        codebook_size=CODES,
    )
    saved = torch.load(args.checkpoint, weights_only=False)
    state = saved.get("average", saved["net"])  # the encoder's training keeps no average
    Codec.from_state_dict(state, config).save_pretrained(args.out, dtype=torch.float16)
    size = sum(file.stat().st_size for file in args.out.iterdir())
    print(f"{args.out}: {size / 1e6:.1f} MB, {Codec.from_pretrained(args.out).fingerprint}")


if __name__ == "__main__":
    main()
