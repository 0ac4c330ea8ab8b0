"""English as it is spoken: numbers, dates, times, money, abbreviations and symbols in words.

Words stay as they are; what is not plainly a word goes, with a word before it and two after it,
to spokenform, which knows how it is read. So a text that still comes can be read as far as it is
certain, and whatever the cuts, the outcome is that of the whole text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from ._calendar import is_joined
from ._figures import one_by_one
from ._numerals import value
from ._sentences import ends_sentence, opens_sentence
from ._shorthand import SHORT
from ._symbols import APOSTROPHES, AROUND, CLOSING, DASHES, GREEK, NO_UNIT, OPENING, SYMBOLS
from ._words import LONG_WORD, parted
from ._written import is_watched, rewritten

LONGEST_PHRASE = 40  # words; a phrase without end is cut there
_AFTER = 2  # words that may belong to what stands before them: "5 June 2021"
_PLAIN = re.compile(
    rf"[{re.escape(OPENING)}]*[^\W\d_]+(?:[{APOSTROPHES}-][^\W\d_]+)*[{APOSTROPHES}]?"
    rf"[,;:!?.…]*[{re.escape(CLOSING)}]*[,;:]?|[{DASHES}…]+"
)
_END = re.compile(rf"(?<![.!?…])[.!?…]+[{re.escape(CLOSING)}]*\Z")
_INNER_DOT = re.compile(r"[^\W\d_]\.[^\W\d_]")
# Abbreviations that in small letters are words: "The cat sat."
_WORDS_TOO = frozenset(
    f"{word}." for word in ("gal", "in", "mar", "max", "no", "rev", "sat", "sun", "wed")
)
# Of these, units behind a number, and what stands before one.
_UNITS_TOO, _NUMBER_TOO = frozenset(("gal.", "in.")), "no."
# Behind these any capital begins a sentence: "Bake 30 min. Let it cool."
_MEASURES = frozenset(
    f"{unit}." for unit in ("cm", "hr", "hrs", "kg", "km", "lb", "lbs", "mg", "min", "mins", "ml")
) | frozenset(("mm.", "oz.", "sec.", "secs.", "tbsp.", "tsp."))
_ROMAN = re.compile(r"(?<=[a-z] )(?=[IVX]{2})(X{0,2}(?:IX|IV|V?I{2,3}|VI|V|I{2,3})|X{1,2})\b")
# As its words are spelled; a house number is a number.
_OPTIONS = {
    "language": "en",
    "normalize_literals": True,
    "registered_acronym_mode": "spell",
    "disabled_domains": ("addresses",),
}
_NUMBER_SIGN = re.compile(r"(?:\b[Nn]o\.|#|№) ?(\d+)\b")
_SYMBOL = re.compile(f"[{re.escape(''.join(SYMBOLS))}]")
_BEFORE_MARK = re.compile(rf" (?=[,.;:!?)\]}}{CLOSING[-3:]}])")
_ACRONYM = re.compile(r"\b(?:A(?!M\b)[A-Z]{1,4}|PhD|[BM]Sc)\b")
_INITIALS = re.compile(r"\b[A-Z]\.[a-z]\b")  # it makes "U.S. and" "U.s and"
_POINT = re.compile(r"(?<=\d)\.(\d+)")
_GREEK = "".join(GREEK) + "".join(GREEK).upper()
_LONE_GREEK = re.compile(rf"(?<![{_GREEK}])[{_GREEK}](?![{_GREEK}])")  # unlike a word's
_NAMELESS = frozenset(_GREEK)
_LONGEST_NUMBER = 12  # digits; of more, no number is read out
_FIRST_YEAR, _ROUND_YEARS, _LAST_YEAR = 1100, range(2000, 2010), 2099


class Phrases:
    """Tells which words are read together, from each word and those before it.

    Attributes:
        closed: whether the last word surely ends its phrase.

    """

    def __init__(self) -> None:
        self.closed = True
        self._count = 0
        self._since = _AFTER
        self._last = ""

    def begins(self, word: str) -> bool:
        """Take the next word, and tell whether it is read apart from those before it."""
        special = not _is_plain(word)
        apart = self.closed or _ended(self._last, word) or (not special and self._since >= _AFTER)
        if apart:
            self._count, self._since = 0, _AFTER
        self._count += 1
        self._since = 0 if special else self._since + 1
        full = self._count == LONGEST_PHRASE or len(word) >= LONG_WORD
        self.closed = full or self._surely_ends(word)
        self._last = word
        return apart

    def _surely_ends(self, word: str) -> bool:
        if word == _NUMBER_TOO or (word in _UNITS_TOO and self._last[-1:].isnumeric()):
            return False
        return _closes(word)


class EnglishWords:
    """Puts a text that comes in pieces into words.

    Attributes:
        held: the end of what has come, which further text may still change.

    """

    def __init__(self) -> None:
        self._words: list[str] = []
        self._last = ""

    @property
    def held(self) -> str:
        """The end of what has come, which further text may still change."""
        return " ".join([*self._words, self._last])

    def push(self, text: str, *, whole_words: bool, final: bool = False) -> str:
        """Take text on one line, and give the spoken words that have become certain.

        Args:
            text: words with one space between them; a space comes with the word after it.
            whole_words: the last word is whole.
            final: no more text will come.

        """
        *whole, self._last = (self._last + text).split(" ")
        if whole_words or final:
            whole, self._last = [*whole, self._last], ""
        self._words += (part for word in whole for part in parted(word))
        spoken = []
        while count := self._certain(final=final):
            phrase, self._words = self._words[:count], self._words[count:]
            spoken.append(_speak(phrase))
            if count < LONGEST_PHRASE and self._words and _ended(phrase[-1], self._words[0]):
                spoken[-1] = _END.sub("", spoken[-1]) + "."  # the library may have taken it away
        return " ".join(filter(None, spoken))

    def _certain(self, *, final: bool) -> int:
        """Count the words of the first phrase, or 0 if it may go on."""
        phrases = Phrases()
        for place, word in enumerate(self._words):
            if phrases.begins(word) and place:
                return place
            if phrases.closed:
                return place + 1
        return len(self._words) if final else 0


def _speak(words: list[str]) -> str:
    phrase = " ".join(words)
    if all(map(_is_plain, words)):
        return phrase
    phrase = rewritten(phrase)
    if all(map(_is_in_words, phrase.split())):
        return _tidy(phrase)
    phrase = _NUMBER_SIGN.sub(lambda found: f"number {_number(found[1])}", phrase)
    names = set(_ACRONYM.findall(phrase))
    return _tidy(_joined(_without_digits(_prepare(phrase)), names))


def _joined(text: str, names: set[str]) -> str:
    """Write together what was: the "A" of "A T M" by itself is an article, "h" is no word."""
    for name in names:
        text = re.sub(rf"\b{' '.join(name)}\b", name, text)
    return text


@lru_cache(maxsize=4096)
def _is_plain(word: str) -> bool:
    """Tell whether a word is read as it is written, whatever stands around it."""
    return not is_watched(word.strip(AROUND)) and _is_in_words(word)


@lru_cache(maxsize=4096)
def _is_in_words(word: str) -> bool:
    """Tell whether a word needs no reading."""
    if not _PLAIN.fullmatch(word) or any(map(str.isnumeric, word)):
        return False
    letters = "".join(filter(str.isalpha, word))
    if not _NAMELESS.isdisjoint(letters):
        return False
    return not (len(letters) > 1 and letters.isupper()) and not _is_short(word)


@lru_cache(maxsize=4096)
def _is_short(word: str) -> bool:
    """Tell whether a full stop at the word's end may be that of an abbreviation."""
    bare = word.strip(f"{OPENING}{CLOSING},;:!?")
    if not bare.endswith("."):
        return False
    if bare in _WORDS_TOO:
        return False
    if bare.rpartition("-")[2] in SHORT or is_joined(bare):
        return True
    known: bool = _library().has_abbreviation(bare, language="en")
    return known or len(bare.rstrip(".")) == 1 or _INNER_DOT.search(bare) is not None


def _closes(word: str) -> bool:
    """Tell whether a sentence surely ends with this word."""
    return _END.search(word) is not None and not _is_short(word)


def _ended(last: str, word: str) -> bool:
    """Tell by the next word what alone it leaves open: "no. We" has ended, "no. 5" has not."""
    if last == _NUMBER_TOO:
        return not word[:1].isdigit()
    if last in _MEASURES:
        return word.lstrip(OPENING)[:1].isupper()
    short = last in _UNITS_TOO or _is_short(last)
    return short and opens_sentence(word) and ends_sentence(last, word)


def _prepare(phrase: str) -> str:
    try:
        prepared = _library().prepare(phrase, **_OPTIONS)
    except (ValueError, ArithmeticError, LookupError):  # a number of no known form, or too long
        return phrase
    return _INITIALS.sub(lambda found: found[0].upper(), str(prepared.spoken_text))


def _without_digits(text: str) -> str:
    """Read what the library left: bare numbers, symbols, Roman numbers after a word."""
    text = _LONE_GREEK.sub(lambda found: f" {GREEK[found[0].lower()]} ", text)
    text = _SYMBOL.sub(lambda found: f" {SYMBOLS[found[0]]} ", text)
    text = _ROMAN.sub(lambda found: _number(str(value(found[0]))), text)
    text = "".join(_plain_digits(each) for each in text)
    text = _POINT.sub(lambda found: f" point {one_by_one(found[1])}", text)
    text = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", " ", text)
    return re.sub(r"\d+", lambda found: _number(found[0]), text)


def _plain_digits(character: str) -> str:
    if character.isnumeric() and not (character.isascii() or character.isalpha()):
        return f" {unicodedata.normalize('NFKC', character)} "
    return character


@lru_cache(maxsize=4096)
def _number(digits: str) -> str:
    """Read a bare number: four digits as a year where years are, very many one by one."""
    plain = "".join(str(int(digit)) for digit in digits)
    if plain.startswith("0") or len(plain) > _LONGEST_NUMBER:
        return one_by_one(plain)
    value = int(plain[:5])
    year = len(plain) == len("1984") and _FIRST_YEAR <= value <= _LAST_YEAR
    if year and value not in _ROUND_YEARS:
        read = _prepare(f"in {plain}").removeprefix("in ")
    else:
        options = {"language": "en", "long_number_mode": "cardinal"}
        read = str(_library().prepare(plain, **options).spoken_text)
    if not any(character.isdigit() for character in read):
        return read
    return one_by_one(plain)


def _tidy(text: str) -> str:
    return _BEFORE_MARK.sub("", " ".join(text.replace(NO_UNIT, "").split()))


@cache
def _library():  # type: ignore[no-untyped-def]  # noqa: ANN202 - a module
    import spokenform  # noqa: PLC0415 - takes a second, and few need it

    return spokenform
