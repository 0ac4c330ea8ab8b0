"""Clips played at another speed, as a tape is: other timbres, whose words and times are known.

A voice that is played faster is higher and comes from a shorter throat, which the teacher's voices
and their means differ in too little. Every clip that the main voice does not read is played once at
a speed of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from teacher_text import MAIN_VOICE, fraction

if TYPE_CHECKING:
    from pathlib import Path

_RANGES = (0.82, 0.94), (1.06, 1.20)  # what is nearer to 1 is hardly another voice
_MARK = "@"


def speeds(clip: str) -> list[float]:
    """At which speeds a clip of the teacher is played, the teacher's own first."""
    if clip.endswith(f"_{MAIN_VOICE}"):
        return [1.0]
    slowest, fastest = _RANGES[int(fraction(f"range {clip}") * len(_RANGES))]
    return [1.0, round(slowest + (fastest - slowest) * fraction(f"speed {clip}"), 2)]


def name_tape(clip: str, speed: float) -> str:
    """Name a clip at some speed."""
    return clip if speed == 1 else f"{clip}{_MARK}{speed}"


def read_tape(corpus: Path, name: str) -> dict[str, Any]:
    """What is known of a clip at some speed: what the teacher wrote, times of the speed, `speed`.

    `clip` stays the name of the teacher's clip.
    """
    clip, _, speed = name.partition(_MARK)
    about = json.loads((corpus / f"{clip}.json").read_text(encoding="utf-8"))
    rate = float(speed or 1)
    voice = name_tape(about["voice"], rate)
    return {**about, "voice": voice, "units": [u / rate for u in about["units"]], "speed": rate}
