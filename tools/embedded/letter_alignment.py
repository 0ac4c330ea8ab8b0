"""Align the letters of words with their sounds: each letter stands for none, one or two.

By expectation maximisation (Dempster, Laird and Rubin 1977) over all ways to part the sounds among
the letters. The expected counts are the gradient of the log likelihood, so autograd finds them.
"""

from __future__ import annotations

from collections import Counter

import torch
from sled_infer._inflection import VOWELS
from sled_infer._letters import LETTERS, STRESS_MARKS
from sled_infer._lexicon import ALPHABET
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

SOUNDS = [sound for sound in ALPHABET if sound not in STRESS_MARKS]
LEARNT_FROM = 16_000  # words
FEWEST = 4  # times in them that a letter must stand for a label
ROUNDS = 4
NO_WAY = -1e6
AT_ONCE = 2048

Entry = tuple[str, str]  # a word and its pronunciation
Aligned = tuple[str, list[str], list[int]]


def bare(said: str) -> str:
    """Take the stress marks away."""
    return "".join(sound for sound in said if sound in SOUNDS)


def stresses(said: str) -> list[int]:
    """Give the stress of each sound: 0, or the place of the mark before it."""
    before = ["", *said]
    pairs = zip(before, said, strict=False)
    return [
        STRESS_MARKS.index(mark) if mark in STRESS_MARKS else 0
        for mark, sound in pairs
        if sound in SOUNDS
    ]


class Aligner:
    """Log chances that a letter stands for no sound, one, or two.

    Attributes:
        tables: `[27]`, `[27, S]`, `[27, S, S]`; place 0 is padding.

    """

    def __init__(self) -> None:
        size = len(SOUNDS) + 1
        self.tables = [torch.zeros(LETTERS + 1), torch.zeros(LETTERS + 1, size)]
        self.tables += [torch.full((LETTERS + 1, size, size), -4.0)]

    def lattice(self, letters: Tensor, sounds: Tensor, *, best: bool) -> tuple[Tensor, Tensor]:
        """Sum the ways to align words, or find the best.

        Args:
            letters: `[words, L]`, 0 pads.
            sounds: `[words, S]`, 0 pads.
            best: the best way alone.

        Returns:
            log chances `[words]`; with `best`, how many sounds led to each state `[L, words, S+1]`.

        """
        none, one, two = self.tables
        words, length = sounds.shape
        way = torch.full((words, length + 1), NO_WAY)
        way[:, 0] = 0
        steps = []
        for letter in letters.T:
            wall = torch.full((words, 1), NO_WAY)
            first = torch.cat([wall, way[:, :-1] + one[letter[:, None], sounds]], 1)
            pair = two[letter[:, None], sounds[:, :-1], sounds[:, 1:]]
            second = torch.cat([wall, wall, way[:, :-2] + pair], 1)
            ways = torch.stack([way + none[letter, None], first, second])
            merged, step = ways.max(0) if best else (ways.logsumexp(0), None)
            way = torch.where((letter > 0)[:, None], merged, way)
            if step is not None:
                steps.append(torch.where((letter > 0)[:, None], step, 0))
        ends = (sounds > 0).sum(1, keepdim=True)
        return way.gather(1, ends)[:, 0], torch.stack(steps) if steps else torch.empty(0)

    def learn(self, batches: list[tuple[Tensor, Tensor]]) -> float:
        """Take one step of expectation and maximisation; the gradients are expected counts."""
        for table in self.tables:
            table.requires_grad_().grad = None
        total = 0.0
        for letters, sounds in batches:
            chance = self.lattice(letters, sounds, best=False)[0]
            chance.sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it so
            total += float(chance.detach().sum())
        counts = [torch.as_tensor(table.grad) + 1e-3 for table in self.tables]
        sums = counts[0] + counts[1].sum(1) + counts[2].sum((1, 2))
        none, one, two = (each.log() for each in counts)
        base = sums.log()
        self.tables = [none - base, one - base[:, None], two - base[:, None, None]]
        return total

    def chunks(self, batches: list[tuple[Tensor, Tensor]]) -> list[list[int]]:
        """Give how many sounds each letter stands for, word by word; [] where there is no way."""
        found = []
        for letters, sounds in batches:
            with torch.no_grad():
                chance, steps = self.lattice(letters, sounds, best=True)
            place = (sounds > 0).sum(1)
            widths = torch.zeros_like(letters)
            for at in reversed(range(letters.shape[1])):
                widths[:, at] = steps[at].gather(1, place[:, None])[:, 0]
                place = (place - widths[:, at]).clamp(min=0)
            sizes = (letters > 0).sum(1)
            rows = zip(widths.tolist(), sizes.tolist(), chance.tolist(), strict=True)
            found += [row[:size] if total > NO_WAY / 2 else [] for row, size, total in rows]
        return found

    def forbid(self, seen: Counter[tuple[str, str]]) -> None:
        """Leave only what was seen often."""
        kept = [torch.full_like(table, NO_WAY) for table in self.tables]
        for (letter, label), count in seen.items():
            at = (code(letter), *(SOUNDS.index(sound) + 1 for sound in label))
            if count >= FEWEST:
                kept[len(label)][at] = self.tables[len(label)][at]
        self.tables = kept


def code(letter: str) -> int:
    """Number a letter from 1."""
    return ord(letter) - ord("a") + 1


def padded(rows: list[Entry]) -> list[tuple[Tensor, Tensor]]:
    """Make batches of letters and sounds, in the order of the rows."""
    return [
        (
            pad_sequence([torch.tensor([*map(code, word)]) for word, _ in part], batch_first=True),
            pad_sequence(
                [torch.tensor([SOUNDS.index(s) + 1 for s in bare(said)]) for _, said in part],
                batch_first=True,
            ),
        )
        for part in (rows[i : i + AT_ONCE] for i in range(0, len(rows), AT_ONCE))
    ]


def labelled(rows: list[Entry], widths: list[list[int]]) -> list[Aligned]:
    """Give words with each letter's label and stress (-1 where it has no vowel)."""
    done = []
    for (word, said), sizes in zip(rows, widths, strict=True):
        ends = [sum(sizes[: at + 1]) for at in range(len(sizes))]
        sounds, stress = bare(said), stresses(said)
        labels = [sounds[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        parts = [stress[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        voiced = [any(sound in VOWELS for sound in label) for label in labels]
        marks = [max(part) if v else -1 for part, v in zip(parts, voiced, strict=True)]
        if sizes:
            done.append((word, labels, marks))
    return done


def align(rows: list[Entry]) -> list[Aligned]:
    """Learn from the first words, forget what is rare, and align all, sorted by their length."""
    rows = [(word, said) for word, said in rows if 0 < len(bare(said)) <= 2 * len(word)]
    first, aligner = sorted(rows[:LEARNT_FROM], key=lambda row: len(row[0])), Aligner()
    batches = padded(first)
    for each in range(ROUNDS):
        print(f"alignment {each + 1}: {aligner.learn(batches) / len(first):.3f} a word", flush=True)
    found = labelled(first, aligner.chunks(batches))
    aligner.forbid(
        Counter(pair for word, labels, _ in found for pair in zip(word, labels, strict=True))
    )
    rows = sorted(rows, key=lambda row: len(row[0]))
    return labelled(rows, aligner.chunks(padded(rows)))
