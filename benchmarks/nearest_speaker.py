"""Whose voice is it? The nearest speaker of a test set, for each system of a `sled eval` report.

    uv run sled eval DATA -s real -s codec -s cloning -s continuation -j resemblyzer -o REPORT
    uv run python benchmarks/nearest_speaker.py REPORT --data DATA [--json F]

What was said for a clip, of a continuation without its prefix, is compared with every speaker's
mean embedding over their recordings, this clip left out. A speaker needs two clips or more.
Intervals are bootstrapped over clips.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from _clips import SAMPLE_RATE, load
from _clock import write
from sled_infer.evaluation import JUDGES, embed, mean, read_clips

if TYPE_CHECKING:
    from sled_infer.evaluation import Clip
    from torch import Tensor

_JUDGE = JUDGES["resemblyzer"]
_SHORTEST = 0.25  # seconds: whoever stopped before has said nothing


def said(folder: Path) -> dict[str, Tensor]:
    """Read what a system said, `[samples]` by clip, without prefixes."""
    lines = (folder / "spoken.jsonl").read_text(encoding="utf-8").splitlines()
    waves = {}
    for row in map(json.loads, lines):
        if row["seconds"] >= _SHORTEST:
            wave = load(folder / f"{row['name']}.wav")
            waves[row["name"]] = wave[round(row["prefix_seconds"] * SAMPLE_RATE) :]
    return waves


def references(clips: list[Clip], embedded: dict[str, Tensor], left_out: Clip) -> Tensor:
    """Give every speaker's embedding `[speakers, 256]`, one clip left out."""
    means = [
        torch.stack(
            [embedded[c.name] for c in clips if c.speaker == speaker and c.name != left_out.name]
        ).mean(0)
        for speaker in speakers_of(clips)
    ]
    return torch.nn.functional.normalize(torch.stack(means), dim=-1)


def speakers_of(clips: list[Clip]) -> list[str]:
    """List the speakers, each once."""
    return sorted({clip.speaker for clip in clips})


def judge(folder: Path, clips: list[Clip], recorded: dict[str, Tensor]) -> dict[str, object]:
    """Compare what a system said with all speakers, and print it."""
    names, waves = speakers_of(clips), said(folder)
    heard = [clip for clip in clips if clip.name in waves]
    vectors = embed(_JUDGE, [waves[clip.name] for clip in heard], SAMPLE_RATE)
    nearest, own = [], []
    for clip, vector in zip(heard, vectors, strict=True):
        similar = references(clips, recorded, clip) @ vector
        nearest.append(float(names[int(similar.argmax())] == clip.speaker))
        own.append(float(similar[names.index(clip.speaker)]))
    share, likeness = mean(nearest), mean(own)
    if share is None or likeness is None:
        raise SystemExit(f"{folder}: nothing was said; run sled eval again")
    print(
        f"{folder.name}: nearest to its own of {len(names)} speakers in {sum(nearest):.0f} of "
        f"{len(heard)} [{share.low:.0%}, {share.high:.0%}]; similarity {likeness.value:.2f} "
        f"[{likeness.low:.2f}, {likeness.high:.2f}]",
        flush=True,
    )
    return {"clips": len(heard), "nearest": share, "similarity": likeness}


def main() -> None:
    """Judge every system of the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path, help="folder that `sled eval -o` wrote")
    parser.add_argument("--data", type=Path, required=True, help="the test set it was made from")
    parser.add_argument("--json", type=Path, help="write all figures here")
    args = parser.parse_args()
    folders = sorted(path.parent for path in args.report.glob("*/spoken.jsonl"))
    clips = [clip for clip in read_clips(args.data, seconds=(0, 3600)) if clip.reference]
    vectors = embed(_JUDGE, [load(clip.path) for clip in clips if clip.path], SAMPLE_RATE)
    recorded = {clip.name: vector for clip, vector in zip(clips, vectors, strict=True)}
    figures = {folder.name: judge(folder, clips, recorded) for folder in folders}
    write(args.json, figures)


if __name__ == "__main__":
    main()
