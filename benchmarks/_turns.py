"""How streams interleave text and frames, as an option of a benchmark."""

from __future__ import annotations


def turn(text: str) -> tuple[int, int]:
    """Read `N:M`, tokens and frames of a stream's turn."""
    tokens, frames = map(int, text.split(":"))
    return tokens, frames
