"""How a text is put into words before it is read: not at all, digit by digit, or as English.

A voice's card says which it was trained on; published models read texts as they are written.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Protocol, get_args

from ._english import EnglishWords, Phrases
from ._errors import SynthesisError
from ._speech import Normalise
from ._symbols import DIGITS

NORMALISERS: tuple[str, ...] = get_args(Normalise)
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_PART = re.compile(r"\d|\D+")


class Normaliser(Protocol):
    """Puts a text that comes in pieces into words; the outcome does not hang on the cuts."""

    @property
    def held(self) -> str:
        """The end of what has come, which further text may still change."""
        ...

    def push(self, text: str, *, whole_words: bool, final: bool = False) -> str:
        """Take text on one line, and give whole words that have become certain.

        Args:
            text: words with one space between them; a space comes with the word after it.
            whole_words: the last word is whole.
            final: no more text will come.

        """
        ...


class DigitWords:
    """Reads numbers digit by digit: "314" is "three one four", "3.1" is "three point one".

    Attributes:
        held: the last word, which may go on.

    """

    def __init__(self) -> None:
        self.held = ""

    def push(self, text: str, *, whole_words: bool, final: bool = False) -> str:
        """Take text and give its whole words."""
        *whole, self.held = (self.held + text).split(" ")
        if whole_words or final:
            whole, self.held = [*whole, self.held], ""
        return " ".join(map(_spelled, filter(None, whole)))


def make_normaliser(name: str) -> Normaliser | None:
    """Make a new one; None for "none", SynthesisError for a name that is not known."""
    check_normaliser(name)
    return {"none": lambda: None, "digits": DigitWords, "en": EnglishWords}[name]()


def make_phrases(name: str) -> Phrases | None:
    """Make what tells which words are read together; None if each is read by itself."""
    return Phrases() if name == "en" else None


def check_normaliser(name: str) -> Normalise:
    """Give the name back; SynthesisError if there is no such normalisation."""
    for known in get_args(Normalise):
        if name == known:
            return known  # type: ignore[no-any-return]
    raise SynthesisError(f"normalise: {name!r} is not one of {', '.join(NORMALISERS)}")


def normalise(text: str, language: str = "en") -> str:
    """Put numbers, dates, times, money, abbreviations and symbols of a text into words.

    Args:
        text: on any number of lines; white space is evened out.
        language: "en" for English, "digits" for digits one by one, "none" for the text as it is.

    Raises:
        SynthesisError: another language.

    """
    line = " ".join(text.split())
    normaliser = make_normaliser(language)
    return line if normaliser is None else normaliser.push(line, whole_words=True, final=True)


def _spelled(word: str) -> str:
    """Put each digit into a word of its own; what is no letter stays with what it follows."""
    spelled = ""
    for part in _PART.findall(_POINT.sub(" point ", word)):
        said = DIGITS[unicodedata.digit(part)] if part.isdecimal() else part
        apart = spelled[-1:].isalnum() and said[:1].isalnum()
        spelled += f" {said}" if apart else said
    return spelled
