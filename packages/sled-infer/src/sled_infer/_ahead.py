"""What hangs on the noise of coming frames alone, computed for several frames at once.

More than half of the head's weights see nothing but the noise. Read once for several frames, they
no longer count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ._later import send

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_model import SledModel
    from torch import Tensor

    from ._track import Track

# Vectors of noise in one pass: they take little longer than one, and little memory.
_AT_ONCE = 16


def take_modulations(model: SledModel, tracks: Sequence[Track]) -> Tensor:
    """Give the head's modulations of every track's next frame, joined: [tracks, all of them]."""
    empty = [track for track in tracks if not track.ahead]
    if empty:
        _refill(model, empty)
    return torch.stack([track.ahead.popleft() for track in tracks])


def _refill(model: SledModel, tracks: Sequence[Track]) -> None:
    # On a GPU as many for each: there it is the number of passes that costs.
    shared = 1 if model.device.type == "cuda" else len(tracks)
    most = max(1, _AT_ONCE // shared)
    drawn = [track.utterance.noise.draw(most) for track in tracks]
    noise = send(torch.cat(drawn), model.device).to(model.dtype)
    modulations = torch.cat(model.head.modulations(noise), dim=1)
    parts = torch.split(modulations, [len(each) for each in drawn])
    for track, rows in zip(tracks, parts, strict=True):
        track.ahead.extend(rows)
