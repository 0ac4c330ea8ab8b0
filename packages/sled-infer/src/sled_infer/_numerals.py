"""Roman numerals: which they are, and whether they count or order what stands before them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._symbols import NO_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADED = """
    Act Appendix Article Book Bowl Chapter Class Episode Part Phase Scene Section Stage Title Type
    Volume War
"""
_RULED = """
    Alexander Benedict Catherine Charles Christian Constantine Edward Elizabeth Ferdinand Francis
    Frederick George Gregory Gustav Henry Innocent Ivan James John Leo Louis Mary Napoleon Nicholas
    Otto Paul Peter Philip Pius Ramesses Richard Urban Victoria Wilhelm William
"""
_TITLES = "King|Queen|Emperor|Empress|Tsar|Pope|Kaiser|Prince"
_HEADINGS, _RULERS = frozenset(_HEADED.split()), frozenset(_RULED.split())
_PLURALS = {heading: f"{heading}s" for heading in _HEADINGS} | {
    "Appendix": "Appendices",
    "Class": "Classes",
}
_MANY = frozenset(each for many in _PLURALS.values() for each in (many, many.lower()))
BEFORE_NUMERALS = _HEADINGS | _MANY | _RULERS
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_NUMERAL = r"(?=[IVXL]+\b)(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_SMALL = _NUMERAL.translate(str.maketrans("IVXL", "ivxl"))
_EACH = re.compile(r"\b[IVXL]+\b")
_YEAR = r"(?=[MDCLXVI]{4})M{1,2}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_FEW = r"(?=[IVX]{2})X{0,2}(?:IX|IV|V?I{0,3})(?<=[IVX])"
_NEXT = rf"(?:,? (?:and|or|&) |, ){_FEW}\b"
_JOINED = r"(?:,? (?:and|or|&|to) |, |[-–])"  # noqa: RUF001
_SEVERAL = "|".join(sorted(_MANY))
_HEADING, _RULER = "|".join(sorted(_HEADINGS)), "|".join(sorted(_RULERS))


def value(numeral: str) -> int:
    """Count what a Roman numeral stands for."""
    values = [_VALUES[letter] for letter in numeral.upper()]
    after = [*values[1:], 0]
    return sum(-one if one < two else one for one, two in zip(values, after, strict=True))


def ordinal(number: int) -> str:
    """Write an ordinal number in digits: "2nd"."""
    teen = number // 10 % 10 == 1
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _counted(found: re.Match[str]) -> str:
    # The library takes "Part 3." for the number of a part.
    return f"{found[1]} {value(found[2])}{NO_UNIT}"


def _ordered(found: re.Match[str]) -> str:
    return f"{found[1]} the {ordinal(value(found[2]))}"


def _century(found: re.Match[str]) -> str:
    return ordinal(value(found[1]))


def _listed(found: re.Match[str]) -> str:
    """Read numerals that count up; others are letters."""
    numerals = [value(each) for each in _EACH.findall(found[0])]
    if numerals != sorted(set(numerals)):
        return found[0]
    counted = _EACH.sub(lambda each: str(value(each[0])), found[0])
    return re.sub(r"(?<=\d)[-–](?=\d)", " to ", counted)  # noqa: RUF001


# Alone, "I" is a word, unless a title stands before the name or "of" after it.
NUMERALS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (rf"\b(?:I(?=(?:,? (?:and|or|&)|,) II\b)|{_FEW})(?:{_NEXT})+", _listed),
    (rf"\b(?:{_SEVERAL}) {_NUMERAL}(?:{_JOINED}{_NUMERAL})+\b", _listed),
    (rf"\b{_YEAR}\b", lambda found: str(value(found[0]))),
    (rf"\b({_HEADING})\.? ({_NUMERAL}|{_SMALL})\b(?!['’])", _counted),  # noqa: RUF001
    (rf"\b((?:{_TITLES}) (?:{_RULER})) (I)\b(?!['’][a-rt-z])", _ordered),  # noqa: RUF001
    (rf"\b({_RULER}) (I)(?= (?:of|was|ruled|reigned)\b)", _ordered),
    (rf"\b({_RULER}) ((?!I\b){_NUMERAL})\b", _ordered),
    (rf"\b((?!I\b){_NUMERAL})(?:th|st|nd|rd)?(?= [Cc]entur)", _century),
)
