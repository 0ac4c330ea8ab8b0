"""Train the encoder of the embedded codec, then its codebooks; run again to go on.

    python tools/embedded/train_encoder.py --audio WORK/audio --out WORK/encoder --minutes 20

The encoder learns to give `spectral_latents.py`'s latents from the waveform alone: the spectrum,
and the pitch that `measure_pitch.py` measured. When the time
is over, k-means fits the eight codebooks level by level. From then on codes and latents are
fixed: the decoder and a voice can be trained at the same time.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import NamedTuple

import torch
from codec_fast import encode
from codec_init import scale_signals
from codec_net import CodecNet
from corpus import SAMPLE_RATE
from crops import PITCH_STEP, Crops
from run_log import Clock, append, save, set_rate
from spectral_latents import HOP, SPECTRAL, SpectralLatents
from torch import Tensor
from torch.nn import functional

_BATCH, _SECONDS, _RATE = 8, 0.8, 6e-4
_SHARES = {"teacher": 0.3, "ljspeech": 0.2, "librispeech": 0.3, "digits": 0.2}
_TONE = 0.1  # weight beside the spectrum
_SKIPPED = 4  # frames at the start of a crop whose windows hold samples from before it
_FIT_BATCHES, _POOL_BATCHES = 100, 800  # for the spectrum's axes, for the codebooks


class Trainer:
    """Network, targets, optimizer, data and time of one run."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.out = args.out
        steps = int(_SECONDS * SAMPLE_RATE) // HOP * HOP // PITCH_STEP
        self.crops = Crops(args.audio, steps, args.seed, _SHARES)
        self.net, self.target = CodecNet(), SpectralLatents()
        self.optimizer = torch.optim.Adam(
            self.net.encoder.parameters(), lr=_RATE, betas=(0.9, 0.99)
        )
        self.step, self.clock = 0, Clock(args.minutes)
        if (self.out / "last.pt").exists():
            self._resume(args.minutes)
            return
        self.target.fit(torch.cat([self.crops.batch(_BATCH).wave for _ in range(_FIT_BATCHES)]))
        if args.init_from:
            state = torch.load(args.init_from, weights_only=False)
            self.net.load_state_dict(state["net"])
        else:
            scale_signals(self.net.encoder, self.crops.batch(16).wave)

    def save(self) -> None:
        """Write all that resuming needs."""
        parts = ("net", "target", "optimizer")
        state = {part: getattr(self, part).state_dict() for part in parts}
        state |= {"step": self.step, "elapsed": self.clock.elapsed}
        state |= {"crops": self.crops.rng.bit_generator.state, "torch": torch.get_rng_state()}
        save(self.out / "last.pt", state)

    def _resume(self, minutes: float) -> None:
        state = torch.load(self.out / "last.pt", weights_only=False)
        for part in ("net", "target", "optimizer"):
            getattr(self, part).load_state_dict(state[part])
        self.step, self.clock = state["step"], Clock(minutes, state["elapsed"])
        self.crops.rng.bit_generator.state = state["crops"]
        torch.set_rng_state(state["torch"])

    def train_step(self) -> dict[str, float]:
        """Take one step; return its losses."""
        self.step += 1
        heard = self.crops.batch(_BATCH)
        apart = distance(encode(self.net.encoder, heard.wave), self.target(*heard))
        loss = apart.spectrum + _TONE * apart.tone
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        norm = torch.nn.utils.clip_grad_norm_(self.net.encoder.parameters(), 1.0)
        set_rate(self.optimizer, _RATE * self.clock.cosine())
        self.optimizer.step()
        seen = {"spectrum": apart.spectrum.item(), "tone": apart.tone.item()}
        return seen | {"norm": float(norm)}

    @torch.no_grad()
    def fit_codebooks(self, batches: int) -> None:
        """Fit the codebooks to latents of so many batches of random crops."""
        waves = (self.crops.batch(_BATCH).wave for _ in range(batches))
        pool = [encode(self.net.encoder, wave) for wave in waves]
        frames = torch.cat(pool).transpose(1, 2).flatten(0, 1)
        self.net.start_codebooks(frames, torch.Generator().manual_seed(0))


class Distance(NamedTuple):
    """How far latents are from what they should be."""

    spectrum: Tensor
    """Mean squared error, 1 where they are a constant."""
    tone: Tensor
    """Of pitch and voicing: squared where small, absolute where large, in quarter tones."""


def distance(latents: Tensor, target: Tensor) -> Distance:
    """Compare latents `[B, 128, frames]`.

    A pitch measured an octave off is a frequent error: it is not to pull the rest towards it.
    """
    latents, target = latents[..., _SKIPPED:], target[..., _SKIPPED:]
    spectrum = functional.mse_loss(latents[:, :SPECTRAL], target[:, :SPECTRAL])
    tone = functional.smooth_l1_loss(latents[:, SPECTRAL:], target[:, SPECTRAL:])
    return Distance(spectrum, tone)


@torch.no_grad()
def check(trainer: Trainer, folder: Path, *, quantized: bool = False) -> dict[str, float]:
    """Measure the errors on held-out speech, and the share of its voice a quarter tone off."""
    crops = Crops(folder, trainer.crops.steps, 1, _SHARES, suffix="-held-out")
    rows = []
    for _ in range(6):
        heard = crops.batch(16)
        latents, target = trainer.net.encoder(heard.wave), trainer.target(*heard)
        if quantized:
            latents = trainer.net.quantize(latents)
        voiced = target[:, -1, _SKIPPED:] > 0
        off = (latents - target)[:, SPECTRAL, _SKIPPED:][voiced].abs() > 1
        rows.append(torch.stack([*distance(latents, target), off.float().mean()]))
    names = ("spectrum", "tone", "quarter_tone_off")
    kind = "quantized" if quantized else "held_out"
    means = torch.stack(rows).mean(0).tolist()
    return {f"{kind}_{name}": value for name, value in zip(names, means, strict=True)}


def main() -> None:
    """Train until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, required=True, help="from prepare_audio.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--init-from", type=Path, help="checkpoint whose weights to start from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--pool", type=int, default=_POOL_BATCHES, help="batches that the codebooks are fitted to"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    trainer, log = Trainer(args), args.out / "log.jsonl"
    for count in itertools.count(1):
        losses = trainer.train_step()
        if count % 25 == 0:
            minutes = trainer.clock.elapsed / 60
            append(log, {"step": trainer.step, "minutes": minutes} | losses)
        if count % 300 == 0:
            append(log, {"step": trainer.step} | check(trainer, args.audio))
            trainer.save()
        if trainer.clock.done >= 1:
            break
    append(log, {"step": trainer.step} | check(trainer, args.audio))
    trainer.fit_codebooks(args.pool)
    append(log, check(trainer, args.audio, quantized=True))
    trainer.save()


if __name__ == "__main__":
    main()
