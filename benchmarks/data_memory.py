"""Does memory stay flat as the manifest grows? 1,000, 100,000 and 1,000,000 cuts.

    uv run python benchmarks/data_memory.py

Three things are measured, each in a process of its own, as the growth of its peak memory
(Linux: VmHWM) over what its imports take: `read` surveys a cuts file, `train` opens a folder of
codes, orders an epoch and draws batches from it, and `objects` keeps every cut of the same file as
an object, which is what reading a manifest whole means (up to 100,000 cuts).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from lhotse import CutSet
from sled_codec import Codec, CodecConfig
from sled_train import BatchSampler
from sled_train.data import ClipRow, Store, survey, write_codes

SIZES = (1_000, 100_000, 1_000_000)
TASKS = ("read", "train", "objects")
OBJECTS_MOST = 100_000
SHARD = 4096
BATCHES = 20
BATCH_FRAMES = 3_600  # about 512 of the clips written here


def write_manifest(path: Path, cuts: int) -> None:
    """Write a cuts file as `sled data prepare` does, with names of their own."""
    cut = {"id": "", "start": 0.0, "duration": 9.5, "channel": 0, "type": "MonoCut"}
    said = {"id": "", "recording_id": "", "start": 0.0, "duration": 9.5, "channel": 0}
    source = {"type": "file", "channels": [0], "source": ""}
    sound = {"id": "", "sampling_rate": 16000, "num_samples": 152000, "duration": 9.5}
    with path.open("w", encoding="utf-8") as file:
        for number in range(cuts):
            name = f"small/{number % 997}/clip_{number:09}"
            text = f"the {number} words of a sentence that is about as long as one that is read"
            spoken = said | {"id": name, "recording_id": name, "text": text, "speaker": "9"}
            audio = source | {"source": f"/speech/{name}.flac"}
            recording = sound | {"id": name, "sources": [audio], "channel_ids": [0]}
            row = cut | {"id": name, "supervisions": [spoken], "recording": recording}
            file.write(json.dumps(row) + "\n")


def make_codes(folder: Path, clips: int) -> None:
    """Write a folder of codes as `sled data encode` does; the clips are short, the index whole."""
    # Not encoded: a million clips without a million recordings.
    codec = Codec.from_random(CodecConfig(n_filters=2, lstm_layers=1))
    said = "a sentence of about forty characters"
    made = ((ClipRow(f"{clip:09}", said, "9", "a.flac"), _codes(clip)) for clip in range(clips))
    write_codes(made, folder, codec, shard_clips=SHARD)


def _codes(clip: int) -> torch.Tensor:
    return torch.full((1 + clip * 7 % 13, 8), clip % 1024, dtype=torch.int16)


def read(place: Path) -> None:
    """Survey the cuts file: every cut parsed and checked, one at a time."""
    survey(place / "cuts.jsonl")


def train(place: Path) -> None:
    """Open the codes, order an epoch, draw batches."""
    store = Store(place / "codes")
    sampler = BatchSampler(np.ascontiguousarray(store.frames), BATCH_FRAMES, seed=0, bucket=16)
    for _ in range(BATCHES):
        for clip in sampler.next():
            store.codes(clip)
            store.row(clip)


def objects(place: Path) -> None:
    """Hold every cut as an object."""
    kept = list(CutSet.from_file(place / "cuts.jsonl"))
    print(len(kept), file=sys.stderr)


def peak() -> int:
    """Largest resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def work(task: str, place: Path) -> None:
    """Do a task in this process and print what it took."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak: imports are not measured
    before, begin = peak(), time.perf_counter()
    {"read": read, "train": train, "objects": objects}[task](place)
    seconds = time.perf_counter() - begin
    print(json.dumps({"mb": (peak() - before) / 1e6, "seconds": seconds}))


def measure(task: str, place: Path) -> dict[str, float]:
    """Run a task in a process of its own."""
    command = [sys.executable, __file__, "--work", task, "--place", str(place)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure every task at every size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of cuts")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--work", choices=TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work, arguments.place)
        return
    rows = []
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            write_manifest(place / "cuts.jsonl", size)
            make_codes(place / "codes", size)
            for task in TASKS:
                if task != "objects" or size <= OBJECTS_MOST:
                    rows.append({"cuts": size, "task": task, **measure(task, place)})
                    print(
                        "{cuts:>9,}  {task:<8} {mb:>8.1f} MB {seconds:>8.1f} s".format(**rows[-1])
                    )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
