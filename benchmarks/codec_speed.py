"""How fast the codec encodes and decodes, against the ``encodec`` package on the same weights.

    uv run python benchmarks/codec_speed.py [--codec full] [--seconds 10] [--batch 8] [--json F]

Three ways in one run: the package's modules with weight normalisation, as published and as they
compute after each load; the same with the norm folded; and ours. Encoding includes the codebooks.
"""

from __future__ import annotations

import argparse
import copy
from functools import partial
from typing import TYPE_CHECKING

import torch
from _clock import CLOCKS, add_arguments, fastest, machine, set_threads, write
from sled_codec import Codec, CodecConfig
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Ways = dict[str, Callable[[], list[Tensor]]]

WAYS = ("encodec", "folded", "ours")


def with_norm(network: nn.Module) -> nn.Module:
    """Copy a network and normalise the weights of its convolutions in every call."""
    network = copy.deepcopy(network)
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            weight_norm(layer)
    return network


class Modules:
    """The package's modules, one recording after the other as its users run them."""

    def __init__(self, codec: Codec, *, normed: bool) -> None:
        self.codec = codec
        self.encoder = with_norm(codec.encoder) if normed else codec.encoder
        self.decoder = with_norm(codec.decoder) if normed else codec.decoder

    @torch.no_grad()
    def encode(self, waves: list[Tensor]) -> list[Tensor]:
        """Give codes [frames, 8] each."""
        frames = [self.encoder(wave[None, None])[0].t() for wave in waves]
        return [self.codec.codebooks.encode(each) for each in frames]

    @torch.no_grad()
    def decode(self, latents: list[Tensor]) -> list[Tensor]:
        """Give samples [frames * hop] each."""
        return [self.decoder(each.t()[None])[0, 0] for each in latents]


def ways(codec: Codec, waves: list[Tensor]) -> dict[str, Ways]:
    """Give for encoding and for decoding what is to be timed."""
    rate = codec.sample_rate
    latents = [codec.latents(codes) for codes in codec.encode_batch(waves, rate)]
    modules = {"encodec": Modules(codec, normed=True), "folded": Modules(codec, normed=False)}
    encode: Ways = {name: partial(each.encode, waves) for name, each in modules.items()}
    decode: Ways = {name: partial(each.decode, latents) for name, each in modules.items()}
    encode["ours"] = partial(codec.encode_batch, waves, rate)
    decode["ours"] = partial(codec.decode_batch, latents)
    return {"encode": encode, "decode": decode}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", default="embedded", help='"full": full size, random weights')
    parser.add_argument("--seconds", type=float, default=10, help="length of a recording")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8], help="recordings at once")
    add_arguments(parser)
    args = parser.parse_args()
    threads = set_threads(args.threads)
    full = args.codec == "full"
    codec = Codec.from_random(CodecConfig()) if full else Codec.from_pretrained(args.codec)
    generator = torch.Generator().manual_seed(0)
    samples = round(args.seconds * codec.sample_rate)
    results = []
    print(f"{args.codec} codec, recordings of {args.seconds:g} s, {threads} threads")
    print("         batch  " + "  ".join(f"{way:>9} RTF" for way in WAYS) + "  encodec/ours")
    for batch in args.batch:
        waves = [0.1 * torch.randn(samples, generator=generator) for _ in range(batch)]
        for task, timed in ways(codec, waves).items():
            best = fastest(timed, args.rounds, CLOCKS[args.clock])
            rtf = {way: best[way] / (args.seconds * batch) for way in WAYS}
            cells = "  ".join(f"{rtf[way]:>13.4f}" for way in WAYS)
            print(f"{task}  {batch:>6}  {cells}  {best['encodec'] / best['ours']:>12.2f}")
            results.append({"task": task, "batch": batch, "rtf": rtf})
    write(args.json, {"machine": machine(threads), "codec": args.codec, "results": results})


if __name__ == "__main__":
    main()
