"""Streets, roads, rooms and saints that the library reads amiss: rules for `_written`.

221B Baker St., 5th Ave & 42nd St, 45 W 34th St, I-95 N, Hwy 101, Rm 204, Mount St. Helens
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._amounts import any_of
from ._symbols import DIGITS, NO_UNIT

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from ._amounts import Rule

STREETS = {"St": "Street", "Ave": "Avenue", "Rd": "Road", "Blvd": "Boulevard", "Ln": "Lane"}
_ALL_STREETS = any_of((*STREETS, *STREETS.values(), "Drive", "Way", "Place", "Court", "Broadway"))
_POINTS = {"N": "North", "S": "South", "E": "East", "W": "West"}
_POINTS |= {a + b: _POINTS[a] + _POINTS[b].lower() for a in "NS" for b in "EW"}
NUMBERED_PLACES = {
    "Apt": "Apartment",
    "Rm": "Room",
    "Ste": "Suite",
    "Hwy": "Highway",
    "Rte": "Route",
} | {
    "Rt": "Route",
    "ext": "extension",
    "Ext": "Extension",
}
_CODES = """
    AL Alabama AK Alaska AZ Arizona AR Arkansas CA California CO Colorado CT Connecticut DE
    Delaware FL Florida GA Georgia HI Hawaii ID Idaho IL Illinois IN Indiana IA Iowa KS Kansas KY
    Kentucky LA Louisiana ME Maine MD Maryland MA Massachusetts MI Michigan MN Minnesota MS
    Mississippi MO Missouri MT Montana NE Nebraska NV Nevada NH New-Hampshire NJ New-Jersey NM
    New-Mexico NY New-York NC North-Carolina ND North-Dakota OH Ohio OK Oklahoma OR Oregon PA
    Pennsylvania RI Rhode-Island SC South-Carolina SD South-Dakota TN Tennessee TX Texas UT Utah
    VT Vermont VA Virginia WA Washington WV West-Virginia WI Wisconsin WY Wyoming
"""
_STATES = {
    code: name.replace("-", " ")
    for code, name in zip(_CODES.split()[::2], _CODES.split()[1::2], strict=True)
}
_WORDS = "AL|CO|DE|HI|ID|IN|LA|MA|ME|MO|MS|MT|OH|OK|OR|PA"  # or names as short
_DIVIDED = "Africa|America|Carolina|Dakota|Ireland|Irish|Korea|Korean|Sudan|Wales|Yorkshire"
_NO_NAMES = ("And", "As", "At", "But", "By", "For", "From", "If", "In", "Of", "On", "The", "To")
# Behind one of these a letter belongs to the number: no degrees, no meters.
_LABELLED = """
    apartment appendix chapter exercise exit figure flat gate item option page part platform problem
    question room row seat section step suite table unit
"""
_SIZED = "across|apart|away|deep|high|long|tall|thick|wide"
_ROADS = r"I|US|Highway|Hwy|Route|Rte|Interstate"


def places() -> Iterator[Rule]:
    """Give the rules for where something is."""
    point = any_of(_POINTS)
    number = r"\d+(?:st|nd|rd|th)"
    yield rf"\b({any_of(NUMBERED_PLACES)})\b\.? ?#?(?=\d)", lambda m: f"{NUMBERED_PLACES[m[1]]} "
    yield r"\b([Ff])ig\. ?(?=\d+[A-Za-z]\b)", r"\1igure "
    labelled = "|".join(f"[{name[0].upper()}{name[0]}]{name[1:]}" for name in _LABELLED.split())
    yield (
        rf"\b((?:{labelled})s?) (\d+(?=[A-Ha-h])|\d\d?)([A-Za-jl-z])\b(?! (?:{_SIZED})\b)",
        _labelled,
    )
    code = rf"(?<=[a-z], )({any_of(_STATES)})"
    yield rf"{code}(?: (\d{{5}})(?!\d))?(?=\Z|[,.;:!?)])|{code}(?<!{_WORDS})(?= [a-z])", _state
    yield r"(?<=\d{3}-\d{4}) ?x ?(?=\d{1,5}\b)", " extension "
    yield rf"\b((?:{_ROADS})[- ]\d+) ({point})\b(?!\.\w)", _pointed
    yield rf"\b({_ALL_STREETS})(\.?) ({point})\b(?!\.\w)", _pointed_street
    yield rf"\b([Ww]inds?(?: from the)?|mph|km/h|knots) ({point})\b(?!\.\w)", _pointed
    way = rf"(?:{number}|(?:[A-Z][a-z]+ )+(?:{_ALL_STREETS}))\b"
    yield rf"\b(\d+) ({point})\b\.? (?={way})", lambda m: f"{m[1]} {_POINTS[m[2]]} "
    yield rf"(?<!\w)({point})\b\.? (?={number} (?:{_ALL_STREETS})\b)", lambda m: f"{_POINTS[m[1]]} "
    yield (
        rf"(?<!\w)([NSEW])\. (?=(?:[A-Z][a-z]+ )+(?:{_ALL_STREETS})\b)",
        lambda m: f"{_POINTS[m[1]]} ",
    )
    yield rf"(?:\b([A-Z][a-z]+) )?(?<![\w.])([NSEW])\. (?=(?:{_DIVIDED})\b)", _part_of
    # A person's initial: before a doctor's title it would pass for the way to a drive.
    yield r"\b([A-Z][a-z]+ [NSEW])\. (?=[A-Z])", r"\1 "
    yield r"\b(Mount|Mt\.|Lake|Port|Fort|North|South|East|West) St\. (?=[A-Z])", r"\1 Saint "
    yield rf"\b({number}) ({any_of(STREETS)})\b(\. (?=[A-Z][a-z])|\.?)", _street
    yield r"(?<![a-z] )(?<!\w)St (?=[A-Z])|(?<=\b[a-z]{2} )St (?=[A-Z])", "Saint "
    yield (
        rf"(?<=\d)([A-Za-z]*(?: [A-Z][a-z]+){{1,3}}) ({any_of(STREETS)})\b(\. (?=[A-Z][a-z])|\.?)",
        _street,
    )


def _state(found: re.Match[str]) -> str:
    """Read "Columbus, OH 43215" as the state and the digits of the ZIP code."""
    digits = [DIGITS[int(digit)] for digit in found[2] or ""]
    return " ".join((_STATES[found[1] or found[3]], *digits))


def _labelled(found: re.Match[str]) -> str:
    """Read "Figure 5c"; in small letters, "a" would be the article."""
    name, number, letter = found.groups()
    return f"{name} {number}{NO_UNIT} {'A' if letter == 'a' else letter}{NO_UNIT}"


def _part_of(found: re.Match[str]) -> str:
    """Read a country's half; behind a name the letter is of somebody who is called like one."""
    before, point = found.groups()
    if before is not None and before not in _NO_NAMES:
        return found[0]
    return f"{before} {_POINTS[point]} " if before else f"{_POINTS[point]} "


def _street(found: re.Match[str]) -> str:
    return f"{found[1]} {STREETS[found[2]]}{found[3] if ' ' in found[3] else ''}"


def _pointed(found: re.Match[str]) -> str:
    return f"{found[1]} {_POINTS[found[2]]}"


def _pointed_street(found: re.Match[str]) -> str:
    return f"{STREETS.get(found[1], found[1])} {_POINTS[found[3]]}"
