"""Does the digits voice say the digits it was asked for? An independent recogniser decides.

    uv run python benchmarks/digits.py [--speech DIR] [--model M] [--way W] [--dtype fp32 bf16] ...

Speaks 50 strings of 3 to 6 digits that no training sequence contains, its speakers in turn; with
`--way streamed` a word at a time, with `--way offline` all text before the first frame; with
`--dtype` with weights of each dtype that is named.
Digit accuracy is 1 - (S + D + I) / N against what the recogniser writes down; every word that
is no digit counts as an error. With --speech the same strings are also joined from real takes
that were held out of training: what the recogniser makes of those is the ceiling.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from _clips import SAMPLE_RATE, add_speech_argument, in_words, read_takes, test_strings
from _clock import write
from _digits import PROMPTED, error_rate, read_digits
from sled_codec import write_audio
from sled_infer import Request, Synthesizer
from sled_infer.evaluation import JUDGES, Estimate, Judge, WordErrors, hear_words
from sled_model import WEIGHTS, OfflineLayout

if TYPE_CHECKING:
    from sled_infer import Voice
    from torch import Tensor

RECOGNISERS = {name: judge for name, judge in JUDGES.items() if judge.kind == "text"}
RECOGNISERS[PROMPTED.name] = PROMPTED
DEFAULT_RECOGNISERS = ("whisper-tiny", PROMPTED.name)
WAYS = ("whole", "streamed", "offline")
LONGEST = 10.0  # seconds of a string


def speak(
    args: argparse.Namespace, strings: list[str], dtype: str
) -> tuple[list[Tensor], list[str], int]:
    """Let the voice say the strings: waves `[samples]`, their speakers, the sample rate."""
    synthesizer = Synthesizer.from_pretrained(args.model, codec=args.codec, dtype=dtype)
    card = synthesizer.card
    names = args.speakers or (list(card.speakers) if card else [])
    voices: list[tuple[str, Voice | None]] = [("model", None)]
    if card and names:
        voices = [(name, card.speaker(name)) for name in names]
    chosen = [voices[number % len(voices)] for number in range(len(strings))]
    layout = OfflineLayout() if args.way == "offline" else None
    requests = [
        Request(in_words(digits), voice, args.cfg, args.seed + number, LONGEST, layout)
        for number, (digits, (_, voice)) in enumerate(zip(strings, chosen, strict=True))
    ]
    if args.way == "streamed":
        waves = [stream(synthesizer, request) for request in requests]
    else:
        waves = [speech.wave for speech in synthesizer.synthesize_batch(requests)]
    return waves, [name for name, _ in chosen], synthesizer.sample_rate


def stream(synthesizer: Synthesizer, request: Request) -> Tensor:
    """Speak a request as its words come one by one: `[samples]`."""
    pieces = synthesizer.stream(
        (f"{word} " for word in request.text.split()),
        voice=request.voice,
        cfg=request.cfg,
        seed=request.seed,
        max_seconds=request.max_seconds,
    )
    return torch.cat(list(pieces))


def join(speech: Path, strings: list[str], seed: int) -> tuple[list[Tensor], list[str], int]:
    """Say the strings with real held-out takes, the speakers in turn."""
    takes, rng = read_takes(speech, held_out=True), random.Random(seed)
    names = [list(takes)[number % len(takes)] for number in range(len(strings))]
    waves = [takes[name].join(digits, rng) for name, digits in zip(names, strings, strict=True)]
    return waves, names, SAMPLE_RATE


def keep(
    folder: Path, waves: list[Tensor], names: list[str], strings: list[str], rate: int
) -> None:
    """Write what was spoken, to be listened to."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (wave, name, digits) in enumerate(zip(waves, names, strings, strict=True)):
        write_audio(folder / f"{number:02d}_{name}_{digits}.wav", wave, rate)


def measure(
    judge: Judge, waves: list[Tensor], names: list[str], strings: list[str], rate: int
) -> dict[str, Any]:
    """Have one set of waves judged: accuracy, by speaker, and every text."""
    heard = hear_words(judge, waves, rate, strings, read=read_digits)
    by_speaker: dict[str, list[WordErrors]] = {}
    for name, each in zip(names, heard, strict=True):
        by_speaker.setdefault(name, []).append(each.errors)
    wrong = error_rate([each.errors for each in heard])
    return {
        "accuracy": Estimate(1 - wrong.value, 1 - wrong.high, 1 - wrong.low),
        "speakers": {name: 1 - error_rate(part).value for name, part in sorted(by_speaker.items())},
        "heard": [
            {"speaker": name, "digits": digits, "text": each.text}
            for name, digits, each in zip(names, strings, heard, strict=True)
        ],
    }


def show(title: str, result: dict[str, Any]) -> None:
    """Print one line of figures."""
    speakers = "  ".join(f"{name} {100 * share:.0f}" for name, share in result["speakers"].items())
    print(f"  {title:<24} {result['accuracy'].in_percent():<24} {speakers}", flush=True)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_speech_argument(parser, required=False)
    parser.add_argument("--model", default="digits", help="model folder or hub id")
    parser.add_argument("--codec", help="the model's own unless given")
    parser.add_argument("--speakers", nargs="+", help="all of the voice's unless given")
    parser.add_argument("--way", choices=WAYS, default="whole", help="how the text is given")
    parser.add_argument("--dtype", nargs="+", choices=WEIGHTS, default=["fp32"], help="weights")
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first string, then counting up")
    parser.add_argument("--limit", type=int, help="strings, for a quick look")
    parser.add_argument(
        "--recognisers", nargs="+", choices=RECOGNISERS, default=DEFAULT_RECOGNISERS
    )
    parser.add_argument("--control", action="store_true", help="also hear real takes backwards")
    parser.add_argument("--ceiling-only", action="store_true", help="real speech, no synthesis")
    parser.add_argument("--keep", type=Path, help="write the spoken WAV files here")
    parser.add_argument("--json", type=Path, help="write all figures and texts here")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = parse()
    strings = test_strings()[: args.limit]
    sets = {}
    if not args.ceiling_only:
        for dtype in args.dtype:
            voice = "digits voice" if args.model == "digits" else "voice"
            name = voice if dtype == "fp32" else f"{voice}, {dtype}"
            waves, names, rate = sets[name] = speak(args, strings, dtype)
            if args.keep:
                folder = args.keep / dtype if len(args.dtype) > 1 else args.keep
                keep(folder, waves, names, strings, rate)
    if args.speech:
        real, names, rate = sets["real takes (ceiling)"] = join(args.speech, strings, args.seed)
        if args.control:
            sets["real takes, backwards"] = ([wave.flip(0) for wave in real], names, rate)
    print(f"Digit accuracy over {len(strings)} strings, {sum(map(len, strings))} digits [95 %]")
    results: dict[str, dict[str, Any]] = {}
    for recogniser in args.recognisers:
        judge = RECOGNISERS[recogniser]
        print(judge.title)
        results[recogniser] = {}
        for title, (waves, names, rate) in sets.items():
            results[recogniser][title] = found = measure(judge, waves, names, strings, rate)
            show(title, found)
    write(args.json, results)


if __name__ == "__main__":
    main()
