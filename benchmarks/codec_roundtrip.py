"""What a codec costs a listener: the recogniser's errors before and after a round trip.

    uv run python benchmarks/codec_roundtrip.py --speech DIR [--codec C] [--limit N] [--json F]

Hears clips that the embedded codec was not trained on, as recorded and after encode + decode:
LJ Speech and LibriSpeech sentences with Moonshine, joined digits with Whisper.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _clips import (
    SAMPLE_RATE,
    add_speech_argument,
    in_words,
    load,
    read_clips,
    read_takes,
    test_strings,
)
from _clock import write
from _digits import error_rate, read_digits
from sled_codec import Codec
from sled_infer.evaluation import JUDGES, hear_words, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import Tensor

SOURCES = ("ljspeech", "librispeech", "digits")
HEARERS = [name for name, judge in JUDGES.items() if judge.kind == "text"]


@dataclass(frozen=True)
class Material:
    """Waves `[samples]` at 24 kHz, what they say, who hears them, and how texts are compared."""

    waves: list[Tensor]
    texts: list[str]
    recogniser: str
    read: Callable[[Iterable[str]], Mapping[str, Sequence[str]]]


def sentences(speech: Path, source: str, limit: int | None) -> Material:
    """Load a source's held-out sentences."""
    clips = read_clips(speech, source, held_out=True)[:limit]
    return Material([load(c.path) for c in clips], [c.text for c in clips], "moonshine", normalise)


def digit_strings(speech: Path, limit: int | None) -> Material:
    """Join held-out takes into the test strings, the speakers in turn."""
    takes, rng, strings = read_takes(speech, held_out=True), random.Random(0), test_strings()
    speakers = list(takes)
    waves = [
        takes[speakers[number % len(speakers)]].join(digits, rng)
        for number, digits in enumerate(strings[:limit])
    ]
    return Material(waves, [in_words(s) for s in strings[:limit]], "whisper-tiny", read_digits)


def round_trip(codec: Codec, wave: Tensor) -> Tensor:
    """Return the wave `[samples]` at 24 kHz as it comes out of the codec."""
    out = codec.decode(codec.latents(codec.encode(wave, SAMPLE_RATE)))
    return out.cpu()[: len(wave)]


def measure(material: Material, codec: Codec, recogniser: str) -> dict[str, Any]:
    """Hear the material before and after the codec."""
    judge = JUDGES[recogniser]
    coded = [round_trip(codec, wave) for wave in material.waves]
    texts, waves = [*material.texts, *material.texts], [*material.waves, *coded]
    heard = hear_words(judge, waves, SAMPLE_RATE, texts, read=material.read)
    count = len(coded)
    result: dict[str, Any] = {"recogniser": judge.title, "clips": count}
    for name, part in (("before", heard[:count]), ("after", heard[count:])):
        scores = [each.errors for each in part]
        result["words"] = sum(score.length for score in scores)
        result[name] = {"wer": error_rate(scores), "texts": [each.text for each in part]}
    return result


def show(source: str, result: dict[str, Any]) -> None:
    """Print a source's row."""
    cells = [result[name]["wer"].in_percent().ljust(20) for name in ("before", "after")]
    counts = f"{result['clips']:>5}  {result['words']:>5}"
    print(f"{source:<12} {result['recogniser']:<16.16} {counts}  {'  '.join(cells)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_speech_argument(parser, required=True)
    parser.add_argument("--codec", default="embedded", help="folder, file or hub id")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES)
    parser.add_argument("--recogniser", choices=HEARERS, help="hears every source")
    parser.add_argument("--limit", type=int, help="clips of each source, for a quick look")
    parser.add_argument("--json", type=Path, help="write all figures and texts here")
    args = parser.parse_args()
    codec = Codec.from_pretrained(args.codec)
    results = {}
    header = f"{'source':<12} {'recogniser':<16} clips  words"
    print(f"{header}  {'WER before [95 %]':<20}  WER after [95 %]")
    for source in args.sources:
        digits = source == "digits"
        material = (
            digit_strings(args.speech, args.limit)
            if digits
            else sentences(args.speech, source, args.limit)
        )
        results[source] = measure(material, codec, args.recogniser or material.recogniser)
        show(source, results[source])
    write(args.json, results)


if __name__ == "__main__":
    main()
