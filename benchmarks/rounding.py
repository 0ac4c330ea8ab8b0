"""What bf16 and int8 weights cost in words: an embedded voice says sentences that it never heard.

    uv run python benchmarks/rounding.py --speech DIR [--model english] [--json F]

`DIR/ljspeech` holds the test sentences of `tools/embedded/english_test.txt`. The voice's maps are
too small for int8 to pay, so that `--dtype int8` leaves them bf16; here all of them are rounded,
whatever time it takes, by the kernels that a large model has.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from _clips import TOOLS, add_speech_argument
from _clock import add_arguments, machine, set_threads, write
from sled_infer import Request, Synthesizer
from sled_infer.evaluation import compare, find_judges, hear, normalise, ratio, read_clips
from sled_model import pack_weights

if TYPE_CHECKING:
    from sled_infer.evaluation import Estimate, WordErrors

WEIGHTS = ("fp32", "bf16", "int8")
_AT_ONCE = 4  # utterances; more rows than native int8 takes would be ten times slower


def load(model: str, weights: str, threads: int) -> Synthesizer:
    """Load a voice and round all maps of its backbone and head."""
    plain = Synthesizer.from_pretrained(model, threads=threads)
    packed = pack_weights(plain.model, weights, smallest_int8=1)
    return Synthesizer(packed, plain.codec, plain.tokenizer, plain.card, threads=threads)


def errors(voice: Synthesizer, texts: list[str]) -> list[WordErrors]:
    """Have a recogniser hear the texts; count what it gets wrong, for each."""
    waves = []
    for first in range(0, len(texts), _AT_ONCE):
        part = texts[first : first + _AT_ONCE]
        asked = [Request(text, seed=seed) for seed, text in enumerate(part, first)]
        waves += [speech.wave for speech in voice.synthesize_batch(asked)]
    heard = hear(find_judges(["moonshine"])[0], waves, voice.sample_rate)
    words = normalise([*texts, *heard])
    return [compare(words[text], words[does]) for text, does in zip(texts, heard, strict=True)]


def word_error(counts: list[WordErrors]) -> Estimate | None:
    """Give the share of words that were wrong, with its interval over texts."""
    return ratio([each.total for each in counts], [each.length for each in counts])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_speech_argument(parser, required=True)
    parser.add_argument("--model", default="english")
    parser.add_argument("--limit", type=int, help="texts, for a quick look")
    add_arguments(parser)
    args = parser.parse_args()
    threads = set_threads(args.threads)
    tested = (TOOLS / "english_test.txt").read_text(encoding="utf-8").split()
    clips = read_clips(args.speech / "ljspeech", seconds=(0, 30), only=tested, limit=args.limit)
    rows = []
    for weights in WEIGHTS:
        voice = load(args.model, weights, threads)
        error = word_error(errors(voice, [clip.text for clip in clips]))
        if error is None:
            raise SystemExit(f"{args.speech}: no words to be said")
        low, high = 100 * error.low, 100 * error.high
        print(
            f"{weights:5} word error {100 * error.value:5.1f} % [{low:.1f}, {high:.1f}]", flush=True
        )
        rows.append({"weights": weights, "word_error": error.value, "low": error.low})
    if args.json:
        write(args.json, {"machine": machine(threads), "rows": rows})


if __name__ == "__main__":
    main()
