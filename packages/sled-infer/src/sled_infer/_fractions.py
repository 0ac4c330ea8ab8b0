"""Fractions, marks out of so many, and equations: rules for `_written`.

3/4 cup, 1 1/2 lb, ½ an hour, 7/8", 8/10, 4.5/5 stars, 1/250s at f/2.8, 5-3=2
"""

# ruff: noqa: RUF001 - dashes and signs are meant

from __future__ import annotations

import re
import unicodedata
from math import gcd
from typing import TYPE_CHECKING

from ._amounts import UNITS, any_of, many
from ._numerals import ordinal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._amounts import Rule

_PARTS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 8: "eighth"} | {
    10: "tenth",
    12: "twelfth",
    16: "sixteenth",
    32: "thirty-second",
    64: "sixty-fourth",
}
_UNITS = (
    UNITS
    | {"lb": "pound", "lbs": "pound", "oz": "ounce", "mi": "mile", "ft": "foot"}
    | {
        "gal": "gallon",
        "in.": "inch",
        "c.": "cup",
        "T.": "tablespoon",
        '"': "inch",
        "″": "inch",
        "”": "inch",
        "pt": "pint",
        "qt": "quart",
        "yd": "yard",
        "hr": "hour",
        "kg": "kilogram",
        "km": "kilometer",
        "cm": "centimeter",
        "mm": "millimeter",
        "mL": "milliliter",
        "ml": "milliliter",
        "L": "liter",
    }
)
_LAST_MONTH, _LAST_DAY = 12, 31
_ONES = "½⅓¼⅕⅙⅛⅔¾⅖⅗⅘⅚⅜⅝⅞"
_START = r"(?<![\w.,/$£€:+-])"
_END = r"(?![\w/]|[.,:]\d)"
_UNIT = rf"(?:[ -]?({any_of(_UNITS)})(?!\w)(?:\.(?= [a-z]))?)?"


def fractions() -> Iterator[Rule]:
    """Give the rules for fractions and equations."""
    yield rf"(?<=\d)(?=[{_ONES}])", " "
    yield f"[{_ONES}]", lambda m: unicodedata.normalize("NFKC", m[0]).replace("⁄", "/")
    yield rf"{_START}([1-9]\d?/\d\d?)(?:rd|th)s?\b", r"\1"
    yield r"(?<=\d) ?\+ ?(?=\d)", " plus "
    yield r"(?<![\w./])1/([2-9]\d|\d{3,5}) ?s(?:ec(?:ond)?s?)?\b", _exposure
    yield r"\b[fF]/(?=\d)", "f "
    equals = r"(\d+(?:\.\d+)?)(?= ?=)"
    yield rf"(?<![\w.:/-])(\d+(?:\.\d+)?)[-−]{equals}", r"\1 minus \2"
    yield rf"(?<=\d) ?[x×*] ?{equals}", r" times \1"
    yield r"(?<=\d) ?[x×*] ?(?=10(?:\^|[⁻⁰¹²³⁴-⁹]))", " times "
    yield rf"(?<=\d) ?[/÷] ?{equals}(?! ?= ?\d+/\d)", r" divided by \1"
    yield r"\b(\d)/([248])(?= time\b)", r"\1 \2"
    yield rf"{_START}(\d+(?:\.\d+)?)/(100?){_END}", _out_of
    yield rf"{_START}(\d\.\d+)/(\d\.\d){_END}", r"\1 out of \2"
    yield rf"{_START}(\d\d)/(\d\d){_END}", _shares
    yield rf"{_START}(\d\.\d|5|\d(?=/5 stars))/5{_END}", r"\1 out of 5"
    yield rf"{_START}(\d+)[ -]([1-9]\d?)/(\d\d?){_UNIT}{_END}", _mixed
    yield rf"{_START}(?<!\d )([1-9]\d?)/(\d\d?){_UNIT}{_END}", _fraction


def _exposure(found: re.Match[str]) -> str:
    """Read how long a shutter is open: "one 250th of a second"."""
    return f"one {ordinal(int(found[1]))} of a second"


def _out_of(found: re.Match[str]) -> str:
    marks, most = float(found[1]), int(found[2])
    return f"{found[1]} out of {most}" if marks <= most and (most, marks) != (100, 1) else found[0]


def _shares(found: re.Match[str]) -> str:
    """Read "80/20" and "45/57"; what may be a date is left."""
    some, most = int(found[1]), int(found[2])
    if some + most == 100:  # noqa: PLR2004 - percent
        return f"{some} {most}"
    counted = some < most and (some > _LAST_MONTH or most > _LAST_DAY) and most not in _PARTS
    return f"{some} out of {most}" if counted else found[0]


def _proper(over: int, under: int) -> bool:
    return over < under and under in _PARTS and gcd(over, under) == 1


def _parts(over: int, under: int) -> str:
    if over == 1:
        return _PARTS[under]
    return f"{over} {_PARTS[under]}s"


def _mixed(found: re.Match[str]) -> str:
    whole, over, under, unit = found[1], int(found[2]), int(found[3]), found[4]
    if not _proper(over, under):
        return found[0]
    part = _parts(over, under)
    article = ("an " if part == "eighth" else "a ") if over == 1 else ""
    name = f" {many(_UNITS[unit])}" if unit else ""
    return f"{whole} and {article}{part}{name}"


def _fraction(found: re.Match[str]) -> str:
    """Read a fraction that stands alone: "half an hour", "a quarter", "three quarters"."""
    over, under, unit = int(found[1]), int(found[2]), found[3]
    if not _proper(over, under):
        return found[0]
    name = f" {_UNITS[unit]}" if unit else ""
    earlier, later = found.string[: found.start()], found.string[found.end() :]
    part = _parts(over, under)
    bare = re.search(r"(?i)\ba \Z", earlier) or (part == "half" and re.match(" an? ", later))
    return f"{'one ' if over == 1 and not bare else ''}{part}{name}"
