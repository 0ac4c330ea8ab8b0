"""The speech the embedded models are trained on: clips, sources and the held-out split.

Held out, never trained on: digit clips with index 0-4 (the customary test split of the Free
Spoken Digit Dataset), the last 20 LJ Speech clips and two LibriSpeech speakers. The split
is a rule; `python tools/embedded/corpus.py --speech DIR` writes the list it gives to
`held_out.txt` beside this file.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HELD_OUT_FILE = HERE / "held_out.txt"
SOURCES = ("digits", "ljspeech", "librispeech")
SAMPLE_RATE = 24_000
TEACHER_UNIT = 600  # samples: the teacher times its symbols in units of 25 ms

_HELD_OUT_DIGITS = 5  # clips 0-4 of every digit and speaker
_HELD_OUT_LJ = 20
_HELD_OUT_SPEAKERS = {"367", "533"}


@dataclass(frozen=True)
class Clip:
    """One recording, played at some speed: `name` is its path inside the speech folder."""

    source: str
    name: str
    speaker: str
    text: str
    speed: float = 1.0


def add_speech_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--speech`, the folder that holds `digits/`, `ljspeech/` and `librispeech/`."""
    default = os.environ.get("SLED_SPEECH_DIR")
    parser.add_argument(
        "--speech", type=Path, default=default, required=default is None, help="speech folder"
    )


def read_clips(speech: Path, source: str) -> list[Clip]:
    """Return the clips of one source in the order of its `metadata.csv`."""
    lines = (speech / source / "metadata.csv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("|", 2) for line in lines if line)
    return [Clip(source, f"{source}/{name}", speaker, text) for name, speaker, text in rows]


def digit_index(name: str) -> int:
    """Return the take number in a digit clip's name, 12 in `digits/3_theo_12.flac`."""
    return int(Path(name).stem.rsplit("_", 1)[1])


def split(clips: list[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Split the clips of one source into those to train on and those held out."""
    last = {clip.name for clip in sorted(clips, key=lambda c: c.name)[-_HELD_OUT_LJ:]}

    def held_out(clip: Clip) -> bool:
        if clip.source == "digits":
            return digit_index(clip.name) < _HELD_OUT_DIGITS
        if clip.source == "ljspeech":
            return clip.name in last
        return clip.speaker in _HELD_OUT_SPEAKERS

    return [c for c in clips if not held_out(c)], [c for c in clips if held_out(c)]


def main() -> None:
    """Write the held-out list."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    add_speech_argument(parser)
    speech = parser.parse_args().speech
    names = [c.name for s in SOURCES for c in split(read_clips(speech, s))[1]]
    HELD_OUT_FILE.write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")
    print(f"{len(names)} clips held out, listed in {HELD_OUT_FILE.name}")


if __name__ == "__main__":
    main()
