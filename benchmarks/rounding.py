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
from _digits import error_rate
from sled_infer import Request, Synthesizer
from sled_infer.evaluation import find_judges, hear_words, read_clips
from sled_model import WEIGHTS, pack_weights

if TYPE_CHECKING:
    from sled_infer.evaluation import WordErrors

_AT_ONCE = 4  # utterances; more rows than native int8 takes would be ten times slower


def load(model: str, weights: str, threads: int) -> Synthesizer:
    """Load a voice and round all maps of its backbone and head."""
    plain = Synthesizer.from_pretrained(model, threads=threads)
    packed = pack_weights(plain.model, weights, smallest_int8=1)
    return Synthesizer(packed, plain.codec, plain.tokenizer, plain.card, threads=threads)


def errors(voice: Synthesizer, texts: list[str]) -> list[WordErrors]:
    """Have a recogniser hear the texts; count what it gets wrong, for each."""
    asked = [Request(text, seed=seed) for seed, text in enumerate(texts)]
    waves = [speech.wave for speech in voice.synthesize_batch(asked, batch_size=_AT_ONCE)]
    heard = hear_words(find_judges(["moonshine"])[0], waves, voice.sample_rate, texts)
    return [each.errors for each in heard]


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
        error = error_rate(errors(voice, [clip.text for clip in clips]))
        print(f"{weights:5} word error {error.in_percent()}", flush=True)
        rows.append({"weights": weights, "word_error": error})
    write(args.json, {"machine": machine(threads), "rows": rows})


if __name__ == "__main__":
    main()
