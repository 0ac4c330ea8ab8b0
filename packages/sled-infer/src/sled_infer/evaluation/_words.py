"""Word errors: what was said against what was heard, substitutions, deletions, insertions apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._judges import WORDS, Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class WordErrors:
    """The errors against `length` words that were to be said; may be summed."""

    substitutions: int
    deletions: int
    insertions: int
    length: int

    @property
    def total(self) -> int:
        """All errors."""
        return self.substitutions + self.deletions + self.insertions


def compare(said: Sequence[str], heard: Sequence[str]) -> WordErrors:
    """Count the fewest errors that turn `said` into `heard` (Levenshtein).

    Where several ways have equally few, the one with the most substitutions counts, as is usual.
    """
    # A cell is (errors, -substitutions, deletions, insertions): the least of its ways.
    row = [(count, 0, 0, count) for count in range(len(heard) + 1)]
    for done, word in enumerate(said, 1):
        above, row = row, [(done, 0, done, 0)]
        for column, other in enumerate(heard, 1):
            errors, swaps, dropped, added = above[column - 1]
            wrong = int(word != other)
            swapped = (errors + wrong, swaps - wrong, dropped, added)
            errors, swaps, dropped, added = above[column]
            deleted = (errors + 1, swaps, dropped + 1, added)
            errors, swaps, dropped, added = row[-1]
            row.append(min(swapped, deleted, (errors + 1, swaps, dropped, added + 1)))
    _, swaps, dropped, added = row[-1]
    return WordErrors(-swaps, dropped, added, len(said))


def normalise(texts: Iterable[str], *, offline: bool = False) -> dict[str, list[str]]:
    """Give the words of each text, in the one form in which words are compared.

    Raises:
        SynthesisError: the normaliser's environment cannot be made.

    """
    wanted = list(dict.fromkeys(texts))
    if not wanted:
        return {}
    with Session(WORDS, offline=offline) as session:
        return {text: list(session.ask(json.dumps(text))["words"]) for text in wanted}
