"""What a client may ask for, checked field by field: what is wrong is one line that names it."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from .._errors import SynthesisError
from .._normalise import NORMALISERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FORMATS = {  # of whole answers and streams: their media types
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "pcm": "audio/pcm",
}
MOST_CHARACTERS = 100_000
MOST_BYTES = 4 * MOST_CHARACTERS + 10_000
_NUMBER = (int, float)
_MANNER: dict[str, tuple[tuple[type, ...], str]] = {
    "voice": ((str,), "a name"),
    "seed": ((int,), "a whole number"),
    "cfg": (_NUMBER, "a number"),
    "temperature": (_NUMBER, "a number"),
    "draws": ((int,), "a whole number"),
    "max_seconds": (_NUMBER, "a number"),
    "normalise": ((str,), "a name"),
}
_SPEECH: dict[str, tuple[tuple[type, ...], str]] = {
    **_MANNER,
    "input": ((str,), "a text"),
    "model": ((str,), "a name"),
    "response_format": ((str,), "a name"),
    "speed": (_NUMBER, "a number"),
    "stream_format": ((str,), "a name"),
}
_PIECE: dict[str, tuple[tuple[type, ...], str]] = {
    **_MANNER,
    "text": ((str,), "a text"),
    "end": ((bool,), "true or false"),
    "cancel": ((bool,), "true or false"),
}


@dataclass(frozen=True)
class Manner:
    """In whose voice, and how; `options` are those of `Synthesizer.open_stream`."""

    voice: str | None
    options: dict[str, Any]


@dataclass(frozen=True)
class SpeechAsked:
    """A whole text that is to be spoken: the body of `POST /v1/audio/speech`."""

    text: str
    kind: str
    model: str | None
    manner: Manner


@dataclass(frozen=True)
class Piece:
    """A message of a conversation: a further piece of text, its end, or that all is to stop."""

    text: str
    end: bool
    cancel: bool
    manner: Manner | None


def read_speech(body: bytes) -> SpeechAsked:
    """Read a request; SynthesisError says what is wrong with it."""
    fields = _read(body, _SPEECH)
    text = fields.get("input")
    if text is None:
        raise SynthesisError("input: missing; give the text to speak")
    if len(text) > MOST_CHARACTERS:
        raise SynthesisError(
            f"input: {len(text)} characters; at most {MOST_CHARACTERS} are spoken in one request"
        )
    kind = _one_of("response_format", fields.get("response_format", "mp3"), FORMATS)
    if fields.get("speed", 1) != 1:
        raise SynthesisError(f"speed: {fields['speed']}; this model speaks at its own, leave it 1")
    _one_of("stream_format", fields.get("stream_format", "audio"), ["audio"])
    return SpeechAsked(text, kind, fields.get("model"), _manner(fields))


def read_piece(message: str | None) -> Piece:
    """Read a message, None if it was binary; SynthesisError says what is wrong with it."""
    if message is None:
        raise SynthesisError("text comes as JSON, in text messages, not in binary ones")
    fields = _read(message, _PIECE)
    said = bool(fields.keys() & _MANNER.keys())
    return Piece(
        fields.get("text", ""),
        fields.get("end", False),
        fields.get("cancel", False),
        _manner(fields) if said else None,
    )


def goes_on(message: str | None, *, began: bool) -> bool:
    """Tell whether more may come of the text that a message, which was wrong, is of."""
    try:
        fields = json.loads(message or "")
    except (ValueError, RecursionError):
        return began
    if not isinstance(fields, dict) or fields.get("end") or fields.get("cancel"):
        return False
    return began or bool(fields.get("text")) or bool(fields.keys() & _MANNER.keys())


def _manner(fields: Mapping[str, Any]) -> Manner:
    if "normalise" in fields:
        _one_of("normalise", fields["normalise"], NORMALISERS)
    options = {name: fields[name] for name in _MANNER if name in fields and name != "voice"}
    return Manner(fields.get("voice"), options)


def _read(text: str | bytes, known: Mapping[str, tuple[tuple[type, ...], str]]) -> dict[str, Any]:
    """Read a JSON object of known fields; those that are null are as if they were not there."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SynthesisError(f"not valid JSON ({error})") from None
    if not isinstance(fields, dict):
        raise SynthesisError(f"{_shown(fields)} is not a JSON object; give one")
    for name, value in fields.items():
        if name not in known:
            near = get_close_matches(name, known, 1)
            mend = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise SynthesisError(f"{_shown(name)}: not known here; {mend}")
        kinds, words = known[name]
        fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        if value is not None and not fits:
            raise SynthesisError(f"{name}: {_shown(value)} is not {words}")
    return {name: value for name, value in fields.items() if value is not None}


def _shown(value: object) -> str:
    """What somebody sent, in a line that is not too long."""
    return textwrap.shorten(json.dumps(value), 40, placeholder=" …")


def _one_of(name: str, value: str, known: Collection[str]) -> str:
    if value not in known:
        raise SynthesisError(f"{name}: {value!r} is not one of {', '.join(known)}")
    return value
