"""One thing to be said, in the model's own terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sled_model import Layout, OfflineLayout, StreamingLayout

if TYPE_CHECKING:
    from torch import Tensor

    from ._noise import Noise
    from ._timbre import Timbre

# Those of the published models (2505.13181): text known as a whole, and text that still comes.
OFFLINE_STOP = 0.8
STREAMING_STOP = 0.5


@dataclass(frozen=True)
class Utterance:
    """One thing to be said.

    Attributes:
        text_ids: int64 [T], on the CPU; T ≥ 1, or 0 where text is still to come.
        prompt: latents [P, D] that stand as if already spoken; P may be 0.
        cfg: guidance: z = z_uncond + cfg · (z_cond − z_uncond); 1 needs no unconditional row.
        noise: where its noise comes from.
        max_frames: new frames after which it ends, stopped or not; at least 1. It also ends
            where the model has no further position.
        layout: how text and frames interleave.
        stop_threshold: stop probability at which it ends; None for the layout's own.
        obey_early_stop: end there even while text is unread, which is then lost; else a stop
            counts only once all text is read.
        tail: how many frames after all text was read a dictation has surely been said: there it
            ends, and has stopped. None for voices of which only the model knows the end.
        draws: how many draws each frame that is heard is the mean of; the model goes on from its
            own single one.
        timbre: what is done to what is heard, and not to what the model goes on from.

    """

    text_ids: Tensor
    prompt: Tensor
    cfg: float
    noise: Noise
    max_frames: int
    layout: Layout = OfflineLayout()  # noqa: RUF009 (frozen, without state)
    stop_threshold: float | None = None
    obey_early_stop: bool = False
    tail: int | None = None
    draws: int = 1
    timbre: Timbre | None = None

    @property
    def guided(self) -> bool:
        """Whether it needs an unconditional row."""
        return self.cfg != 1.0

    @property
    def stops_at(self) -> float:
        """Stop probability at which it ends."""
        if self.stop_threshold is not None:
            return self.stop_threshold
        return STREAMING_STOP if isinstance(self.layout, StreamingLayout) else OFFLINE_STOP
