"""A voice's prompt in the model's terms: its latents, and the positions that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from sled_codec import Codec
    from sled_model import SledConfig, Tokenizer
    from torch import Tensor

    from ._dictation import Dictation
    from ._voice import Voice


@dataclass(frozen=True)
class Prompter:
    """What is needed to put voices before what is spoken.

    Where texts are dictated, a prompt is whole turns of one token and its frames, and the silence
    of the dictation's lead stands before it.
    """

    config: SledConfig
    codec: Codec
    tokenizer: Tokenizer
    dictation: Dictation | None

    @property
    def turn(self) -> int:
        """Frames a token, where text and frames take turns."""
        return max(1, (self.config.stream_m or 1) // (self.config.stream_n or 1))

    @property
    def lead(self) -> int:
        """Frames by which a dictation is ahead of what is spoken; 0 without one."""
        return 0 if self.dictation is None else self.dictation.lead * self.turn

    def turns(self, voice: Voice | None) -> tuple[int, int]:
        """Count a prompt's whole turns, and those of the recording it is the beginning of."""
        if voice is None:
            return 0, 0
        return len(voice.codes) // self.turn, voice.recorded_frames // self.turn

    def room(self, voice: Voice) -> tuple[int, int]:
        """Count the tokens of a prompt's transcript, and its frames."""
        if self.dictation is None:
            return len(self.tokenizer.encode(voice.transcript)) - 2, len(voice.codes)
        turns, _ = self.turns(voice)
        return turns, turns * self.turn + self.lead

    def latents(self, voice: Voice | None) -> Tensor:
        """Give the prompt's latents `[frames, D]`, none without a voice."""
        if voice is None:
            return torch.empty(0, self.config.vae_embed_dim)
        latents = self.codec.latents(voice.codes.to(self.codec.device)).cpu()
        if self.dictation is None:
            return latents
        turns, _ = self.turns(voice)
        return torch.cat([self._silence, latents[: turns * self.turn]])

    @cached_property
    def _silence(self) -> Tensor:
        """Before a prompt: what is dictated is spoken after the lead."""
        silence = torch.zeros(self.lead * self.codec.hop_length)
        return self.codec.latents(self.codec.encode(silence, self.codec.sample_rate)).cpu()
