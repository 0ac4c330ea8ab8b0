"""Digests: short names for all that what is heard hangs on."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from ._dictation import Dictation
    from ._speech import Request
    from ._synthesizer import Synthesizer
    from ._voice import Voice

_DIGITS = 16


def weights_digest(module: torch.nn.Module) -> str:
    """Give a short digest of a module's weights: another training, another digest."""
    digest = sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(name.encode())
        raw = value.detach().cpu().contiguous().flatten().view(torch.uint8)
        digest.update(raw.numpy().tobytes())
    return digest.hexdigest()[:_DIGITS]


def speech_digest(synthesizer: Synthesizer, request: Request) -> str:
    """Give a short digest of a request and of the voice, model and codec that are to speak it.

    Where it is the same, the audio is the same, up to the rounding of other processors.
    """
    card = synthesizer.card
    told = [
        *(weights_digest(synthesizer.model), weights_digest(synthesizer.codec)),
        *(str(next(synthesizer.model.parameters()).dtype), repr(card)),
        _dictation(synthesizer.dictation),
        _voice(card.default_voice() if card and request.voice is None else request.voice),
        *(request.text, request.cfg, request.seed, request.max_seconds),
        *(request.layout, request.normalise, request.split, request.temperature),
        request.draws,
    ]
    return sha256(repr(told).encode(errors="surrogatepass")).hexdigest()[:_DIGITS]


def _dictation(dictation: Dictation | None) -> object:
    if dictation is None:
        return None
    lexicon, letters = dictation.lexicon, dictation.lexicon.letters
    told: list[object] = [dictation.turn_seconds, dictation.lead]
    told += [sha256(lexicon.table).hexdigest(), weights_digest(dictation.durations)]
    if letters is not None:
        told += [weights_digest(letters.net), *letters.labels, letters.allowed.tolist()]
    return told


def _voice(voice: Voice | None) -> object:
    if voice is None:
        return None
    timbre = None if voice.timbre is None else voice.timbre.tolist()
    told = (voice.codes.tolist(), voice.transcript, voice.mode, voice.codec_fingerprint)
    return (*told, voice.dictation, voice.recorded_frames, timbre)
