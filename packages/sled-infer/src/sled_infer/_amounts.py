"""Money and measures that the library reads amiss: rules for `_written`.

$5K, €3bn, US$300, $10-20, a $20 bill, 6'2", 10 cm x 20 cm, 50 Mbps, $20/hr
"""

# ruff: noqa: RUF001 - dashes, quotation marks and minus signs are meant

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._symbols import NO_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Rule = tuple[str, str | Callable[[re.Match[str]], str]]

_CURRENCIES = {"$": ("dollar", "cent"), "£": ("pound", "pence"), "€": ("euro", "cent")}
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "t": "trillion"}
_COUNTRIES = {"US": "U.S.", "A": "Australian", "AU": "Australian", "C": "Canadian"} | {
    "CA": "Canadian",
    "NZ": "New Zealand",
    "HK": "Hong Kong",
    "S": "Singapore",
}
# After one of these, an amount of money is a sort of thing: "a five dollar bill".
_BOUGHT = """
    bill budget coin contract deal debt fee fine fund gift house industry investment lawsuit loan
    market note package plan price prize program project question reward settlement tax ticket
    bottle car check company dress home laptop mansion meal phone raise salary suit takeover
    watch
"""
_COUNTED = "bills?|notes?|coins?|tickets?|stamps?"  # of so much each, however many
# Of these UK news writes so many millions as "10m".
_MILLIONS = """
    adults Americans barrels Britons children customers deaths doses euros followers homes
    households jobs listeners litres members passengers patients people pounds readers subscribers
    tonnes tons tourists users vehicles viewers visitors voters workers
"""
_PER = {"hr": "hour", "h": "hour", "yr": "year", "mo": "month", "lb": "pound"} | {
    "wk": "week",
    "kg": "kilogram",
    "gal": "gallon",
}
_TIMES = {"hr": "hour", "hrs": "hour", "yr": "year", "yrs": "year", "wk": "week", "wks": "week"} | {
    "mos": "month",
    "mins": "minute",
    "secs": "second",
}
_MANY = {"k": "kilo", "K": "kilo", "M": "mega", "G": "giga", "T": "tera"}
_RATES = {"bpm": "beat per minute", "fps": "frame per second", "rpm": "revolution per minute"} | {
    "kbps": "kilobit per second",
    "Mbps": "megabit per second",
    "Gbps": "gigabit per second",
    "mi/h": "mile per hour",
    "mi/s": "mile per second",
    "km/s": "kilometer per second",
    **{f"{many}B/s": f"{name}byte per second" for many, name in _MANY.items()},
    **{f"{many}b/s": f"{name}bit per second" for many, name in _MANY.items()},
    "psi": "pound per square inch",
    "mpg": "mile per gallon",
    "dpi": "dot per inch",
    "bps": "basis point",
    "m/s²": "meter per second squared",
    "m/s^2": "meter per second squared",
}
_SHARES = {"mg/dL": "milligram per deciliter", "g/L": "gram per liter"} | {
    "mg/kg": "milligram per kilogram",
    "mg/L": "milligram per liter",
    "mg/mL": "milligram per milliliter",
}
_AREAS = {"ft": "square foot", "m": "square meter", "mi": "square mile", "km": "square kilometer"}
_SIZES = {"TB": "terabyte", "PB": "petabyte", "tsp": "teaspoon", "tbsp": "tablespoon"} | {
    "GW": "gigawatt",
    "MP": "megapixel",
    "Tbsp": "tablespoon",
    "fl oz": "fluid ounce",
    "fl. oz": "fluid ounce",
    "qts": "quart",
    "pts": "point",
    "kts": "knot",
    "cl": "centiliter",
    "ms": "millisecond",
    "kcal": "kilocalorie",
    "kJ": "kilojoule",
    "MWh": "megawatt hour",
    "Ω": "ohm",
    "yd": "yard",
    "dB": "decibel",
}
_TINY = {"m": "micrometer", "g": "microgram", "s": "microsecond", "L": "microliter"}
UNITS = _TIMES | _RATES | _SHARES | _SIZES | {"mcg": "microgram"}
UNITS |= {micro + unit: name for micro in "µμ" for unit, name in _TINY.items()}
UNITS |= {f"sq{dot} {unit}": name for dot in ("", ".") for unit, name in _AREAS.items()}
# Before a hyphen they are not counted: "a 5-lb bag".
TIED = {
    "lb": "pound",
    "oz": "ounce",
    "ft": "foot",
    "mi": "mile",
    "yd": "yard",
    "gal": "gallon",
    "mg": "milligram",
    "kg": "kilogram",
    "mm": "millimeter",
    "cm": "centimeter",
    "km": "kilometer",
    "mph": "mile per hour",
    "hr": "hour",
    "min": "minute",
    "sec": "second",
    "yr": "year",
    "mo": "month",
    "GB": "gigabyte",
    "MB": "megabyte",
}
_TIED = TIED | {"m": "meter", "g": "gram", "ml": "milliliter", "mL": "milliliter"}
_SORTED = (
    _TIED
    | {"W": "watt", "kW": "kilowatt", "L": "liter", "V": "volt", "°": "degree"}
    | {
        "mAh": "milliampere hour",
        "kWh": "kilowatt hour",
    }
)
_SIGN, _AMOUNT = "[$£€]", r"\d+(?:,\d+)*(?:\.\d+)?"
_SCALE = r"(?: (?:thousand|[a-z]+illion))?"


def any_of(words: Iterable[str]) -> str:
    """Give a pattern of words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def money() -> Iterator[Rule]:
    """Give the rules for amounts of money."""
    yield rf"(?<!\S)[-−](?={_SIGN}\d)", "minus "
    whole = r"(\d{1,3}(?:[. ]\d{3})+|\d+)"
    yield rf"(?<![\d.,]){whole},(\d\d) ?({_SIGN})(?!\d)", _with_comma_before
    yield rf"({_SIGN}) ?{whole},(\d\d)(?!\d)", _with_comma
    yield rf"({_SIGN})({_AMOUNT} ?[kKmMbB]n?)[-–]{_SIGN}?({_AMOUNT} ?[kKmMbB]n?)\b", r"\1\2 to \1\3"
    yield rf"(?<=\S) ?= ?(?={_SIGN}\d)|(?<=\b[A-Z]{{3}}) = ", " equals "
    yield r"\bUSD ?(?=\$)", ""
    yield r"(?<![\d,.])\d{1,2}(?:,\d\d)+,\d{3}(?![\d,])", lambda m: m[0].replace(",", "")  # lakhs
    yield r"\b(\d)/(?=\$\d)", r"\1 for "
    yield r"\bRs\.? ?(\d+(?:[,.]\d+)*)", r"\1 rupees"
    yield r"(?<=\d) ?¥", " yen"
    yield r"¥ ?(\d+(?:,\d+)*)(?!\.?\d)", r"\1 yen"
    yield rf"({_SIGN})({_AMOUNT})[-–]({_AMOUNT} ?[kKmMbB]n?)\b", r"\2 to \1\3"
    yield rf"(?i)({_SIGN}{_AMOUNT}) ?([kmbt])n?\b", lambda m: f"{m[1]} {_SCALES[m[2].lower()]}"
    yield rf"\b({any_of(_COUNTRIES)})\$({_AMOUNT}{_SCALE})", _of_a_country
    yield rf"({_SIGN})({_AMOUNT})[-–]{_SIGN}?({_AMOUNT})(?![\d-])", r"\2 to \1\3"
    yield rf"/({any_of(_PER)})(?!\w)(?:\.(?=[,;]| [a-z]))?", lambda m: f" per {_PER[m[1]]}"
    yield rf"({_SIGN}{_AMOUNT}{_SCALE})/(?=[a-z])", r"\1 per "
    yield rf"({_SIGN}{_AMOUNT}{_SCALE})-(an?)-(?=[a-z])", r"\1 \2 "
    whole = rf"({_SIGN})([\d,]*\d|{_AMOUNT}(?= [a-z]+illion))({_SCALE})"
    yield rf"\b([Aa]n?) {whole}(?= [a-z])", _sort
    whose = "[Tt]he|[Tt]his|[Tt]hat|[Hh]is|[Hh]er|[Ii]ts|[Tt]heir|[Oo]ur|[Mm]y|[Yy]our"
    whose = rf"(?:{whose}|[Aa])(?: new)?|[Nn]ew"
    yield rf"\b({whose}) {whole}(?= (?:{any_of(_BOUGHT.split())})\b)", _sort
    yield rf"(\S+) {whole}(?= (?:{_COUNTED})\b)", _sort
    yield rf"({_SIGN})({_AMOUNT}) trillion", lambda m: f"{m[2]} trillion {_CURRENCIES[m[1]][0]}s"
    yield rf"({_SIGN})0?\.(\d\d)(?!\d)", _cents


def measures() -> Iterator[Rule]:
    """Give the rules for lengths, other units, and what there is of something."""
    for sign, name in {"['’′]": "feet", '["”″]': "inches"}.items():
        yield rf"({_AMOUNT}){sign} ?[x×] ?({_AMOUNT}){sign}", rf"\1 by \2 {name}"
    yield r"\b([1-9])x(\d\d?)s\b", r"\1 by \2's"
    size = r"(\d+(?:\.\d+)?(?: ?(?:mm|cm|m|in|ft))?)"
    yield rf"(?:\b(?!0x)|(?<=\dx)){size} ?x ?(?=\d)", r"\1 by "
    yield r"\b([Aa]n? \d{1,3}(?:\.\d+)?)[\"”″](?= [a-zA-Z])", r"\1 inch"
    yield r"\b([Aa]n? \d{1,3})['’′](?= [a-z])", r"\1 foot"
    yield (
        r"(?<![\w\"“])(\d+(?:\.\d+)?)[\"”″](?= (?:deep|high|long|tall|thick|wide)\b)",
        r"\1 inches",
    )
    yield r"(?<![\w'])(\d{1,2})['’′] ?(\d{1,2})(?:[\"”″]|''|\b)", r"\1 foot \2"
    yield r"(?<!\w)(\d{1,2})(?:′|['’](?= (?:tall|high|long|wide|deep)\b))", r"\1 feet"
    yield r"(?<!\w)(\d{1,2})(?:″|\"(?= (?:screen|display|monitor|pipe)\b))", r"\1 inch"
    ranged = r"\d[\d.,]*(?:[-–]\d[\d.,]*)?"
    yield rf"\b([Aa]n? {ranged}) ?({any_of(_SORTED)})\.?(?= [a-z])", _sort_by_size
    no_end = r"(?= (?!(?:and|at|from|he|in|is|it|of|on|or|she|that|they|to|was|we|you)\b)[a-z])"
    yield rf"\b([Tt]he {ranged})({any_of(_SORTED)}){no_end}", _sort_by_size
    yield rf"\b(\d+(?:\.\d+)?)m(?= (?:{any_of(_MILLIONS.split())})\b)", r"\1 million"
    yield r"\b(\d+(?:\.\d+)?) ?([bm])n\b", lambda m: f"{m[1]} {_SCALES[m[2]]}"
    yield (
        r"(?<=\d) in(?= \w+ dot (?:c|cfg|cpp|csv|js|json|log|md|py|toml|ts|txt|ya?ml)\b)",
        f"{NO_UNIT} in",
    )
    yield rf"(?<![\d./])(\d[\d.,]*) ?({any_of(UNITS)})(?![\w/²^])(?:\.(?= [a-z]))?", _unit
    yield r"(?<=\d) ?V[ -]?(?=[AD]C\b)", " volts "
    yield r"\b(\d+) c\.(?= [a-z])", lambda m: f"{m[1]} cup{'' if m[1] == '1' else 's'}"
    yield r"(?<=\d) ?([cf])\b(?![./°]\w)", rf"{NO_UNIT} \1{NO_UNIT}"
    yield r"\b(\d+) T\.(?= [a-z])", lambda m: f"{m[1]} tablespoon{'' if m[1] == '1' else 's'}"
    yield rf"(?<=\d)-({any_of(TIED)})(?!\w)(?:\.(?=-| [a-z]))?", lambda m: f" {TIED[m[1]]}"
    yield r"(?<=\d)( ?(?:mm|cm|km|m|ft|in))\^([23])\b", lambda m: m[1] + "²³"[m[2] == "3"]
    yield r"(?<=\d)([xX])(?![\w-])", r" \1"
    yield r"(?<=\d)-sq\.?[- ]ft\b\.?", " square foot"
    yield r"\b3M\b", "three M"
    yield r"\b(\d+(?:\.\d+)?)M\b", r"\1 million"
    yield r"(\d\.\d+)B\b", r"\1 billion"
    yield r"(\d\.\d+)K\b", r"\1 thousand"
    yield r"(\d\.\d+)(?=[A-Z]\b)(?![VWALCFGJN]\b)", r"\1 "
    yield r"(?<=\d) ?[yY]/?o\b", " year old"
    yield r"(?<=\d) ?hp\b", " horsepower"
    yield r"(?<=\d)°?([CF])/(?=\d|gas)", r"°\1, "
    yield r"(?<=\d)( ?[KMGT]B)/(?=\d)", r"\1, "
    yield r"\b(\d+) ?h ?(\d+) ?m(?:ins?)?\b", lambda m: f"{m[1]} {_hours(m[1])} {m[2]} minutes"
    yield r"\b(\d+)m ?(\d+)s\b", r"\1 min \2 seconds"
    yield r"\b10s of\b", "tens of"
    yield r"\b100s of\b", "hundreds of"
    yield r"\b1,?000s of\b", "thousands of"
    yield r"(?<=[a-z])/(?=(?:second|minute|hour|day|night|week|month|year|person)\b)", " per "


def _with_comma(found: re.Match[str]) -> str:
    """Write "€1.299,50" with a point."""
    return _pointed(*found.groups())


def _with_comma_before(found: re.Match[str]) -> str:
    """Write "3,50 €" with the sign before it and a point."""
    whole, cents, sign = found.groups()
    return _pointed(sign, whole, cents)


def _pointed(sign: str, whole: str, cents: str) -> str:
    return f"{sign}{re.sub('[. ]', '', whole)}" + (f".{cents}" if int(cents) else "")


def _of_a_country(found: re.Match[str]) -> str:
    return f"{found[2]} {_COUNTRIES[found[1]]} dollars"


def _sort(found: re.Match[str]) -> str:
    before, sign, amount, scale = found.groups()
    return f"{before} {amount}{scale} {_CURRENCIES[sign][0]}"


def _sort_by_size(found: re.Match[str]) -> str:
    """Read "a 15 min walk" as "a 15 minute walk"."""
    return f"{re.sub('[-–]', ' to ', found[1])} {_SORTED[found[2]]}"


def _cents(found: re.Match[str]) -> str:
    name, count = _CURRENCIES[found[1]][1], int(found[2])
    return f"{count} {name}" + ("s" if name == "cent" and count != 1 else "")


def _hours(count: str) -> str:
    return "hour" if count == "1" else "hours"


def _unit(found: re.Match[str]) -> str:
    amount, unit = found[1], UNITS[found[2]]
    return f"{amount} {unit if amount == '1' else many(unit)}"


def many(unit: str) -> str:
    """Give the plural of a unit: "feet", "miles per hour"."""
    head, *rest = unit.split(" per ")
    if head.endswith("foot"):
        head = head.removesuffix("foot") + "feet"
    else:
        head += "es" if head.endswith("ch") else "s"
    return " per ".join((head, *rest))
