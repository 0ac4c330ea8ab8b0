"""Train the decoder of the embedded codec; run it again to go on where it stopped.

    python tools/embedded/train_decoder.py --audio WORK/audio --codec WORK/codec \
        --out WORK/decoder --minutes 40

Encoder and codebooks, hence codes and latents, stay as they are: what learns from the latents
can be trained meanwhile. The sound is compared by its spectra; pitch and voicing are taught by
what `measure_pitch.py` measured. What `export_codec.py` ships is a moving average.
"""

from __future__ import annotations

import argparse
import itertools
import math
from pathlib import Path
from typing import Any

import torch
from decoder_net import SIZES, DecoderNet
from run_log import Clock, append, save, set_rate
from sled_codec import Codec
from spectral_latents import HOP
from spectral_loss import SpectralLoss
from spoken import Crop, Spoken, SpokenCrops
from torch import Tensor

_BATCH, _FRAMES = 8, 96
_SKIPPED = 8  # frames at the start of a crop that do not know what was before them
_SHARES = {"teacher": 0.5, "ljspeech": 0.15, "librispeech": 0.25, "digits": 0.1}
_SCALES = 3  # of the spectral loss, a step
_RATE = 1e-3
_VOICING, _PITCH = 0.1, 0.3  # weights beside the spectral loss
_AVERAGE = 0.998
_PARTS = ("net", "average", "optimizer")


class Trainer:
    """Network, optimizer, data and time of one run."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.out, self.codec = args.out, Codec.from_pretrained(args.codec)
        sources = {name: Spoken(args.audio, args.out, name, self.codec) for name in _SHARES}
        self.crops = SpokenCrops(sources, _SHARES, args.seed)
        self.net, self.average = DecoderNet(), DecoderNet()
        self.average.load_state_dict(self.net.state_dict())
        self.spectral = SpectralLoss()
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=_RATE, betas=(0.8, 0.99))
        self.step, self.clock = 0, Clock(args.minutes)
        if (self.out / "last.pt").exists():
            self._resume(args.minutes)

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
        """Take one step; return its losses."""
        self.step += 1
        crop = self.crops.batch(_BATCH, _FRAMES)
        channels = self.net(self.codec.latents(crop.codes))
        output = self.net.speak(channels, crop.pitch)[:, _SKIPPED * HOP :]
        wave = crop.wave[:, _SKIPPED * HOP :]
        steps = SIZES.steps * _SKIPPED
        pitch = self.net.hear_pitch(channels[steps:], crop.pitch[:, steps:])
        spectral = self.spectral(output, wave, _SCALES)
        seen = {"spectral": spectral.item(), "pitch": pitch.pitch.item()}
        return seen | self._update(spectral + _VOICING * pitch.voicing + _PITCH * pitch.pitch)

    def _update(self, loss: Tensor) -> dict[str, float]:
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        if math.isfinite(float(norm)):
            set_rate(self.optimizer, _RATE * self.clock.cosine())
            self.optimizer.step()
            self._follow()
        return {"norm": float(norm)}

    @torch.no_grad()
    def _follow(self) -> None:
        follow = min(_AVERAGE, self.step / (self.step + 10))
        parameters = zip(self.average.parameters(), self.net.parameters(), strict=True)
        for mean, now in parameters:
            mean.lerp_(now, 1 - follow)


class Check:
    """The losses on held-out speech, always the same."""

    def __init__(self, trainer: Trainer, audio: Path) -> None:
        self.codec, self.spectral = trainer.codec, trainer.spectral
        shares = {f"{name}-held-out": share for name, share in _SHARES.items()}
        sources = {name: Spoken(audio, trainer.out, name, self.codec) for name in shares}
        crops = SpokenCrops(sources, shares, 1)
        self.crops: list[Crop] = [crops.batch(16, _FRAMES) for _ in range(2)]

    @torch.no_grad()
    def __call__(self, net: DecoderNet) -> dict[str, float]:
        """Measure the network as it is."""
        rows = []
        for crop in self.crops:
            channels = net(self.codec.latents(crop.codes))
            spectral = self.spectral(net.speak(channels, crop.pitch), crop.wave)
            pitch = net.hear_pitch(channels, crop.pitch)
            rows.append([float(spectral), pitch.voicing_wrong, pitch.half_a_semitone_off])
        names = ("held_out_spectral", "voicing_wrong", "half_a_semitone_off")
        return dict(zip(names, torch.tensor(rows).mean(0).tolist(), strict=True))


def main() -> None:
    """Train until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, required=True, help="from measure_pitch.py")
    parser.add_argument("--codec", type=Path, required=True, help="from export_codec.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(args)
    check = Check(trainer, args.audio)
    for count in itertools.count(1):
        losses = trainer.train_step()
        over = trainer.clock.done >= 1
        if count % 25 == 0:
            minutes = trainer.clock.elapsed / 60
            append(args.out / "log.jsonl", {"step": trainer.step, "minutes": minutes} | losses)
        if count % 200 == 0 or over:
            append(args.out / "log.jsonl", {"step": trainer.step} | check(trainer.average))
            trainer.save()
        if over:
            break


if __name__ == "__main__":
    main()
