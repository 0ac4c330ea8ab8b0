"""What does asking over HTTP add to speaking? A server and streams in this process, side by side.

    uv run python benchmarks/serving.py [--model english] [--clients 1 4] [--rounds 3]

The same sentence is asked for by so many at once, of `sled serve` in a process of its own and of
a synthesizer in this one, in turn: the time until each hears something, and until the last has
heard all, for a second of one's audio. The median client of the median round counts.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from _clock import machine, set_threads, write
from sled_infer import Synthesizer
from streaming import DIGITS, SENTENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BYTES_A_SECOND = 48_000
Ways = dict[str, "Callable[[int], Iterator[float]]"]


def pieces_of_server(url: str, text: str, seed: int) -> Iterator[float]:
    """Ask the server; give the seconds of each piece of audio when it is there."""
    connection = HTTPConnection(urlsplit(url).netloc)
    asked = {"input": text, "seed": seed, "response_format": "pcm"}
    connection.request("POST", "/v1/audio/speech", json.dumps(asked))
    answer = connection.getresponse()
    while part := answer.read1():
        yield len(part) / _BYTES_A_SECOND
    connection.close()


def pieces_of_stream(synthesizer: Synthesizer, text: str, seed: int) -> Iterator[float]:
    """Speak in this process; give the seconds of each piece of audio when it is there."""
    for wave in synthesizer.stream([text], seed=seed):
        yield len(wave) / synthesizer.sample_rate


def hear(pieces: Iterator[float]) -> tuple[float, float, float]:
    """Give when the first and the last piece came, and the seconds of all."""
    begun, first, audio = perf_counter(), 0.0, 0.0
    for seconds in pieces:
        first = first or perf_counter() - begun
        audio += seconds
    return first, perf_counter() - begun, audio


def measure(way: Callable[[int], Iterator[float]], clients: int) -> tuple[float, float]:
    """Let so many ask at once; give the median first sound, and seconds a second of audio."""
    with ThreadPoolExecutor(clients) as pool:
        heard = list(pool.map(lambda seed: hear(way(seed)), range(clients)))
    firsts, ends, lengths = zip(*heard, strict=True)
    return median(firsts), max(ends) / (sum(lengths) / clients)


def start_server(model: str, threads: int) -> tuple[subprocess.Popen[str], str]:
    """Start `sled serve`, and give its process and URL."""
    command = ["serve", "--model", model, "--port", "0", "--threads", str(threads)]
    process = subprocess.Popen(
        [sys.executable, "-m", "sled_cli", *command], stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr or ():
        if found := re.search(r"listening at (\S+);", line):
            return process, found[1]
    raise SystemExit(f"sled serve ended with {process.wait()}")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="english", choices=("english", "digits"))
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write all figures here")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = parse()
    threads = set_threads(args.threads)
    text = DIGITS if args.model == "digits" else SENTENCE
    synthesizer = Synthesizer.from_pretrained(args.model, threads=threads)
    process, url = start_server(args.model, threads)
    ways: Ways = {
        "server": lambda seed: pieces_of_server(url, text, seed),
        "here": lambda seed: pieces_of_stream(synthesizer, text, seed),
    }
    rows = []
    print(f"{args.model}, {threads} threads\nclients  way     first sound   a second of each   [s]")
    try:
        for way in ways.values():
            measure(way, 1)  # The first one loads what it needs.
        for clients in args.clients:
            rounds = [
                {name: measure(way, clients) for name, way in ways.items()}
                for _ in range(args.rounds)
            ]
            for name in ways:
                first, share = (median(each[name][n] for each in rounds) for n in (0, 1))
                rows.append({"clients": clients, "way": name, "first": first, "share": share})
                print(f"{clients:7}  {name:6}  {first:11.3f}   {share:16.3f}")
    finally:
        process.terminate()
        process.communicate()
    write(args.json, {"machine": machine(threads), "figures": rows})


if __name__ == "__main__":
    main()
