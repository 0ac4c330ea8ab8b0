"""Endings of English words: which stems a written ending may stand on, and how it is said.

The symbols are those of `_lexicon`. The rules are those of any grammar of English: -s is "s" after
a voiceless sound, "ᵻz" after a hissing one, else "z"; -ed is "t", "d", or "ᵻd" after t and d; an
American "t" between vowels is a flap, "ɾ".
"""

# ruff: noqa: RUF001 - the symbols of sounds look like letters

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VOWELS = frozenset("AIOWYaiuæɑɐɔəɛɜɪʊʌᵻᵊ")
_FLAPPING = frozenset("AIOWYiuæɑəɛɪɹʊʌ")  # a "t" after one of these and before a vowel is a flap
_HISSING, _VOICELESS = frozenset("szʃʒʧʤ"), frozenset("ptkfθsʃʧ")
_LEAST = dict.fromkeys(("er", "est", "able"), 3)  # letters of a stem; 2 before other endings
_DOUBLED = re.compile(r"([bcdgklmnprstvz])\1\Z")
_SHORT = re.compile(r"(?:[^aeiou]|qu)[aeiouy][bcdgklmnprstvz]\Z")  # "hop", unlike "hoop" or "help"


def inflections(word: str) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Give the stems a word in small letters may stand on, and what its ending does to each."""
    for ending, add in _ENDINGS:
        if word.endswith(ending) and not (ending == "s" and word.endswith("ss")):
            for stem in _stems(word[: -len(ending)], ending):
                if len(stem) >= _LEAST.get(ending, 2):
                    yield stem, add


def clitic(word: str) -> tuple[str, Callable[[str], str]] | None:
    """Part a word from what an apostrophe ties to it: "Smith's", "who'll"."""
    for ending, add in _CLITICS:
        if word.lower().endswith(ending) and len(word) > len(ending):
            return word[: -len(ending)], add
    return None


def _stems(stem: str, ending: str) -> Iterator[str]:
    """Undo what writing does to a stem before an ending: dropped e, doubled letter, y as i."""
    if ending in {"ed", "ing", "er", "est", "able"}:
        if _SHORT.search(stem):
            yield stem + "e"
        yield stem
        yield stem + "e"
        if _DOUBLED.search(stem):
            yield stem[:-1]
        if ending in {"er", "est"} and stem.endswith("i"):
            yield stem[:-1] + "y"
        return
    yield stem
    if ending in {"d", "s"} and stem.endswith("ie"):
        yield stem[:-2] + "y"
    if ending == "s" and stem.endswith("e"):
        yield stem[:-1]
    if ending in {"ly", "ness", "ful", "less"} and stem.endswith("i"):
        yield stem[:-1] + "y"
    if ending == "ly":
        yield from (stem + "le", stem + "l")
        if stem.endswith("al"):
            yield stem[:-2]


def plural(stem: str) -> str:
    """Add -s or -'s."""
    if stem[-1] in _HISSING:
        return stem + "ᵻz"
    return stem + ("s" if stem[-1] in _VOICELESS else "z")


def _past(stem: str) -> str:
    if stem[-1] in "td":
        return _flapped(stem) + "ᵻd"
    return stem + ("t" if stem[-1] in _VOICELESS else "d")


def _flapped(stem: str) -> str:
    flaps = len(stem) > 1 and stem[-1] == "t" and stem[-2] in _FLAPPING
    return stem[:-1] + "ɾ" if flaps else stem


def _ly(stem: str) -> str:
    return stem.removesuffix("ᵊl").removesuffix("l") + "li"


def _ve(stem: str) -> str:
    return stem + ("v" if stem[-1] in VOWELS else "əv")


def _then(said: str) -> Callable[[str], str]:
    return lambda stem: (_flapped(stem) if said[0] in VOWELS else stem) + said


_CLITICS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("'s", plural),
    ("'ll", lambda stem: stem + "ᵊl"),
    ("'d", _past),
    ("'ve", _ve),
)
_ENDINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("s", plural),
    ("ed", _past),
    ("d", _past),
    ("ing", _then("ɪŋ")),
    ("in'", _then("ɪn")),
    ("ly", _ly),
    ("ness", _then("nəs")),
    ("less", _then("ləs")),
    ("ful", _then("fᵊl")),
    ("able", _then("əbᵊl")),
    ("est", _then("ᵻst")),
    ("er", _then("əɹ")),
)
