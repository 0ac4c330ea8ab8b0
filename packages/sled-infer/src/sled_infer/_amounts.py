"""Money and measures that the library reads amiss: rules for `_written`.

$5K, €3bn, US$300, $10-20, a $20 bill, 6'2", 10 cm x 20 cm, 50 Mbps, $20/hr
"""

# ruff: noqa: RUF001 - dashes, quotation marks and minus signs are meant

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Rule = tuple[str, str | Callable[[re.Match[str]], str]]

_CURRENCIES = {"$": ("dollar", "cent"), "£": ("pound", "pence"), "€": ("euro", "cent")}
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "t": "trillion"}
_COUNTRIES = {"US": "U.S.", "A": "Australian", "AU": "Australian", "C": "Canadian"} | {
    "CA": "Canadian",
    "NZ": "New Zealand",
    "HK": "Hong Kong",
}
# After one of these, an amount of money is a sort of thing: "a five dollar bill".
_BOUGHT = """
    bill budget coin contract deal debt fee fine fund gift house industry investment lawsuit loan
    market note package plan price prize program project question reward settlement tax ticket
"""
_PER = {"hr": "hour", "h": "hour", "yr": "year", "mo": "month", "lb": "pound"} | {
    "wk": "week",
    "kg": "kilogram",
    "gal": "gallon",
}
_TIMES = {"hr": "hour", "hrs": "hour", "yr": "year", "yrs": "year", "wk": "week", "wks": "week"}
_RATES = {"bpm": "beat per minute", "fps": "frame per second", "rpm": "revolution per minute"} | {
    "kbps": "kilobit per second",
    "Mbps": "megabit per second",
    "Gbps": "gigabit per second",
    "mi/h": "mile per hour",
    "m/s²": "meter per second squared",
    "m/s^2": "meter per second squared",
}
_SHARES = {"mg/dL": "milligram per deciliter", "g/L": "gram per liter"} | {
    "mg/kg": "milligram per kilogram",
    "mg/L": "milligram per liter",
}
_AREAS = {"sq ft": "square foot", "sq. ft.": "square foot", "sq m": "square meter"} | {
    "sq mi": "square mile",
    "sq km": "square kilometer",
}
_SIZES = {"TB": "terabyte", "PB": "petabyte", "tsp": "teaspoon", "tbsp": "tablespoon"}
_TINY = {"m": "micrometer", "g": "microgram", "s": "microsecond", "L": "microliter"}
_UNITS = _TIMES | _RATES | _SHARES | _AREAS | _SIZES | {"mcg": "microgram"}
_UNITS |= {micro + unit: name for micro in "µμ" for unit, name in _TINY.items()}
_SIGN, _AMOUNT = "[$£€]", r"\d[\d,]*(?:\.\d+)?"
_SCALE = r"(?: (?:thousand|[a-z]+illion))?"


def any_of(words: Iterable[str]) -> str:
    """Give a pattern of words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def money() -> Iterator[Rule]:
    """Give the rules for amounts of money."""
    yield rf"(?<!\S)[-−](?={_SIGN}\d)", "minus "
    yield rf"(?i)({_SIGN}{_AMOUNT}) ?([kmbt])n?\b", lambda m: f"{m[1]} {_SCALES[m[2].lower()]}"
    yield rf"\b({any_of(_COUNTRIES)})\$({_AMOUNT}{_SCALE})", _of_a_country
    yield rf"({_SIGN})({_AMOUNT})[-–]{_SIGN}?({_AMOUNT})(?![\d-])", r"\2 to \1\3"
    yield rf"/({any_of(_PER)})(?!\w)", lambda m: f" per {_PER[m[1]]}"
    yield rf"({_SIGN}{_AMOUNT}{_SCALE})/(?=[a-z])", r"\1 per "
    whole = rf"({_SIGN})([\d,]*\d|{_AMOUNT}(?= [a-z]+illion))({_SCALE})"
    yield rf"\b([Aa]n?) {whole}(?= [a-z])", _sort
    yield rf"\b([Tt]he|[Tt]his|[Tt]hat) {whole}(?= (?:{any_of(_BOUGHT.split())})\b)", _sort
    yield rf"({_SIGN})({_AMOUNT}) trillion", lambda m: f"{m[2]} trillion {_CURRENCIES[m[1]][0]}s"
    yield rf"({_SIGN})0?\.(\d\d)(?!\d)", _cents


def measures() -> Iterator[Rule]:
    """Give the rules for lengths, other units, and what there is of something."""
    for sign, name in {"['’′]": "feet", '["”″]': "inches"}.items():
        yield rf"({_AMOUNT}){sign} ?[x×] ?({_AMOUNT}){sign}", rf"\1 by \2 {name}"
    yield r"\b(?!0x)(\d+(?:\.\d+)?(?: ?(?:mm|cm|m|in|ft))?) ?x ?(?=\d)", r"\1 by "
    yield r"(?<![\w'])(\d{1,2})['’′] ?(\d{1,2})(?:[\"”″]|''|\b)", r"\1 foot \2"
    yield r"(?<!\w)(\d{1,2})(?:′|['’](?= (?:tall|high|long|wide|deep)\b))", r"\1 feet"
    yield r"(?<!\w)(\d{1,2})(?:″|\"(?= (?:screen|display|monitor|pipe)\b))", r"\1 inch"
    yield rf"(?<![\d./])((?:\d+/)?\d[\d.,]*) ?({any_of(_UNITS)})(?![\w/²^])(?:\.(?= [a-z]))?", _unit
    yield r"\b(\d+\.\d+|\d{2,}|\d(?=M [a-z]))M\b", r"\1 million"
    yield r"\b100s of\b", "hundreds of"
    yield r"\b1,?000s of\b", "thousands of"
    yield r"(?<=[a-z])/(?=(?:second|minute|hour|day|night|week|month|year|person)\b)", " per "


def _of_a_country(found: re.Match[str]) -> str:
    return f"{found[2]} {_COUNTRIES[found[1]]} dollars"


def _sort(found: re.Match[str]) -> str:
    before, sign, amount, scale = found.groups()
    return f"{before} {amount}{scale} {_CURRENCIES[sign][0]}"


def _cents(found: re.Match[str]) -> str:
    name, count = _CURRENCIES[found[1]][1], int(found[2])
    return f"{count} {name}" + ("s" if name == "cent" and count != 1 else "")


def _unit(found: re.Match[str]) -> str:
    amount, unit = found[1], _UNITS[found[2]]
    if amount == "1" or "/" in amount:
        return f"{amount} {unit}"
    head, *rest = unit.split(" per ")
    many = "square feet" if head == "square foot" else head + "s"
    return " per ".join((f"{amount} {many}", *rest))
