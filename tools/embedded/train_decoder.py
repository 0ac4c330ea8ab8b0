"""Train the decoder of the embedded codec; run it again to go on where it stopped.

    python tools/embedded/train_decoder.py --audio WORK/audio --encoder WORK/encoder/last.pt \
        --out WORK/decoder --minutes 90

Encoder and codebooks, hence codes and latents, stay as they are: what learns from the latents
can be trained meanwhile. The loss is spectral; `--adversarial-from` lets a discriminator
join later, which did not pay within an hour (docs/embedded-voice.md). What `export_codec.py` ships
is a moving average of the decoder.
"""

from __future__ import annotations

import argparse
import itertools
import math
from pathlib import Path
from typing import Any

import torch
from codec_fast import decode, encode
from codec_losses import Judge, MelLoss, balance, discriminator_loss, generator_loss
from codec_net import CODES, CodecNet, nearest
from corpus import SAMPLE_RATE
from crops import Crops
from run_log import Clock, append, save, set_rate
from torch import Tensor

_BATCH, _SECONDS = 6, 0.8
_SHARES = {"teacher": 0.4, "ljspeech": 0.2, "librispeech": 0.2, "digits": 0.2}
_RATE, _JUDGE_RATE = 4e-4, 3e-4
_JUDGE_SHARE = 0.4  # of the spectral gradient; at 1.5 harmonics drowned in noise
_JUDGE_RAMP = 300  # steps until it has its share; what it says first means nothing
_JUDGE_EVERY = 2  # steps; as often as the decoder it would win, and cost more
_MATCHING = 4.0  # of the hinge loss
_AVERAGE = 0.999
_PARTS = ("net", "average", "judge", "optimizer", "judge_optimizer")


class Trainer:
    """Networks, optimizers, data and time of one run."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.adversarial_from, self.out = args.adversarial_from, args.out
        self.crops = Crops(args.audio, int(_SECONDS * SAMPLE_RATE), args.seed, _SHARES)
        self.net, self.mel, self.judge = CodecNet(), MelLoss(), Judge()
        self.parameters = list(self.net.decoder.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=_RATE, betas=(0.8, 0.99))
        self.judge_optimizer = torch.optim.Adam(
            self.judge.parameters(), lr=_JUDGE_RATE, betas=(0.5, 0.9)
        )
        self.step, self.judged, self.clock = 0, 0, Clock(args.minutes)
        if not (self.out / "last.pt").exists():
            self.net.load_state_dict(torch.load(args.encoder, weights_only=False)["net"])
        self.average = CodecNet()
        self.average.load_state_dict(self.net.state_dict())
        if (self.out / "last.pt").exists():
            self._resume(args.minutes)

    def save(self) -> None:
        """Write all that resuming needs."""
        state: dict[str, Any] = {part: getattr(self, part).state_dict() for part in _PARTS}
        state |= {"step": self.step, "judged": self.judged, "elapsed": self.clock.elapsed}
        state |= {"crops": self.crops.rng.bit_generator.state, "torch": torch.get_rng_state()}
        save(self.out / "last.pt", state)

    def _resume(self, minutes: float) -> None:
        state = torch.load(self.out / "last.pt", weights_only=False)
        for part in _PARTS:
            getattr(self, part).load_state_dict(state[part])
        self.step, self.judged = state["step"], state["judged"]
        self.clock = Clock(minutes, state["elapsed"])
        self.crops.rng.bit_generator.state = state["crops"]
        torch.set_rng_state(state["torch"])

    def train_step(self) -> dict[str, float]:
        """Take one step of the decoder and, later in the run, of the discriminator."""
        self.step += 1
        wave = self.crops.batch(_BATCH)
        with torch.no_grad():
            latents = self.net.quantize(encode(self.net.encoder, wave))
        output = decode(self.net.decoder, latents)
        made = output.detach().requires_grad_()
        mel = self.mel(made, wave, scales=2)
        seen = {"mel": mel.item()}
        if self.clock.done > self.adversarial_from:
            scales = self.judge.draw()
            real = self._train_judge(made.detach(), wave, scales)
            adversarial, matching = generator_loss(real, self.judge(made, scales))
            seen |= {"adversarial": adversarial.item(), "matching": matching.item()}
            share = _JUDGE_SHARE * min(1.0, self.judged / _JUDGE_RAMP)
            gradient = balance(mel, adversarial + _MATCHING * matching, share, made)
        else:
            (gradient,) = torch.autograd.grad(mel, made)
        self.optimizer.zero_grad()
        output.backward(gradient)  # type: ignore[no-untyped-call]  # torch leaves it so
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 5.0)
        if math.isfinite(float(norm)):
            set_rate(self.optimizer, _RATE * self.clock.cosine())
            self.optimizer.step()
            self._follow()
        return seen | {"norm": float(norm)}

    def _train_judge(self, output: Tensor, wave: Tensor, scales: list[int]) -> list[list[Tensor]]:
        """Teach the judge, every other time; return what it sees in the real wave."""
        self.judged += 1
        learns = self.judged % _JUDGE_EVERY == 0 or self.judged < _JUDGE_RAMP
        with torch.set_grad_enabled(learns):
            logits, features = self.judge(wave, scales)
        if learns:
            loss = discriminator_loss(logits, self.judge(output, scales)[0])
            self.judge_optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
            self.judge_optimizer.step()
        return [[x.detach() for x in layer] for layer in features]

    @torch.no_grad()
    def _follow(self) -> None:
        follow = min(_AVERAGE, self.step / (self.step + 10))
        for mean, now in zip(self.average.decoder.parameters(), self.parameters, strict=True):
            mean.lerp_(now, 1 - follow)


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
    parser.add_argument("--adversarial-from", type=float, default=1.0, help="fraction of the time")
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
            seen = check(trainer.average, trainer.mel)
            append(args.out / "log.jsonl", {"step": trainer.step} | seen)
            trainer.save()
        if over:
            break


if __name__ == "__main__":
    main()
