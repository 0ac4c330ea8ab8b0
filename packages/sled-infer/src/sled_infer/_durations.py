"""How long each symbol of a pronunciation lasts: a small network over its neighbours.

A symbol's duration is told from the ten symbols before it and those after it up to the end of its
word, the marks behind that among them. So a word's durations are certain as soon as the word is,
and a text that still comes is timed as the whole text would be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from ._errors import SynthesisError
from ._lexicon import ALPHABET
from ._phonemes import MARKS

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

GAP = " "
SYMBOLS = GAP + ALPHABET + MARKS
_IDS = {symbol: place for place, symbol in enumerate(SYMBOLS, 1)}
KEPT = 10  # symbols on either side that count
_WIDTH = 2 * KEPT + 1
_LEAST = 0.7  # units; what training data round up to 1
_FORMAT = "sled-durations-1"


class Durations(nn.Module):
    """Windows of symbols to durations in units of 25 ms.

    Args:
        embedding: size of a symbol's vector.
        hidden: size of the two hidden layers.

    """

    def __init__(self, embedding: int = 24, hidden: int = 160) -> None:
        super().__init__()
        self.symbols = nn.Embedding(len(SYMBOLS) + 1, embedding)
        self.layers = nn.Sequential(
            nn.Linear(embedding * _WIDTH, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, windows: Tensor) -> Tensor:
        """Give the durations [N] of the middle symbols of windows [N, 21]."""
        out = self.layers(self.symbols(windows).flatten(1))[:, 0]
        return _LEAST + nn.functional.softplus(out)

    @torch.inference_mode()
    def of_word(self, word: str, before: str) -> list[float]:
        """Give the units of each symbol of a word, with its gap and its marks.

        Args:
            word: symbols of `SYMBOLS`, one word's.
            before: all that was said before it; its last ten symbols count.

        """
        rows = windows(word, before)
        units: list[float] = self(torch.tensor(rows)).tolist() if rows else []
        return units

    def save(self, path: Path) -> None:
        """Write the weights as float16."""
        tensors = {name: value.half() for name, value in self.state_dict().items()}
        save_file(tensors, path, {"format": _FORMAT, "symbols": SYMBOLS})

    @classmethod
    def load(cls, path: Path) -> Durations:
        """Read what `save` wrote; SynthesisError if it is missing or damaged."""
        if not path.is_file():
            raise SynthesisError(f"{path}: is missing; restore the voice's folder")
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                if (metadata.get("format"), metadata.get("symbols")) != (_FORMAT, SYMBOLS):
                    raise SynthesisError(f"{path}: holds no durations; restore the voice's folder")
                tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not iterable)
        except SafetensorError as error:
            raise SynthesisError(f"{path}: damaged ({error}); restore the voice's folder") from None
        hidden, width = tensors["layers.0.weight"].shape
        network = cls(width // _WIDTH, hidden)
        network.load_state_dict(tensors)
        return network.eval()


def windows(word: str, before: str) -> list[list[int]]:
    """Give each symbol of a word with its neighbours, as ids, 0 where there is none."""
    past = [_IDS[symbol] for symbol in before[-KEPT:]]
    ids = [0] * (KEPT - len(past)) + past + [_IDS[symbol] for symbol in word] + [0] * KEPT
    return [ids[place : place + _WIDTH] for place in range(len(word))]


def words_of(spoken: str) -> list[str]:
    """Cut a pronunciation into words, each with the gap before it and the marks behind it."""
    if not spoken:
        return []
    cuts = [place for place, symbol in enumerate(spoken) if symbol == GAP and place]
    return [
        spoken[first:past] for first, past in zip([0, *cuts], [*cuts, len(spoken)], strict=True)
    ]
