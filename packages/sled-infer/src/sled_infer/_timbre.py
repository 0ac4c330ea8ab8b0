"""The timbre of a recording, given to what a model says after it.

A model that has heard few people makes of a prompt the nearest one that it knows. Where a codec's
latents are a spectrum and a pitch, as the embedded codec's are, the mean over the frames that
have voice is somebody's timbre and register. So the model says the prompt's own words once, and
by what its mean lacks of the recording's, all that it says later is moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_ALL_VOICE = 4.0  # what a latent says of a frame that has voice throughout
_LEAST_VOICED = 30  # frames: a mean of fewer says more of the words than of who says them


@dataclass(frozen=True, eq=False)
class Timbre:
    """What is added to latents, as far as they have voice.

    Attributes:
        shift: float32 [D]; of the voicing 0.
        tone: which number of a latent is the pitch, 0 in frames without voice. Those before it
            are a spectrum, and the next one is the voicing.

    """

    shift: Tensor
    tone: int

    def __call__(self, latents: Tensor) -> Tensor:
        """Move latents [frames, D], each frame for itself."""
        voicing = latents[:, self.tone + 1, None]
        moved = latents + (voicing / _ALL_VOICE).clamp(0, 1) * self.shift
        voiced = voicing[:, 0] > _ALL_VOICE / 8
        moved[:, self.tone] = latents[:, self.tone] + voiced * self.shift[self.tone]
        return moved


def missing(recorded: Tensor, said: Tensor, tone: int) -> Tensor | None:
    """Give the `shift` [D] from what a model said to what was recorded, latents [frames, D] each.

    None where either has too little voice to tell.
    """
    voiced = [x[x[:, tone + 1] > _ALL_VOICE / 2] for x in (recorded, said)]
    if min(map(len, voiced)) < _LEAST_VOICED:
        return None
    shift = voiced[0].mean(0) - voiced[1].mean(0)
    shift[tone + 1] = 0
    return shift
