"""Is a cloned voice nearer to its speaker than to each other one? Resemblyzer decides.

    uv run python benchmarks/cloning.py --speech DIR [--trials 30] [--model M] [--json F]

Each trial joins held-out takes of a speaker into a prompt, lets the voice go on with random
digits, and asks which speaker's reference embedding (the mean over strings of that speaker's
other takes) is nearest to what came out. Real held-out takes that say the same digits are
judged beside them: the ceiling.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from _clips import SAMPLE_RATE, Takes, add_speech_argument, in_words, read_takes
from _clock import write
from sled_codec import resample
from sled_infer import Request, Synthesizer, Voice
from sled_infer.evaluation import JUDGES, embed

if TYPE_CHECKING:
    from torch import Tensor

_JUDGE = JUDGES["resemblyzer"]
_REFERENCE_STRINGS = 5
_REFERENCE_DIGITS = 8
_PROMPT_DIGITS = 5
_SPOKEN_DIGITS = (4, 6)


@dataclass(frozen=True)
class Trial:
    """Whose voice, the words and wave `[samples]` of the prompt, and what is to be said."""

    speaker: str
    prompt_digits: str
    prompt: Tensor
    digits: str


def draw(length: int, rng: random.Random) -> str:
    """Return random digits."""
    return "".join(rng.choices("0123456789", k=length))


def make_trials(takes: dict[str, Takes], count: int, rng: random.Random) -> list[Trial]:
    """Draw prompts and texts, the speakers in turn."""
    trials = []
    for number in range(count):
        speaker = list(takes)[number % len(takes)]
        said = draw(_PROMPT_DIGITS, rng)
        prompt = takes[speaker].join(said, rng)
        trials.append(Trial(speaker, said, prompt, draw(rng.randint(*_SPOKEN_DIGITS), rng)))
    return trials


def references(takes: dict[str, Takes], rng: random.Random) -> Tensor:
    """Return one embedding a speaker `[speakers, 256]`, of takes that no prompt uses."""
    waves = [
        each.join(draw(_REFERENCE_DIGITS, rng), rng)
        for each in takes.values()
        for _ in range(_REFERENCE_STRINGS)
    ]
    means = embed(_JUDGE, waves, SAMPLE_RATE).reshape(len(takes), _REFERENCE_STRINGS, -1).mean(1)
    return torch.nn.functional.normalize(means, dim=-1)


def clone(args: argparse.Namespace, trials: list[Trial]) -> list[Tensor]:
    """Let the voice go on after each prompt: waves `[samples]` at 24 kHz."""
    synthesizer = Synthesizer.from_pretrained(args.model, codec=args.codec)
    requests = []
    for number, trial in enumerate(trials):
        words = in_words(trial.prompt_digits)
        voice = synthesizer.attune(
            Voice.from_wave(trial.prompt, SAMPLE_RATE, words, synthesizer.codec)
        )
        text, seed = in_words(trial.digits), args.seed + number
        requests.append(Request(text, voice, args.cfg, seed, max_seconds=10))
    rate = synthesizer.sample_rate
    speeches = synthesizer.synthesize_batch(requests)
    return [resample(each.wave, rate, SAMPLE_RATE) for each in speeches]


def measure(
    waves: list[Tensor], trials: list[Trial], known: Tensor, names: list[str]
) -> dict[str, Any]:
    """Compare the waves with every speaker's reference."""
    similar = embed(_JUDGE, waves, SAMPLE_RATE) @ known.T
    own = torch.tensor([names.index(trial.speaker) for trial in trials])
    nearest = similar.argmax(-1)
    others = similar.scatter(1, own[:, None], -torch.inf).max(-1).values
    confusion = torch.zeros(len(names), len(names), dtype=torch.long)
    for truth, guess in zip(own, nearest, strict=True):
        confusion[truth, guess] += 1
    return {
        "nearest_is_own": int((nearest == own).sum()),
        "trials": len(trials),
        "similarity_own": float(similar.gather(1, own[:, None]).mean()),
        "similarity_best_other": float(others.mean()),
        "confusion": confusion.tolist(),
    }


def show(title: str, result: dict[str, Any], names: list[str]) -> None:
    """Print the share and the confusion."""
    share = f"{result['nearest_is_own']} of {result['trials']}"
    print(
        f"{title}: nearest to its own speaker in {share} trials; mean similarity "
        f"{result['similarity_own']:.3f} to its own, {result['similarity_best_other']:.3f} "
        "to the nearest other"
    )
    print(" " * 10 + "".join(f"{name[:8]:>9}" for name in names) + "   (nearest)")
    for name, row in zip(names, result["confusion"], strict=True):
        print(f"{name:<10}" + "".join(f"{count:>9}" for count in row), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_speech_argument(parser, required=True)
    parser.add_argument("--model", default="digits", help="model folder or hub id")
    parser.add_argument("--codec", help="the model's own unless given")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ceiling-only", action="store_true", help="real speech, no synthesis")
    parser.add_argument("--json", type=Path, help="write all figures here")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    held_out = read_takes(args.speech, held_out=True)
    names = list(held_out)
    trials = make_trials(held_out, args.trials, rng)
    known = references(read_takes(args.speech, held_out=False), rng)
    sets = {} if args.ceiling_only else {"cloned voice": clone(args, trials)}
    sets["real takes (ceiling)"] = [held_out[t.speaker].join(t.digits, rng) for t in trials]
    results = {title: measure(waves, trials, known, names) for title, waves in sets.items()}
    for title, result in results.items():
        show(title, result, names)
    write(args.json, {"speakers": names, **results})


if __name__ == "__main__":
    main()
