"""Write training checkpoints as the codec that `sled-codec` ships.

    python tools/embedded/export_codec.py --encoder WORK/encoder/last.pt --out WORK/codec
    python tools/embedded/export_codec.py --encoder WORK/encoder/last.pt \
        --decoder WORK/decoder/last.pt

Weight normalisation is folded and the weights are stored as float16. Without a decoder it gets
random weights: enough to make latents with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from codec_net import CODEBOOKS, CODES, DIMENSION, N_FILTERS, RATIOS
from corpus import SAMPLE_RATE
from decoder_net import SIZES
from sled_codec import Codec, CodecConfig
from torch import Tensor

_ASSETS = Path(__file__).parents[2] / "packages/sled-codec/src/sled_codec/assets/embedded"


def main() -> None:
    """Join an encoder and a decoder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", type=Path, required=True, help="from train_encoder.py")
    parser.add_argument("--decoder", type=Path, help="from train_decoder.py")
    parser.add_argument("--out", type=Path, default=_ASSETS)
    args = parser.parse_args()
    config = CodecConfig(
        sample_rate=SAMPLE_RATE,
        dimension=DIMENSION,
        n_filters=N_FILTERS,
        ratios=tuple(RATIOS),
        n_codebooks=CODEBOOKS,
        codebook_size=CODES,
        source_filter=SIZES,
    )
    state = _parts(args.encoder, "net", "encoder.", "quantizer.")
    if args.decoder is not None:
        state |= _parts(args.decoder, "average", "decoder.")
    else:
        drawn = Codec.from_random(config).state_dict()
        state |= {name: value for name, value in drawn.items() if name.startswith("decoder.")}
    Codec.from_state_dict(state, config).save_pretrained(args.out, dtype=torch.float16)
    size = sum(file.stat().st_size for file in args.out.iterdir())
    print(f"{args.out}: {size / 1e6:.1f} MB, {Codec.from_pretrained(args.out).fingerprint}")


def _parts(checkpoint: Path, key: str, *prefixes: str) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torch.load(checkpoint, weights_only=False)[key]
    return {name: value for name, value in state.items() if name.startswith(prefixes)}


if __name__ == "__main__":
    main()
