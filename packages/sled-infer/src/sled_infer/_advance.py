"""Moves any tracks on: they read all that is due, and those that then can say one frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ._ahead import take_modulations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_model import SledModel
    from torch import Tensor

    from ._rows import Row, Rows
    from ._track import Track


def advance(model: SledModel, rows: Rows, tracks: Sequence[Track]) -> bool:
    """Move tracks as far as they can go now; tell whether one could."""
    read = _read(rows, tracks)
    for track in tracks:
        if track.full and not track.ended:
            track.stopped = False
    ready = [track for track in tracks if track.may_speak and not track.ended]
    if ready:
        _speak(model, rows, ready)
    return read or bool(ready)


def _read(rows: Rows, tracks: Sequence[Track]) -> bool:
    """Let all rows read what is due; tell whether there was anything."""
    frames: dict[Row, Tensor] = {}
    texts: dict[Row, list[Tensor]] = {}
    for track in tracks:
        for row, parts in zip(track.rows, track.take(), strict=False):
            # A frame before text is heard with the frames of all others: what is left is often one
            # token, which all that have one read in one step too, not in a pass of their own each.
            if parts and parts[0].is_floating_point() and len(parts[0]) == 1:
                frames[row] = parts.pop(0)[0]
            if parts:
                texts[row] = parts
    if frames:
        rows.hear(frames)
    if texts:
        rows.read(texts)
    return bool(frames or texts)


def _speak(model: SledModel, rows: Rows, ready: Sequence[Track]) -> None:
    """End those that stop here, and draw a frame of each of the others."""
    states = rows.hidden([track.rows[0] for track in ready])
    chances = model.stop_logits(states).float().sigmoid().tolist()
    for track, chance in zip(ready, chances, strict=True):
        stops = track.may_stop and chance >= track.utterance.stops_at
        if (stops or track.at_limit) and not track.ended:
            track.stopped = stops or track.said_all
    places = [place for place, track in enumerate(ready) if not track.ended]
    speaking = [ready[place] for place in places]
    if not speaking:
        return
    z = states if len(places) == len(ready) else states[places]
    z = _guided(rows, z, speaking)
    latents = rows.draw(z, take_modulations(model, speaking))
    for track, latent, state in zip(speaking, latents, z, strict=True):
        track.draw(latent)
        track.say(latent, state)


def _guided(rows: Rows, z: Tensor, tracks: Sequence[Track]) -> Tensor:
    """Move states [tracks, H] away from those that saw no text, where that is wanted."""
    places = [place for place, track in enumerate(tracks) if track.utterance.guided]
    if not places:
        return z
    plain = rows.hidden([tracks[place].rows[1] for place in places])
    cfg = [tracks[place].utterance.cfg for place in places]
    scale = torch.tensor(cfg, device=z.device, dtype=z.dtype)[:, None]
    if len(places) == len(tracks):
        return torch.lerp(plain, z, scale)
    mixed = z.clone()
    mixed[places] = torch.lerp(plain, z[places], scale)
    return mixed
