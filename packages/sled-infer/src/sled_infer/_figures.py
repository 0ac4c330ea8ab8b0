"""Numbers that the library reads amiss, which are no amounts: rules for `_written`.

2-3 weeks, 1 000 000, 1,5 million, RTX 4090, 2BR/1BA, 007, CA 90210, 555-0199, 1-800-FLOWERS,
flight BA2490, HTTP 404, 6.02e23
"""

# ruff: noqa: RUF001 - dashes and signs are meant

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._amounts import any_of
from ._symbols import DECADES, DIGITS, NO_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._amounts import Rule

_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"),
    *("sixteen", "seventeen", "eighteen", "nineteen"),
)
_BOOKS = {"Gen": "Genesis", "Ps": "Psalm", "Matt": "Matthew", "Rev": "Revelation"} | {
    name: name
    for name in ("Genesis", "Exodus", "Psalm", "Psalms", "Proverbs", "Isaiah", "Matthew", "Mark")
}
_BOOKS |= {name: name for name in ("Luke", "John", "Acts", "Romans", "Corinthians", "Revelation")}
_PLACES = "[A-Z]\\w*|all|bed|class|fact|front|general|line|order|stock|total|town"
_THOUSANDS = r"\d{1,3}(?:,\d{3})+"


def one_by_one(digits: str) -> str:
    """Read each digit by itself."""
    return " ".join(DIGITS[int(digit)] for digit in digits)


def dialled() -> Iterator[Rule]:
    """Give the rules for numbers that are dialled, typed or printed on tickets."""
    yield r"\b([Cc]odes?) ([2-9][1-9]\d)\b(?![.,/-]?\d)", _digits_after
    yield r"(?<![\w-])(?:\+?1-)(8\d\d|900)-([A-Z\d]+(?:-[A-Z\d]+)*)(?![\w-])", _toll_free
    yield r"(?<!\w)\((\d{3})\) ?(\d{3})-(\d{4})(?![\w-])", lambda m: one_by_one("".join(m.groups()))
    yield r"(?<![\w.,/$£€-])(?<![\d)] )([2-9]\d\d)-(\d{4})(?![\w-]|[.,/]\d)", _local
    yield (
        r"\b([Cc]odes?|PIN|OTP) (\d{3})[- ](\d{3})\b(?![.,-]?\d)",
        lambda m: f"{m[1]} {one_by_one(m[2] + m[3])}",
    )
    yield (
        r"\b([Dd]ial|[Pp]ress|[Ee]nter) \*(\d*)(?!\w)",
        lambda m: f"{m[1]} star {one_by_one(m[2])}",
    )
    yield r"\b((?:[Cc]ode|PIN|OTP|[Pp]asscode)(?: is|:)?) (\d{4,8})\b(?![.,/-]?\d)", _digits_after
    yield r"(\bis|:) (?!\d+00\b)(\d{6,8})\b(?![.,/-]?\d| [a-z])", _digits_after
    yield r"(?<![\d.,$£€])(?!\d+000)\d{10,}(?![,.]?\d)", lambda m: f" {one_by_one(m[0])} "
    yield r"\b(4|5)0([1-9])\(?([bck])\)?(?:\((\d)\))?(?!\w)", _paragraph
    yield r"\b([Tt]ext(?: \w+)? to) (\d{5,6})\b", _digits_after
    yield (
        r"(?<![\w-])(\d{3})-(\d\d)-(\d{4})(?![\w-])",
        lambda m: ", ".join(map(one_by_one, m.groups())),
    )
    yield r"\b([A-Z]{2}|[Zz][Ii][Pp](?: code)?) (\d{5})\b(?![.,]?\d)", _digits_after
    yield r"\b([Cc]all|[Dd]ial|[Pp]hone|[Rr]ing) ([19]11|112|999|988)\b(?!-)", _digits_after
    yield r"\b9-1-1\b", "nine one one"
    yield r"(?i)(?<![\w-])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\w-])", _identifier
    yield r"\b(911|999)(?= (?:call|emergency|operator|dispatcher))", lambda m: one_by_one(m[1])
    yield r"\b([Ff]light) ([A-Z]{2}) ?(\d{1,4})\b", _flight
    yield r"\b(HTTP|[Ee]rror|[Ss]tatus|[Cc]ode) ([1-5])0([1-9])\b", r"\1 \2 oh \3"


def numbers() -> Iterator[Rule]:
    """Give the rules for other numbers and for ranges of them."""
    yield (
        r"(?<![\d.,] )(?<![\w.,])([1-9]\d{0,2})((?: \d{3}){2,})(?![.,]?\d| \d)",
        lambda m: m[0].replace(" ", ","),
    )
    yield (
        r"(?<![\d.,] )(?<![\w.,])([1-9]\d{0,2})((?:[ .]\d{3})+),(\d\d?)(?![,.]?\d)",
        lambda m: f"{m[1]}{re.sub('[ .]', '', m[2])}.{m[3]}",
    )
    yield r"(?<![\w.,])(\d{1,3}),(\d\d?)(?= ?(?:%|thousand|[a-z]+illion))", r"\1.\2"
    yield r"\bA3([1-8]\d)\b", r"A 3 \1"
    yield r"\b(RTX|GTX|RX|Ryzen \d|RFC) (\d\d)([1-9]\d)\b", r"\1 \2 \3"
    yield r"(?<![\w.])(\d(?:\.\d)?) ?(?:BR|BD)s?/(\d(?:\.\d)?) ?BA\b", r"\1 bedroom, \2 bath"
    yield r"(?<![\w.])(\d(?:\.\d)?) ?BR\b", r"\1 bedroom"
    yield r"(?<![\w.])(\d(?:\.\d)?) ?BA\b(?= |[.,;])(?! \d)", r"\1 bath"
    yield r"(?<=\d)'(?=\d{3}\b)", ","
    yield r"\b(480|720|1080|1440|2160)([ip])\b", lambda m: f"{_in_pairs(m[1])} {m[2].upper()}"
    yield r"(?<![\w.,])\d{1,3}(?:\.\d{3}){2,}(?!\w|[.,]\d)", lambda m: m[0].replace(".", ",")
    yield (
        r"(?i)\b(section|chapter|article|figure|table|part|fig\.|ch\.) (\d+)\.(?=\d+\b)",
        r"\1 \2 point ",
    )
    yield r"(?<!\w)['’]0([1-9])\b", r"oh \1"
    yield r"(?<![\w.,:/–-])(?<!\d )0\d+(?![\d:/–-]|[., ]\d)", lambda m: one_by_one(m[0])
    yield r"(?<![\w.])(?<!ersion )(\d{1,2})\.(\d{1,2})\.(\d{1,2})(?![\w.]*\d)", _dotted
    yield rf"\b({any_of(_BOOKS)})\.? (\d+):(\d+)(?:[-–](\d+))?(?![\d:])", _verse
    yield r"\b([A-Z][A-Za-z]{0,4}|[a-z]+(?=-))-?(\d\d?)s\b", lambda m: f"{m[1]} {_many(int(m[2]))}"
    yield r"\b(of|iPhone|the) ([2-9]|1\d)s\b", lambda m: f"{m[1]} {_many(int(m[2]))}"
    yield r"\b7([0-8]7)s\b", lambda m: f"seven {_many(int(m[1]))}"
    yield r"\b7([0-8]7)-(?=\d\b|\d00\b)", r"7 \1 dash "
    yield r"\b(Boeing|[Aa]) 7([0-8]7)\b(?![.,/–-]?\d)", r"\1 7 \2"
    yield r"\bUSB-([ABC])\b", r"USB \1"
    yield r"\b([2-9]\d)ers\b", lambda m: below_100(int(m[1])).removesuffix("e") + "ers"
    yield rf"(?<![\w.,:])(\d{{1,3}}):(?={_THOUSANDS}(?![\d:]))", r"\1 to "
    yield r"(?<=\b[a-z])\^([23])(?!\d)", lambda m: (" squared", " cubed")[m[1] == "3"]
    yield r"\b([A-Z]{1,2})-(?=\d\d\b)", r"\1 "
    yield r"\bF-([1-4])50\b", r"F \1 50"
    yield r"(?<=\.\d)-(alpha|beta|rc|dev)\.?(\d*)\b", r" \1 \2"
    yield r"(?<![\w.+])\+(?=\d+(?:\.\d+)?%)", "plus "
    # The library takes the verb for a variable: "i s plus five".
    yield r"(?i)\b(is|was|are|were|be) \+(?=\d)", r"\1 plus "
    yield r"(?<=[a-z]{2} )≈ ?(?=\d)", "about "
    yield r"\b(UTC|GMT)[-−](?=\d)", r"\1 minus "
    yield r"(?<=\d)[kK][-–](?=\d+[kK]\b)", "k to "
    yield r"(?<![\w/.–-])(\d\d)[/–-]\1\b(?![/–-])", r"\1 \1"
    yield r"\b(\d{3})/(\d{2,3})\b(?!/)", r"\1 over \2"
    yield r"\b(\d+):(\d)(?![\d:])", r"\1 to \2"
    yield r"(?<![\d:])(2[5-9]|[3-5]\d|24(?!:00)):(0[1-9]|[1-5]\d)(?![\d:])", _minutes
    yield r"(?<=\d)% ?[-–] ?(?=\d+(?:\.\d+)?%)", " to "
    high = rf"({_THOUSANDS}|\d{{4}})(?![\d,/–-])"
    yield rf"(?<![\w.,:/$£€–-])({_THOUSANDS}|\d{{2}}0)[-–]{high}", _thousands
    yield r"(?<![\w.,:/–-])1000(?!\w|[.,:/–-]\d)", "1,000"
    yield (
        r"(?<![\w.,:/$£€–-])(\d{1,3}(?:[.:]\d+)?(?: ?[ap]m)?)[-–](?=\d{1,3}(?![\d/–-]))",
        r"\1 to ",
    )
    yield rf"(?<=\d) in (?=\d|slash |tilde |{_PLACES}\b)", f"{NO_UNIT} in "
    yield r"(?<=\w)\^-(?=\d)", " to the power of minus "
    yield r"(?<=\d)\^(?=\d)", " to the power of "
    yield r"\b(\d+(?:\.\d+)?)[eE]([+-]?)(\d+)\b", _scientific
    yield r"(?<=\d)(\.\d\d?)(?=[A-Za-z]{2,}\d*\b)", r"\1 "
    yield r"(?<=\d),(?=\d\d?(?![\d,]))(?<![,.]\d,)(?<![,.]\d\d,)(?<![,.]\d{3},)", ", "


def below_100(number: int) -> str:
    """Write a number below 100 in words."""
    tens, ones = divmod(number, 10)
    if tens < 2:  # noqa: PLR2004 - from twenty on there are tens
        return _TEENS[ones] if tens else DIGITS[ones]
    ten = f"{DECADES[tens - 2][:-3]}y"
    return f"{ten}-{DIGITS[ones]}" if ones else ten


def _many(number: int) -> str:
    """Read a number below 100 of which there are many: "747s", "F-35s"."""
    word = below_100(number)
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return word + ("es" if word.endswith("six") else "s")


def _in_pairs(number: str) -> str:
    """Read the lines of a screen: "seven twenty", "ten eighty"."""
    return f"{below_100(int(number[:-2]))} {below_100(int(number[-2:]))}"


def _verse(found: re.Match[str]) -> str:
    """Read chapter and verse: "John three sixteen", "Luke two, verses one to twenty"."""
    book, chapter, first, last = found.groups()
    if last:
        return f"{_BOOKS[book]} {chapter}, verses {first} to {last}"
    verse = f", verse {first}" if len(first) == 1 else f":{first}"
    return f"{_BOOKS[book]} {chapter}{verse}"


def _toll_free(found: re.Match[str]) -> str:
    """Read a free number; what it spells is said as words."""
    code, number = found.groups()
    said = f"{DIGITS[int(code[0])]} hundred" if code[1:] == "00" else one_by_one(code)
    parts = [one_by_one(part) if part.isdigit() else part.lower() for part in number.split("-")]
    return " ".join(("one", said, *parts))


def _local(found: re.Match[str]) -> str:
    """Read a telephone number of seven digits, unless it rather is a range of round numbers."""
    if found[1].endswith("0") and found[2].endswith("0"):
        return found[0]
    return f"{one_by_one(found[1])} {one_by_one(found[2])}"


def _thousands(found: re.Match[str]) -> str:
    """Read a range up to thousands, which no year is then."""
    return f"{found[1]} to {int(found[2].replace(',', '')):,}"


def _digits_after(found: re.Match[str]) -> str:
    return f"{found[1]} {one_by_one(found[2])}"


def _flight(found: re.Match[str]) -> str:
    return f"{found[1]} {' '.join(found[2])} {one_by_one(found[3])}"


def _identifier(found: re.Match[str]) -> str:
    """Spell a UUID, in whose groups only chance makes numbers."""
    groups = found[0].upper().split("-")
    spelled = ((DIGITS[int(c)] if c.isdigit() else c for c in group) for group in groups)
    return ", ".join(map(" ".join, spelled))


def _paragraph(found: re.Match[str]) -> str:
    """Read what is named after a paragraph of the tax code: "four oh one K"."""
    hundreds, ones, letter, digit = found.groups()
    said = f"{one_by_one(hundreds)} oh {one_by_one(ones)} {letter.upper()}"
    return f"{said} {one_by_one(digit)}" if digit else said


def _minutes(found: re.Match[str]) -> str:
    """Read minutes and seconds that are no time of the day."""
    minutes, seconds = found.groups()
    return f"{minutes} {f'oh {seconds[1]}' if seconds[0] == '0' else seconds}"


def _dotted(found: re.Match[str]) -> str:
    return " point ".join(found.groups())


def _scientific(found: re.Match[str]) -> str:
    return f"{found[1]} times 10 to the power of {'minus ' if found[2] == '-' else ''}{found[3]}"
