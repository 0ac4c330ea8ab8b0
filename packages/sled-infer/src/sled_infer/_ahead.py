"""What hangs on the noise of coming frames alone, computed for several frames at once.

More than half of the head's weights see nothing but the noise. Read once for several frames, they
no longer count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_model import SledModel
    from torch import Tensor

    from ._track import Track

# Vectors of noise in one pass: they take little longer than one, and little memory.
_AT_ONCE = 16


def take_modulations(model: SledModel, tracks: Sequence[Track]) -> Sequence[Tensor]:
    """Give the head's modulations, [tracks, W] each, of every track's next frame."""
    empty = [track for track in tracks if not track.ahead]
    if empty:
        _refill(model, empty)
    rows = torch.stack([track.ahead.popleft() for track in tracks])
    return torch.split(rows, model.config.diffloss_w, dim=1)


def _refill(model: SledModel, tracks: Sequence[Track]) -> None:
    most = max(1, _AT_ONCE // len(tracks))
    drawn = [track.utterance.noise.draw(most) for track in tracks]
    noise = torch.cat(drawn).to(model.device, model.dtype)
    modulations = torch.cat(model.head.modulations(noise), dim=1)
    parts = torch.split(modulations, [len(each) for each in drawn])
    for track, rows in zip(tracks, parts, strict=True):
        track.ahead.extend(rows)
