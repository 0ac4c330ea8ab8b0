"""What a text must be before it is spoken: valid, speakable, and short enough for the model."""

from __future__ import annotations

import unicodedata
from math import ceil

from ._errors import SynthesisError

# 260 words a minute and more: whoever speaks faster is not understood.
_FASTEST_LETTERS_PER_SECOND = 18.0
_SPEAKABLE = ("L", "N")


def clean(text: str, what: str = "text") -> str:
    """Give the text on one line, without control characters.

    Args:
        text: any Unicode text; runs of white space become one space.
        what: how errors call it.

    Raises:
        SynthesisError: no text, nothing to be spoken in it, or half a surrogate pair.

    """
    if not isinstance(text, str):
        raise SynthesisError(f"{what}: {type(text).__name__} is no text; give a string")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SynthesisError(
            f"{what}: character {error.start} is half a surrogate pair; give valid Unicode"
        ) from None
    words = " ".join(text.lstrip("\ufeff").split())
    kept = "".join(each for each in words if unicodedata.category(each) != "Cc")
    if not kept:
        raise SynthesisError(f"{what} is empty; give at least one word")
    if not letters(kept):
        raise SynthesisError(
            f"{what}: nothing speakable in {_shortened(kept)}; it needs a letter or a digit"
        )
    return kept


def letters(text: str) -> int:
    """Count the letters and digits of any script."""
    return sum(unicodedata.category(each)[0] in _SPEAKABLE for each in text)


def frames_at_least(text: str, frame_rate: float) -> int:
    """Count the frames that even the fastest speaker needs for the text."""
    return ceil(letters(text) * frame_rate / _FASTEST_LETTERS_PER_SECOND)


def check_room(
    *, tokens: int, frames: int, prompt_tokens: int, prompt_frames: int, positions: int, rate: float
) -> None:
    """Refuse what cannot fit the model's positions, and say how long it may be.

    Args:
        tokens: of the text to be spoken.
        frames: that it needs at least.
        prompt_tokens: tokens of a prompt's transcript; 0 without prompt.
        prompt_frames: frames of a prompt; 0 without prompt.
        positions: how many tokens and frames the model can hold in all.
        rate: frames a second.

    Raises:
        SynthesisError: the text, or the prompt, is too long.

    """
    prompt = prompt_tokens + prompt_frames
    if tokens + frames + prompt <= positions:
        return
    room = positions - prompt_tokens - tokens - frames
    if prompt_frames and room >= 0:
        raise SynthesisError(
            f"prompt: {prompt_frames / rate:.1f} s are too long for this text and a model of "
            f"{positions} positions; it may have {room / rate:.1f} s: cut it, or say less at once"
        )
    room = max(0, positions - prompt)
    most = room * tokens // (tokens + frames)
    raise SynthesisError(
        f"text: {tokens} tokens are too long for a model of {positions} positions; it may have "
        f"about {most} tokens, {(room - most) / rate:.0f} s of speech: split it into sentences"
    )


def _shortened(text: str, most: int = 20) -> str:
    return repr(text if len(text) <= most else text[:most] + "…")
