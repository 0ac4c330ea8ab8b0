"""Train the embedded codec for a fixed time; run it again to go on where it stopped.

    python tools/embedded/train_codec.py --audio WORK/audio --out WORK/codec --minutes 60
    python tools/embedded/train_codec.py --audio WORK/audio --out WORK/decoder --minutes 45 \
        --decoder-only WORK/codec/last.pt

The first 5 % train a plain autoencoder, then k-means starts the codebooks. `--decoder-only`
keeps encoder and codebooks, hence codes and latents, as they are and trains the decoder on,
in the end against the discriminator too: what learns from the latents can begin meanwhile.
"""

from __future__ import annotations

import argparse
import itertools
import math
from pathlib import Path
from typing import Any

import torch
from codec_fast import decode, encode
from codec_init import scale_signals
from codec_losses import MelLoss, discriminator, discriminator_loss, generator_loss
from codec_net import CODES, CodecNet, nearest
from corpus import SAMPLE_RATE
from crops import Crops
from run_log import Clock, append, save, set_rate
from torch import Tensor

_BATCH, _DECODER_BATCH, _SECONDS = 8, 5, 0.8
_QUANTIZE_FROM = 0.05
_DECODER_DIGITS = 0.6  # the first voice says digits: its decoder hears more of them
_RATE, _DISCRIMINATOR_RATE = 3e-4, 3e-4
_WEIGHTS = {"mel": 1.0, "wave": 2.0, "commit": 0.1, "adversarial": 0.1, "matching": 0.5}
_POOL_BATCHES = 40


class Trainer:
    """Networks, optimizers, data and time of one run."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.adversarial_from = args.adversarial_from
        self.out, self.decoder_only = args.out, args.decoder_only is not None
        self.crops = Crops(args.audio, int(_SECONDS * SAMPLE_RATE), args.seed)
        if self.decoder_only:
            self.crops.set_digit_share(_DECODER_DIGITS)
        self.net, self.mel, self.judge = CodecNet(), MelLoss(), discriminator()
        self.judge.to(memory_format=torch.channels_last)
        trained = self.net.decoder if self.decoder_only else self.net
        self.parameters = list(trained.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=_RATE, betas=(0.8, 0.99))
        self.judge_optimizer = torch.optim.Adam(
            self.judge.parameters(), lr=_DISCRIMINATOR_RATE, betas=(0.5, 0.9)
        )
        self.step, self.quantizes = 0, self.decoder_only
        self.clock = Clock(args.minutes)
        if (self.out / "last.pt").exists():
            self._resume(args.minutes)
        elif args.init_from:
            state = torch.load(args.init_from, weights_only=False)
            self.net.load_state_dict(state["net"])
            self.quantizes = True
        elif not self.decoder_only:
            scale_signals(self.net.encoder, self.net.decoder, self.crops.batch(16))
        else:
            state = torch.load(args.decoder_only, weights_only=False)
            self.net.load_state_dict(state["net"])

    def save(self, name: str = "last.pt") -> None:
        """Write all that resuming needs."""
        parts = ("net", "judge", "optimizer", "judge_optimizer")
        state: dict[str, Any] = {part: getattr(self, part).state_dict() for part in parts}
        state |= {"step": self.step, "elapsed": self.clock.elapsed, "quantizes": self.quantizes}
        state |= {"crops": self.crops.rng.bit_generator.state, "torch": torch.get_rng_state()}
        save(self.out / name, state)

    def _resume(self, minutes: float) -> None:
        state = torch.load(self.out / "last.pt", weights_only=False)
        for part in ("net", "judge", "optimizer", "judge_optimizer"):
            getattr(self, part).load_state_dict(state[part])
        self.step, self.quantizes = state["step"], state["quantizes"]
        self.clock = Clock(minutes, state["elapsed"])
        self.crops.rng.bit_generator.state = state["crops"]
        torch.set_rng_state(state["torch"])

    def train_step(self) -> dict[str, float]:
        """Take one step of the codec and, with a frozen encoder, of the discriminator."""
        if not self.quantizes and self.clock.done > _QUANTIZE_FROM:
            self._start_codebooks()
        self.step += 1
        wave = self.crops.batch(_DECODER_BATCH if self.decoder_only else _BATCH)
        output, commit = self._forward(wave)
        losses = {"mel": self.mel(output, wave, scales=2), "wave": (output - wave).abs().mean()}
        if commit is not None:
            losses["commit"] = commit
        seen: dict[str, float] = {}
        if self.decoder_only and self.clock.done > self.adversarial_from:
            seen["judge"] = self._train_judge(output.detach(), wave)
            with torch.no_grad():
                real = self._judge(wave)
            adversarial, matching = generator_loss(real, self._judge(output))
            losses |= {"adversarial": adversarial, "matching": matching}
        total = sum((_WEIGHTS[name] * loss for name, loss in losses.items()), torch.zeros(()))
        self.optimizer.zero_grad()
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 5.0)
        if math.isfinite(float(norm)):
            set_rate(self.optimizer, _RATE * self.clock.cosine())
            self.optimizer.step()
        return seen | {"norm": float(norm)} | {k: v.item() for k, v in losses.items()}

    def _forward(self, wave: Tensor) -> tuple[Tensor, Tensor | None]:
        with torch.set_grad_enabled(not self.decoder_only):
            latent = encode(self.net.encoder, wave)
            commit = None
            if self.quantizes:
                latent, commit = self.net.quantize(latent, update=not self.decoder_only)
        output = decode(self.net.decoder, latent)
        return output, None if self.decoder_only else commit

    def _judge(self, wave: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        with torch.autocast("cpu", torch.bfloat16):
            logits, features = self.judge(wave)
        return [x.float() for x in logits], [[x.float() for x in layer] for layer in features]

    def _train_judge(self, output: Tensor, wave: Tensor) -> float:
        loss = discriminator_loss(self._judge(wave), self._judge(output))
        self.judge_optimizer.zero_grad()
        loss.backward()
        self.judge_optimizer.step()
        self.judge.zero_grad()
        return loss.item()

    def _start_codebooks(self) -> None:
        with torch.no_grad():
            pool = [
                encode(self.net.encoder, self.crops.batch(_BATCH)) for _ in range(_POOL_BATCHES)
            ]
        frames = torch.cat(pool).transpose(1, 2).flatten(0, 1)
        self.net.start_codebooks(frames, torch.Generator().manual_seed(0))
        self.quantizes = True


class Check:
    """The mel loss and the use of the codes on held-out speech."""

    def __init__(self, folder: Path) -> None:
        crops = Crops(folder, int(_SECONDS * SAMPLE_RATE), 1, suffix="-held-out")
        self.waves = [crops.batch(16) for _ in range(3)]

    @torch.no_grad()
    def __call__(self, trainer: Trainer) -> dict[str, float]:
        """Measure the networks as they are, in float32 and with `encodec`'s own forward."""
        losses, uses = [], []
        for wave in self.waves:
            latent = trainer.net.encoder(wave)
            if trainer.quantizes:
                book = trainer.net.codebooks[0].embed
                frames = latent.transpose(1, 2).flatten(0, 1)
                uses.append(torch.bincount(nearest(frames, book), minlength=CODES))
                latent, _ = trainer.net.quantize(latent, update=False)
            losses.append(trainer.mel(trainer.net.decoder(latent)[..., : wave.shape[-1]], wave))
        share = sum(uses, torch.ones(CODES)) / (sum(uses, torch.ones(CODES)).sum())
        perplexity = float(torch.exp(-(share * share.log()).sum()))
        latent_std = float(latent.std())
        mel = float(torch.stack(losses).mean())
        return {"held_out_mel": mel, "perplexity": perplexity, "latent_std": latent_std}


def main() -> None:
    """Train until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, required=True, help="from prepare_audio.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--init-from", type=Path, help="checkpoint whose weights to train on")
    parser.add_argument("--decoder-only", type=Path, help="checkpoint to start from")
    parser.add_argument(
        "--adversarial-from", type=float, default=0.5, help="fraction of the decoder's time"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    trainer, check = Trainer(args), Check(args.audio)
    for count in itertools.count(1):
        losses = trainer.train_step()
        over = trainer.clock.done >= 1
        if count % 25 == 0:
            minutes = trainer.clock.elapsed / 60
            append(args.out / "log.jsonl", {"step": trainer.step, "minutes": minutes} | losses)
        if count % 300 == 0 or over:
            append(args.out / "log.jsonl", {"step": trainer.step} | check(trainer))
            trainer.save()
        if over:
            break


if __name__ == "__main__":
    main()
