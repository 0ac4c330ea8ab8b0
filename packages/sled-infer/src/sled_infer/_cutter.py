"""A text of any length cut into pieces that a model can hold: at sentences, clauses, or words.

A cut hangs only on what stands before it and on the words after it that are read together. So a
text that comes in pieces is cut as the whole would be, and every word is in exactly one piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

from ._errors import SynthesisError
from ._sentences import ends_clause, ends_sentence
from ._text import LONGEST_WORD, Cleaner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._english import Phrases

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
        hold: with so much or more, words are held back until those read together with them are
            there, so that it can end before all of them.

    """

    paragraph: float
    sentence: float
    clause: float
    full: float
    hold: float = inf


class Cutter:
    """Cuts one text.

    Args:
        weigh: gives how much room a word takes, for the same word always the same; 0 for one in
            which nothing is spoken, which then never begins a piece.
        room: where to cut; None for nowhere.
        phrases: tells which words are read together ("St. James St."): they are parted only where
            a sentence ends, or if a piece cannot hold them. None if each is read by itself.
        spell: gives the words in which one is spoken that no piece can hold, such as an address;
            None where such a word has a piece of its own, whatever comes of it.

    """

    def __init__(
        self,
        weigh: Callable[[str], float],
        room: Room | None,
        phrases: Phrases | None = None,
        spell: Callable[[str], str] | None = None,
    ) -> None:
        self._cleaner = Cleaner(paragraphs=True, stops=phrases is not None)
        # Most words of a text come again, and numbers cost milliseconds to put into words.
        self._weigh = lru_cache(maxsize=4096)(weigh)
        self._room = room
        self._spell = spell
        self._phrases = phrases
        self._held = ""
        self._last = ""
        self._apart = True
        self._weight = 0.0
        self._phrase: list[str] = []
        self._phrase_weight = 0.0

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
        rest, self._held = self._held + self._cleaner.rest(), ""
        return [*self._taken(_BOUNDARY.split(rest)), *self._release()]

    def _taken(self, words: list[str]) -> Iterator[str | Cut]:
        for word in self._fitting(words):
            weight = self._weigh(word.strip())
            together = self._phrases is not None and not self._phrases.begins(word.strip())
            if not together:
                yield from self._release()
            if self._room is not None and weight:
                yield from self._cut_before(word, weight, self._room, together=together)
            self._phrase.append(word)
            self._phrase_weight += weight
            if weight:
                self._last = word.strip()
            elif word.strip()[-1:] in _MARKS:  # apart from its word: "Really ?"
                self._last += word.strip()
            if not self._holds():
                yield from self._release()

    def _fitting(self, words: list[str]) -> Iterator[str]:
        """Give the words, for those that are too long for any piece the words spoken in them."""
        for word in filter(None, words):
            if self._room is None or self._spell is None or self._fits(word, self._room):
                yield word
                continue
            lead = word[: len(word) - len(word.lstrip())]
            for said in self._spell(word.strip()).split():
                for part in self._halved(said, self._room):
                    yield lead + part
                    lead = " "
            yield from " " * word[-1].isspace()

    def _halved(self, word: str, room: Room) -> Iterator[str]:
        """Give a word in parts that a piece can hold."""
        if len(word) == 1 or self._fits(word, room):
            yield word
        else:
            yield from self._halved(word[: len(word) // 2], room)
            yield from self._halved(word[len(word) // 2 :], room)

    def _fits(self, word: str, room: Room) -> bool:
        return self._weigh(word.strip()) <= room.full

    def _holds(self) -> bool:
        """Tell whether a piece may have to end before what was taken last."""
        if self._room is None or self._phrases is None or self._phrases.closed:
            return False
        # What is not spoken never begins a piece.
        return self._phrase_weight > 0 and self._room.hold <= self._weight + self._phrase_weight

    def _cut_before(
        self, word: str, weight: float, room: Room, *, together: bool
    ) -> Iterator[str | Cut]:
        """Cut before a word if that is due, or before all that is read together with it."""
        before = self._weight + self._phrase_weight
        pause = self._pause(word, before, room, together=together) if before else None
        if pause is None and before + weight > room.full:
            if self._weight and self._phrase:
                yield self._cut(0.0)
                before = self._phrase_weight
            pause = 0.0 if before and before + weight > room.full else None
        if pause is not None:
            yield from self._release()
            yield self._cut(pause)
            if self._phrases is not None:
                self._phrases.closed = True
                self._phrases.begins(word.strip())

    def _pause(self, word: str, before: float, room: Room, *, together: bool) -> float | None:
        """Give the pause of a cut before a word where something ends; None for no cut."""
        if before >= room.paragraph and word.startswith("\n"):
            return PARAGRAPH_PAUSE
        if before >= room.sentence and ends_sentence(self._last, word.strip()):
            return SENTENCE_PAUSE
        if before >= room.clause and ends_clause(self._last) and not together:
            return CLAUSE_PAUSE
        return None

    def _cut(self, pause: float) -> Cut:
        self._weight = 0.0
        self._apart = True
        return Cut(pause)

    def _release(self) -> Iterator[str]:
        """Give what was held back."""
        for word in self._phrase:
            yield (" " if word[0].isspace() and not self._apart else "") + word.lstrip()
            self._apart = word[-1].isspace()
        self._weight += self._phrase_weight
        self._phrase, self._phrase_weight = [], 0.0


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
