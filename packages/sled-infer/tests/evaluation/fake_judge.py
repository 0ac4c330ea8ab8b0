"""Stands for every judge: hears "one two three" in what is loud and nothing in what is quiet."""

import json
import re
import sys
import wave
from array import array
from pathlib import Path

kind, log = sys.argv[1], Path(sys.argv[2])


def answer(line):
    if kind == "words":
        return {"words": re.findall(r"[a-z]+", json.loads(line).lower())}
    with wave.open(line) as file:
        samples = array("h", file.readframes(file.getnframes()))
    loud = max(map(abs, samples), default=0) > 3000
    if kind == "text":
        return {"text": "one two three" if loud else ""}
    if kind == "speaker":
        return {"embedding": [1.0, 0.0] if loud else [0.0, 1.0]}
    return {"mos": 1 + len(samples) / 16_000}


for line in sys.stdin:
    with log.open("a") as file:
        file.write(f"{kind}\n")
    sys.stdout.write(json.dumps(answer(line.rstrip("\n"))) + "\n")
    sys.stdout.flush()
