"""What the library that reads English reads amiss, written so that it is read as it is said.

rewritten("$5K in the mid-1980s")  # "$5 thousand in the mid 1980s"

Each rule is a pattern and what stands instead; they are tried in order on the few words that are
read together, and need no more of the text than those.
"""

# ruff: noqa: RUF001 - dashes and signs are meant

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ._addresses import ADDRESS, address, extension
from ._amounts import any_of, measures, money
from ._numerals import NUMERALS
from ._symbols import APOSTROPHES, DECADES, DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Rule = tuple[str, str | Callable[[re.Match[str]], str]]

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_NAMES = {name[:3]: name for name in (*_DAYS, *_MONTHS)}
_SHORT_NAME = "|".join(_NAMES)
_BEFORE_NAMES = {"Gov": "Governor", "Sen": "Senator", "Rep": "Representative", "Ft": "Fort"} | {
    "Pres": "President",
    "Adm": "Admiral",
    "Supt": "Superintendent",
    "Drs": "Doctors",
    "Assoc": "Associate",
    "Univ": "University",
}
_BEFORE_NUMBERS = {"p": "page", "P": "Page", "pp": "pages", "Pp": "Pages", "Apt": "Apartment"} | {
    "Nos": "numbers",
    "nos": "numbers",
    "Figs": "Figures",
    "figs": "figures",
    "Sec": "Section",
    "Art": "Article",
}
_STREETS = {"St": "Street", "Ave": "Avenue", "Rd": "Road", "Blvd": "Boulevard", "Ln": "Lane"}
_SLASHED = {"w/o": "without", "w/": "with", "b/c": "because", "c/o": "care of"} | {
    "and/or": "and or",
    "n/a": "N A",
    "N/A": "N A",
}
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "nbsp": " "}
# With a full stop, no sentence ends; without one, they are no words.
SHORT = frozenset(f"{word}." for word in (*_BEFORE_NAMES, *_BEFORE_NUMBERS, *_STREETS, "al"))
NO_WORDS = frozenset(("vs", "approx", "St"))
SHORT_RANGE = re.compile(rf"\b({_SHORT_NAME})[-–]({_SHORT_NAME})\b")


def rewritten(phrase: str) -> str:
    """Put words that are read together so that the library reads them as they are spoken."""
    for pattern, instead in _rules():
        phrase = pattern.sub(instead, phrase)
    return phrase


def one_by_one(digits: str) -> str:
    """Read each digit by itself."""
    return " ".join(DIGITS[int(digit)] for digit in digits)


def _street(found: re.Match[str]) -> str:
    return f"{found[1]} {_STREETS[found[2]]}{found[3] if ' ' in found[3] else ''}"


def _name(found: re.Match[str]) -> str:
    return _NAMES[found[1]] + " "


def _names(found: re.Match[str]) -> str:
    return f"{_NAMES[found[1]]} to {_NAMES[found[2]]}"


def _markup() -> Iterator[Rule]:
    """Marks of HTML and Markdown, which are silent, and addresses."""
    yield r"\]\([^\s()]*\)", "]"
    yield r"</?[A-Za-z][\w-]*/?>", ""
    yield rf"&({any_of(_ENTITIES)});", lambda found: _ENTITIES[found[1]]
    yield r"(?<!\S)#+(?!\S)", ""
    yield r"\A(?:> ?)+(?![\d=])", ""
    yield r"[-=]+>", "→"
    yield r"~(?! ?[\d$£€])|~(?=~)", ""
    yield ADDRESS, address
    yield r"(?<=\w)\.(?=\w)", extension
    yield r"(?<!\S)\.(?=[A-Za-z]{2})", "dot "


def _dates() -> Iterator[Rule]:
    yield r"\bSept\.", "September"
    for tens, word in enumerate(DECADES, 2):
        yield rf"[{APOSTROPHES}]{tens}0s\b", word
        yield rf"(?i)\b(the|early|mid|late|his|her|my|your|our|their)[ -]{tens}0s\b", rf"\1 {word}"
    yield r"\b(\d{4}s)[-–](?=\d{4}s\b)", r"\1 to "
    yield r"(?<=[A-Za-z])-(?=\d{4}s\b)", " "
    yield rf"\b({any_of(_NAMES)})\.? (?=(?:1\d|20)\d\d\b|\d\d?(?:st|nd|rd|th)\b)", _name
    yield r"(?<![\w.,$£€/-])(1[1-9]\d\d|20\d\d)[-–]([1-9]\d)\b(?![-–/.]?\d)", r"\1 to \2"
    yield r"\bQ([1-4])(?= )", lambda m: f"Q {DIGITS[int(m[1])]}"
    yield r"\bFY(?=\d)", "FY "
    yield r"\b24/7\b", "twenty-four seven"
    yield r"\b9/11\b", "nine eleven"
    yield SHORT_RANGE.pattern, _names
    yield r"\b(\d{1,2})\.([0-5]\d)(?= ?[ap]\.?m\b)", r"\1:\2"


def _numbers() -> Iterator[Rule]:
    yield (
        r"(?<![\d.,] )(?<![\w.,])([1-9]\d{0,2})((?: \d{3}){2,})(?![.,]?\d| \d)",
        lambda m: m[0].replace(" ", ","),
    )
    yield r"(?<=\d)'(?=\d{3}\b)", ","
    yield r"(?<![\w.,:/–-])(?<!\d )0\d+(?![\d:/–-]|[., ]\d)", lambda m: one_by_one(m[0])
    yield r"\b([A-Z]{2}|[Zz][Ii][Pp](?: code)?) (\d{5})\b(?![.,]?\d)", _digits_after
    yield r"\b([Cc]all|[Dd]ial|[Pp]hone|[Rr]ing) ([19]11|112|999|988)\b(?!-)", _digits_after
    yield r"\b(911|999)(?= (?:call|emergency|operator|dispatcher))", lambda m: one_by_one(m[1])
    yield r"(?<![\w.])(?<!ersion )(\d{1,2})\.(\d{1,2})\.(\d{1,2})(?![\w.]*\d)", _dotted
    yield r"\b([A-Z]{1,2})-(?=\d\d\b)", r"\1 "
    yield r"\b(\d\d)[/–-]\1\b(?![/–-])", r"\1 \1"
    yield r"\b(\d{3})/(\d{2,3})\b(?!/)", r"\1 over \2"
    yield r"\b(\d+):(\d)(?![\d:])", r"\1 to \2"
    yield r"\b(\d+) in (?=\d)", lambda m: f"{one_by_one(m[1])} in " if len(m[1]) == 1 else m[0]
    yield (
        r"(?<![\w.,:/$£€–-])(\d{1,3}(?:[.:]\d+)?(?: ?[ap]m)?)[-–](?=\d{1,3}(?![\d/–-]))",
        r"\1 to ",
    )
    yield r"(?<=\w)\^-(?=\d)", " to the power of minus "
    yield r"\b(\d+(?:\.\d+)?)[eE]([+-]?)(\d+)\b", _scientific


def _digits_after(found: re.Match[str]) -> str:
    return f"{found[1]} {one_by_one(found[2])}"


def _dotted(found: re.Match[str]) -> str:
    return " point ".join(found.groups())


def _scientific(found: re.Match[str]) -> str:
    return f"{found[1]} times 10 to the power of {'minus ' if found[2] == '-' else ''}{found[3]}"


def _letters() -> Iterator[Rule]:
    yield r"\b([A-G])#(?!\w)", r"\1 sharp"
    yield r"\b([A-Z]{2,3})&(?=[A-Z]\b)", lambda m: ".".join(m[1]) + " and "
    yield r"\b([A-F])-(?![\w-])", r"\1-minus"
    yield r"\bA\+(?![\w+])", "A-plus"
    yield r"\bA[-–]Z\b", "A-to-Z"
    yield r"(?<!\w)AD (?=\d)|(?<=\d )AD\b", lambda m: m[0].replace("AD", "A.D")
    yield r"\bWW(?=[I123]+\b)", "World War "


def _abbreviations() -> Iterator[Rule]:
    yield rf"(?<![\w/])({any_of(_SLASHED)})(?![\w/])", lambda m: _SLASHED[m[1]]
    yield r"\bvs\b\.?", "versus"
    yield r"\ba\.k\.a\.", "also known as"
    yield r"\bE\.g\.", "For example"
    yield r"\bapprox\b\.?", "approximately"
    yield r"(?<=[ap]\.m)\. (?=[A-Z])", ".. "
    yield r"\b(Mount|Mt\.|Lake|Port|Fort|North|South|East|West) St\. (?=[A-Z])", r"\1 Saint "
    yield r"(?<![a-z] )(?<!\w)St (?=[A-Z])|(?<=\b[a-z]{2} )St (?=[A-Z])", "Saint "
    yield r"\bet al\.(?= [a-z(])", "et al"
    yield rf"\b({any_of(_BEFORE_NAMES)})\. (?=[A-Zo])", lambda m: f"{_BEFORE_NAMES[m[1]]} "
    yield rf"\b({any_of(_BEFORE_NUMBERS)})\. ?(?=\d)", lambda m: f"{_BEFORE_NUMBERS[m[1]]} "
    yield (
        rf"(?<=\d)([A-Za-z]*(?: [A-Z][a-z]+){{1,3}}) ({any_of(_STREETS)})\b(\. (?=[A-Z][a-z])|\.?)",
        _street,
    )


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]:
    """Compile the rules when they are first needed, for many a start needs none."""
    groups = (_markup, _abbreviations, money, _dates, measures, _numbers, _letters)
    rules = (*(rule for group in groups for rule in group()), *NUMERALS)
    return tuple((re.compile(pattern), instead) for pattern, instead in rules)
