"""When does one hear something, and does it go on without a gap? Streamed, and all at once.

    uv run python benchmarks/streaming.py [--model M | --size published] [--rate 10] [--streams 1]

The same text comes word by word at so many tokens a second, twice in each round: to the stream,
which speaks while it comes, and to the way without streaming, which waits for the end of the
text, generates all frames and decodes them. For both: the time to the first audio from the text
that allows the first frame (the n-th token; after a prompt, as many as its frames ask for) and
from the first piece of text, and the smallest margin, which is how far the audio was ahead of a
player that began with the first piece, at the worst moment. The median round counts.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from statistics import median
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from _clock import held_mib, machine, set_threads, write
from _turns import turn
from sled_codec import Codec
from sled_infer import Request, Synthesizer, embedded, paced
from sled_model import WEIGHTS, SledConfig, SledModel, StreamingLayout, Tokenizer, pack_weights

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = "three one four one five nine two six five three five eight nine seven nine three"
SENTENCE = (
    "It was a bright cold day in spring, and the bells of the old town were ringing over the "
    "roofs while the boats came in one by one with the evening tide."
)
AT_ONCE = 1e9


@dataclass(frozen=True)
class Heard:
    """What a listener notices of one text, in seconds; `rtf` is compute per second of audio."""

    ttfa: float
    ttfa_from_text: float
    margin: float
    rtf: float
    audio: float
    compute: float


@dataclass(frozen=True)
class Task:
    """What is to be said, and how."""

    text: str
    rate: float
    layout: StreamingLayout
    cfg: float
    max_seconds: float
    chunk_frames: int


def streamed(synthesizer: Synthesizer, task: Task, seed: int) -> Heard:
    """Speak the text while it comes."""
    stream = synthesizer.open_stream(
        cfg=task.cfg,
        seed=seed,
        max_seconds=task.max_seconds,
        layout=task.layout,
        chunk_frames=task.chunk_frames,
    )
    for _ in stream.speak(paced(task.text, task.rate, synthesizer.tokenizer)):
        pass
    clock = stream.clock
    first, from_text = clock.ttfa or inf, clock.ttfa_from_text or inf
    return Heard(first, from_text, clock.margin, clock.rtf, clock.audio, clock.compute)


def all_at_once(synthesizer: Synthesizer, task: Task, seed: int) -> Heard:
    """Wait for the text, generate all frames, decode them: what streaming is against."""
    began = allowed = None
    tokens = 0
    for piece in paced(task.text, task.rate, synthesizer.tokenizer):
        now = perf_counter()
        began = now if began is None else began
        tokens += len(synthesizer.tokenizer.encode(piece)) - 2
        if allowed is None and 1 + tokens >= needed(synthesizer, task):
            allowed = now
    over = perf_counter()
    # Random weights never end by themselves: each piece of a text would go on for `max_seconds`.
    split = None if synthesizer.card else False
    request = Request(task.text, None, task.cfg, seed, task.max_seconds, task.layout, split=split)
    [speech] = synthesizer.synthesize_batch([request])
    end = perf_counter()
    seconds = speech.audio_seconds
    return Heard(
        ttfa=end - (over if allowed is None else allowed),
        ttfa_from_text=end - (over if began is None else began),
        margin=inf,
        rtf=(end - over) / seconds if seconds else inf,
        audio=seconds,
        compute=end - over,
    )


def needed(synthesizer: Synthesizer, task: Task) -> int:
    """Count the tokens that the first frame needs, those of a prompt's transcript aside."""
    card = synthesizer.card
    voice = card.default_voice() if card else None
    if voice is None:
        return task.layout.n
    read = len(synthesizer.tokenizer.encode(voice.transcript)) - 2
    return task.layout.tokens_before(len(voice.codes), 10**9) - read


def together(synthesizer: Synthesizer, task: Task, count: int, seed: int) -> list[Heard]:
    """Stream the text to so many listeners at once, each in a thread, with one batch for all."""
    heard: list[Heard] = []
    threads = [
        Thread(target=lambda number=number: heard.append(streamed(synthesizer, task, number)))
        for number in range(seed, seed + count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


def summary(rounds: list[Heard]) -> dict[str, float | None]:
    """Give the median of each figure; None where it never was finite."""
    columns = {name: [asdict(each)[name] for each in rounds] for name in asdict(rounds[0])}
    middles = {name: median(values) for name, values in columns.items()}
    return {name: value if value < inf else None for name, value in middles.items()}


def random_synthesizer(dtype: str) -> Synthesizer:
    """Make a model of the published size with random weights, that never ends by itself."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = SledModel(SledConfig())
        for parameter in model.head.parameters():
            torch.nn.init.normal_(parameter, std=0.02)
    model.stop_logits = lambda z: z.new_full(z.shape[:-1], -9.0)  # type: ignore[method-assign]
    tokenizer = Tokenizer.from_pretrained(embedded.folder("digits"))
    return Synthesizer(pack_weights(model, dtype), Codec.from_pretrained(), tokenizer)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="digits", help="digits, english, folder or hub id")
    parser.add_argument("--codec", help="the model's own unless given")
    parser.add_argument("--size", choices=["published"], help="random weights instead of a model")
    parser.add_argument("--dtype", choices=WEIGHTS, default="fp32", help="of the weights")
    parser.add_argument("--text", help="what to say; digits for the digits voice")
    parser.add_argument("--rate", type=float, default=10, help="tokens a second; 0 is at once")
    parser.add_argument("--interleave", type=turn, metavar="N:M", help="the model's own, else 5:45")
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-seconds", type=float, default=12.0)
    parser.add_argument("--chunk-frames", type=int, default=5)
    parser.add_argument("--streams", type=int, default=1, help="so many at once as well")
    parser.add_argument("--threads", type=int, help="default: all processors given to us")
    parser.add_argument("--rounds", type=int, default=3, help="the median counts")
    parser.add_argument("--json", type=Path, help="write all figures here")
    return parser.parse_args()


def choose_task(args: argparse.Namespace, synthesizer: Synthesizer) -> Task:
    """Say what was asked for, in the model's own layout unless another was."""
    config = synthesizer.model.config
    layout = StreamingLayout(config.stream_n or 5, config.stream_m or 45)
    if args.interleave:
        layout = StreamingLayout(*args.interleave)
    card = synthesizer.card
    text = args.text or (DIGITS if card is not None and card.words else SENTENCE)
    rate = args.rate or AT_ONCE
    return Task(text, rate, layout, args.cfg, args.max_seconds, args.chunk_frames)


def show(title: str, figures: dict[str, float | None]) -> None:
    """Print one line of figures."""
    cells = [
        f"{figures[name]:9.3f}" if figures[name] is not None else "        -"
        for name in ("ttfa", "ttfa_from_text", "margin", "rtf", "audio")
    ]
    print(f"  {title:<24}" + "".join(cells), flush=True)


def main() -> None:
    """Measure and print."""
    args = parse()
    threads = set_threads(args.threads)
    if args.size:
        synthesizer = random_synthesizer(args.dtype)
    else:
        synthesizer = Synthesizer.from_pretrained(args.model, codec=args.codec, dtype=args.dtype)
    task = choose_task(args, synthesizer)
    ways: dict[str, Callable[[Synthesizer, Task, int], Heard]] = {
        "streamed": streamed,
        "generate all, decode": all_at_once,
    }
    # The first run of anything pays for what later ones find done.
    synthesizer.synthesize_batch([Request(task.text, max_seconds=0.2, layout=task.layout)])
    before = held_mib()
    rounds: dict[str, list[Heard]] = {title: [] for title in ways}
    for number in range(args.rounds):
        for title, way in ways.items():
            rounds[title].append(way(synthesizer, task, args.seed + number))
    many = together(synthesizer, task, args.streams, args.seed) if args.streams > 1 else []
    pace = f"{task.rate:g} tokens/s" if task.rate < AT_ONCE else "all text at once"
    print(f"{task.layout.n}:{task.layout.m}, {pace}, cfg {task.cfg:g}, {threads} threads")
    print(f"  {'':<24}     TTFA  from 1st   margin      RTF    audio   [s]")
    figures = {title: summary(each) for title, each in rounds.items()}
    if many:
        figures[f"{args.streams} at once, each"] = summary(many)
    for title, each in figures.items():
        show(title, each)
    print(f"  memory held: {before:.0f} MiB before, {held_mib():.0f} MiB after")
    asked = {name: value for name, value in vars(args).items() if name != "json"}
    about: dict[str, Any] = {"machine": machine(threads), "arguments": asked}
    memory = {"before_mib": before, "after_mib": held_mib()}
    write(args.json, about | {"figures": figures, "memory": memory})


if __name__ == "__main__":
    main()
