"""Codes whose pitch is the one that was measured, not the one that the encoder heard.

The encoder hears the pitch within a third of a semitone, half of the time. What a voice is to learn
may be known better, and is, wherever there is time for it: these are the codes of a recording
but for the last two numbers of its latents, which `spectral_latents.py` makes pitch and voicing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import torch
from crops import PITCH_STEP
from sled_codec._batch import encode_each
from spectral_latents import HOP, SPECTRAL, tone
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from pathlib import Path

    from sled_codec import Codec


HELD_OUT = "teacher-held-out"


class Pitch:
    """The measured pitch of the clips of one prepared source, by name."""

    def __init__(self, audio: Path, name: str) -> None:
        self.pitch: np.ndarray = np.load(audio / f"{name}-pitch.npy", mmap_mode="r")
        clips = json.loads((audio / f"{name}.json").read_text(encoding="utf-8"))
        self.places = {clip["name"]: (clip["start"], clip["length"]) for clip in clips}

    def of(self, name: str, first: int, samples: int, speed: float = 1.0) -> Tensor:
        """Return the Hz of every 160 samples of what is cut from a clip at sample `first`.

        The samples are those of the clip when it is played at that speed.
        """
        start, length = self.places[name]
        ends = speed * (first + PITCH_STEP * np.arange(1, samples // PITCH_STEP + 1))
        steps = np.round((start + ends) / PITCH_STEP).astype(int) - 1
        hertz = speed * self.pitch[steps.clip(0, len(self.pitch) - 1)]
        inside = (ends >= 0) & (ends <= length)
        return torch.from_numpy(np.where(inside, hertz, 0).astype(np.float32))


@torch.inference_mode()
def pitched_codes(codec: Codec, wave: Tensor, pitch: Tensor) -> Tensor:
    """Return codes `[frames, 8]` of a wave `[samples]` with a pitch `[<= 2 · frames]` in Hz."""
    latents = encode_each(codec._encoding, [wave], HOP, in_one_pass=False)[0].clone()
    steps = functional.pad(pitch, (0, 2 * len(latents) - len(pitch)))
    latents[:, SPECTRAL:] = tone(steps[None], len(latents))[0]
    return codec.codebooks.encode(latents)
