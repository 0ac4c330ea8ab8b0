"""Train the decoder of the embedded codec; run it again to go on where it stopped.

    python tools/embedded/train_decoder.py --audio WORK/audio --encoder WORK/encoder/last.pt \
        --out WORK/decoder --minutes 90

Encoder and codebooks, hence codes and latents, stay as they are: what learns from the latents
can be trained meanwhile. The spectral loss comes first; the discriminator joins later.
"""

from __future__ import annotations

import argparse
import itertools
import math
from pathlib import Path
from typing import Any

import torch
from codec_fast import decode, encode
from codec_losses import MelLoss, discriminator, discriminator_loss, generator_loss
from codec_net import CODES, CodecNet, nearest
from corpus import SAMPLE_RATE
from crops import Crops
from run_log import Clock, append, save, set_rate
from torch import Tensor

_BATCH, _SECONDS = 6, 0.8
_SHARES = {"teacher": 0.4, "ljspeech": 0.2, "librispeech": 0.2, "digits": 0.2}
_RATE, _DISCRIMINATOR_RATE = 4e-4, 3e-4
_WEIGHTS = {"mel": 1.0, "adversarial": 0.1, "matching": 0.5}
_PARTS = ("net", "judge", "optimizer", "judge_optimizer")


class Trainer:
    """Networks, optimizers, data and time of one run."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.adversarial_from, self.out = args.adversarial_from, args.out
        self.crops = Crops(args.audio, int(_SECONDS * SAMPLE_RATE), args.seed, _SHARES)
        self.net, self.mel, self.judge = CodecNet(), MelLoss(), discriminator()
        self.judge.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch leaves it so
        self.parameters = list(self.net.decoder.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=_RATE, betas=(0.8, 0.99))
        self.judge_optimizer = torch.optim.Adam(
            self.judge.parameters(), lr=_DISCRIMINATOR_RATE, betas=(0.5, 0.9)
        )
        self.step, self.clock = 0, Clock(args.minutes)
        if (self.out / "last.pt").exists():
            self._resume(args.minutes)
        else:
            state = torch.load(args.encoder, weights_only=False)
            self.net.load_state_dict(state["net"])

    def save(self) -> None:
        """Write all that resuming needs."""
        state: dict[str, Any] = {part: getattr(self, part).state_dict() for part in _PARTS}
        state |= {"step": self.step, "elapsed": self.clock.elapsed}
        state |= {"crops": self.crops.rng.bit_generator.state, "torch": torch.get_rng_state()}
        save(self.out / "last.pt", state)

    def _resume(self, minutes: float) -> None:
        state = torch.load(self.out / "last.pt", weights_only=False)
        for part in _PARTS:
            getattr(self, part).load_state_dict(state[part])
        self.step, self.clock = state["step"], Clock(minutes, state["elapsed"])
        self.crops.rng.bit_generator.state = state["crops"]
        torch.set_rng_state(state["torch"])

    def train_step(self) -> dict[str, float]:
        """Take one step of the decoder and, later in the run, of the discriminator."""
        self.step += 1
        wave = self.crops.batch(_BATCH)
        with torch.no_grad():
            latents = self.net.quantize(encode(self.net.encoder, wave))
        output = decode(self.net.decoder, latents)
        losses = {"mel": self.mel(output, wave, scales=2)}
        seen: dict[str, float] = {}
        if self.clock.done > self.adversarial_from:
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

    def _judge(self, wave: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        with torch.autocast("cpu", torch.bfloat16):
            logits, features = self.judge(wave)
        return [x.float() for x in logits], [[x.float() for x in layer] for layer in features]

    def _train_judge(self, output: Tensor, wave: Tensor) -> float:
        loss = discriminator_loss(self._judge(wave), self._judge(output))
        self.judge_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        self.judge_optimizer.step()
        self.judge.zero_grad()
        return loss.item()


class Check:
    """The mel loss and the use of the codes on held-out speech."""

    def __init__(self, folder: Path) -> None:
        crops = Crops(folder, int(_SECONDS * SAMPLE_RATE), 1, _SHARES, suffix="-held-out")
        self.waves = [crops.batch(16) for _ in range(3)]

    @torch.no_grad()
    def __call__(self, net: CodecNet, mel: MelLoss) -> dict[str, float]:
        """Measure the networks as they are, in float32 and with `encodec`'s own forward."""
        losses, uses = [], torch.ones(CODES)
        for wave in self.waves:
            latents = net.encoder(wave)
            frames = latents.transpose(1, 2).flatten(0, 1)
            first = net.codebooks[0].get_buffer("embed")
            uses += torch.bincount(nearest(frames, first), minlength=CODES)
            output = net.decoder(net.quantize(latents))
            losses.append(mel(output[..., : wave.shape[-1]], wave))
        share = uses / uses.sum()
        perplexity = float(torch.exp(-(share * share.log()).sum()))
        return {"held_out_mel": float(torch.stack(losses).mean()), "perplexity": perplexity}


def main() -> None:
    """Train until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, required=True, help="from prepare_audio.py")
    parser.add_argument("--encoder", type=Path, required=True, help="from train_encoder.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--adversarial-from", type=float, default=0.4, help="fraction of the time")
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
            seen = check(trainer.net, trainer.mel)
            append(args.out / "log.jsonl", {"step": trainer.step} | seen)
            trainer.save()
        if over:
            break


if __name__ == "__main__":
    main()
