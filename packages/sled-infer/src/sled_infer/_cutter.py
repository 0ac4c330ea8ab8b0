"""A text of any length cut into pieces that a model can hold: at sentences, clauses, or words.

A cut hangs only on what stands before it and on the word after it. So a text that comes in pieces
is cut as the whole would be, and every word is in exactly one piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ._errors import SynthesisError
from ._sentences import ends_clause, ends_sentence
from ._text import LONGEST_WORD, Cleaner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARAGRAPH_PAUSE, SENTENCE_PAUSE, CLAUSE_PAUSE = 0.7, 0.3, 0.15
_MARKS = ".!?…,;:"
_FAR_EAST_MARKS = "。！？；，、"  # noqa: RUF001 - full-width marks are meant
# Before white space, and after the marks of scripts that put none between words.
_BOUNDARY = re.compile(rf"(?=[ \n])|(?<=[{_FAR_EAST_MARKS}])(?![{_FAR_EAST_MARKS}”’」』）\s]|\Z)")  # noqa: RUF001


@dataclass(frozen=True)
class Cut:
    """An end of a piece, and the seconds of silence before the next one."""

    pause: float


@dataclass(frozen=True)
class Piece:
    """A part of a text, and the seconds of silence before it."""

    text: str
    pause: float = 0.0


@dataclass(frozen=True)
class Room:
    """How much a piece may hold, in the unit of the cutter's `weigh`.

    Attributes:
        paragraph: with so much or more, it ends with a paragraph.
        sentence: with so much or more, it ends with a sentence.
        clause: with so much or more, it ends with a clause.
        full: no word more is taken in.

    """

    paragraph: float
    sentence: float
    clause: float
    full: float


class Cutter:
    """Cuts one text.

    Args:
        weigh: gives how much room a word takes, for the same word always the same; 0 for one in
            which nothing is spoken, which then never begins a piece.
        room: where to cut; None for nowhere.

    """

    def __init__(self, weigh: Callable[[str], float], room: Room | None) -> None:
        self._cleaner = Cleaner(paragraphs=True)
        # Most words of a text come again, and numbers cost milliseconds to put into words.
        self._weigh = lru_cache(maxsize=4096)(weigh)
        self._room = room
        self._held = ""
        self._last = ""
        self._apart = False
        self._weight = 0.0

    def push(self, piece: str) -> list[str | Cut]:
        """Take a piece of text of any length, and give what of it is certain, with its cuts.

        Raises:
            SynthesisError: it is no string, breaks a surrogate pair, or a word has no end.

        """
        self._held += self._cleaner.push(piece)
        *whole, self._held = _BOUNDARY.split(self._held) or [""]
        if self._cleaner.at_word_end and self._held:
            whole, self._held = [*whole, self._held + " "], ""
        if len(self._held) > LONGEST_WORD:
            raise SynthesisError(
                f"text: a word of more than {LONGEST_WORD} characters; put spaces between words"
            )
        return list(self._taken(whole))

    def finish(self) -> list[str | Cut]:
        """Give the rest; SynthesisError if the text ends with half a surrogate pair."""
        self._cleaner.check_end()
        rest, self._held = self._held, ""
        return list(self._taken([rest]))

    def _taken(self, words: list[str]) -> Iterator[str | Cut]:
        for word in filter(None, words):
            weight = self._weigh(word.strip())
            pause = self._pause(word, weight)
            if pause is not None:
                self._weight = 0.0
                yield Cut(pause)
            apart = word[0].isspace() and pause is None and not self._apart
            yield (" " if apart else "") + word.lstrip()
            self._apart = word[-1].isspace()
            self._weight += weight
            if weight:
                self._last = word.strip()
            elif word.strip()[-1:] in _MARKS:  # apart from its word: "Really ?"
                self._last += word.strip()

    def _pause(self, word: str, weight: float) -> float | None:
        """Give the pause of a cut before this word; None for no cut."""
        room = self._room
        if room is None or not weight or not self._weight:
            return None
        if self._weight >= room.paragraph and word.startswith("\n"):
            return PARAGRAPH_PAUSE
        if self._weight >= room.sentence and ends_sentence(self._last, word.strip()):
            return SENTENCE_PAUSE
        if self._weight >= room.clause and ends_clause(self._last):
            return CLAUSE_PAUSE
        return 0.0 if self._weight + weight > room.full else None


def cut(text: str, cutter: Cutter) -> Iterator[Piece]:
    """Give the pieces of a whole text."""
    said, pause = "", 0.0
    for each in [*cutter.push(text), *cutter.finish()]:
        if isinstance(each, Cut):
            yield Piece(said.strip(), pause)
            said, pause = "", each.pause
        else:
            said += each
    yield Piece(said.strip(), pause)
