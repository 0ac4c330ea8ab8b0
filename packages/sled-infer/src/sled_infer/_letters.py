"""How an unknown word is pronounced, by its letters: a small network over their neighbours.

Letters.read(Path("letters.safetensors")).pronounce("quibblewick")

Each letter stands for a label, which is none, one or two sounds; a second output says how a vowel
is stressed. Both see eight letters to each side. `tools/embedded/train_letters.py` trains it.
"""
# ruff: noqa: RUF001 - the symbols of sounds look like letters

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.nn import functional

from ._errors import SynthesisError
from ._inflection import VOWELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

LETTERS = 26
STRESS_MARKS = ("", "ˈ", "ˌ")  # what the second output chooses from
WIDTH, DEPTH, REACH = 112, 4, 2
_FAINT = frozenset("əᵊᵻɐ")  # never bear the main stress beside other vowels
_NEVER = -1e4


class LetterNet(nn.Module):
    """Residual convolutions over a word's letters.

    Args:
        labels: how many.

    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(LETTERS + 1, WIDTH)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(DEPTH + 1))
        span = (2 * REACH + 1) * WIDTH
        self.layers = nn.ModuleList(nn.Linear(span, WIDTH) for _ in range(DEPTH))
        self.labels = nn.Linear(WIDTH, labels)
        self.stresses = nn.Linear(WIDTH, len(STRESS_MARKS))

    def forward(self, letters: Tensor) -> tuple[Tensor, Tensor]:
        """Score the labels and stresses of each letter.

        Args:
            letters: `[words, letters]`, 1 to 26; 0 pads words at their ends and changes nothing.

        Returns:
            logits `[words, letters, labels]` and `[words, letters, 3]`.

        """
        there = (letters > 0)[..., None]
        x = self.embedding(letters)
        for norm, layer in zip(self.norms, self.layers, strict=False):
            near = functional.pad(norm(x) * there, (0, 0, REACH, REACH))
            spans = [near[:, k : k + letters.shape[1]] for k in range(2 * REACH + 1)]
            x = x + functional.relu(layer(torch.cat(spans, -1)))
        x = self.norms[-1](x)
        return self.labels(x), self.stresses(x)


class Letters:
    """Pronounces words by their letters.

    Attributes:
        net: trained.
        labels: the sounds each label stands for, without stress.
        allowed: `[27, labels]`, whether a letter may stand for a label.

    """

    def __init__(self, net: LetterNet, labels: Sequence[str], allowed: Tensor) -> None:
        self.net = net.eval()
        self.labels = labels
        self.allowed = allowed
        self._voiced = torch.tensor([any(sound in VOWELS for sound in each) for each in labels])

    @classmethod
    def read(cls, path: Path) -> Letters:
        """Read what `train_letters.py` wrote; SynthesisError if it is not there or broken."""
        try:
            with safe_open(path, "pt") as file:
                labels = json.loads(file.metadata()["labels"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            allowed = tensors.pop("allowed").bool()
            net = LetterNet(len(labels))
            net.load_state_dict({name: each.float() for name, each in tensors.items()})
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise SynthesisError(f"{path}: no letters ({error}); reinstall sled-infer") from error
        return cls(net, labels, allowed)

    def pronounce(self, word: str) -> str:
        """Give the sounds of a word of the letters a to z, with one main stress.

        "" if no sequence of its letters' labels has a vowel.
        """
        letters = torch.tensor([[ord(letter) - ord("a") + 1 for letter in word.lower()]])
        with torch.inference_mode():
            scores, stresses = self.net(letters)
        scores = scores[0].masked_fill(~self.allowed[letters[0]], _NEVER)
        chosen = self._choose(scores)
        if not self._voiced[chosen].any():
            return ""
        marks = self._stress([self.labels[each] for each in chosen], stresses[0])
        return "".join(
            _marked(self.labels[each], mark) for each, mark in zip(chosen, marks, strict=True)
        )

    def _choose(self, scores: Tensor) -> list[int]:
        """Take the best label of each letter, one with a vowel at the letter where it costs least.

        Args:
            scores: `[letters, labels]`.

        """
        best, chosen = scores.max(-1)
        if not self._voiced[chosen].any():
            with_vowel, label = scores.masked_fill(~self._voiced, _NEVER).max(-1)
            place = int((with_vowel - best).argmax())
            if with_vowel[place] > _NEVER:
                chosen[place] = label[place]
        return [int(each) for each in chosen]

    def _stress(self, sounds: list[str], scores: Tensor) -> list[str]:
        """Give the mark of each letter, the main one where it is likeliest.

        Args:
            sounds: of each letter.
            scores: `[letters, 3]`.

        """
        vowels = [place for place, each in enumerate(sounds) if any(s in VOWELS for s in each)]
        full = [place for place in vowels if not set(sounds[place]) & _FAINT] or vowels
        chances = scores.softmax(-1)
        main = max(full, key=lambda place: float(chances[place, 1]))
        marks = [""] * len(sounds)
        for place in vowels:
            second = chances[place, 2] + chances[place, 1] > chances[place, 0]
            marks[place] = STRESS_MARKS[1 if place == main else 2 if second else 0]
        return marks


def _marked(sounds: str, mark: str) -> str:
    """Put a stress mark before the first vowel."""
    place = next((place for place, each in enumerate(sounds) if each in VOWELS), 0)
    return sounds[:place] + mark + sounds[place:]
