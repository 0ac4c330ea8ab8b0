"""Days, months, dates and times that the library reads amiss: rules for `_written`.

Mon.-Fri., May 10-12, Dec. 31-Jan. 2, on 3/4, 2026-11-23T18:43Z, 20:00, the mid-1980s
"""

# ruff: noqa: RUF001 - dashes are meant

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._amounts import any_of
from ._figures import below_100
from ._numerals import ordinal
from ._sentences import OPENERS
from ._symbols import APOSTROPHES, DECADES, DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._amounts import Rule

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_SHORT_DAYS = {name[:3]: name for name in _DAYS} | {"Tues": "Tuesday", "Thur": "Thursday"}
_SHORT_DAYS["Thurs"] = "Thursday"
_SHORT_MONTHS = {name[:3]: name for name in _MONTHS if name != "May"} | {"Sept": "September"}
_SHORT = _SHORT_DAYS | _SHORT_MONTHS
SHORT_NAMES = frozenset(_SHORT)
_NAMES = _SHORT | {name: name for name in (*_DAYS, *_MONTHS)}
_NAME, _MONTH = any_of(_NAMES), any_of(_MONTHS)
_JOINED = re.compile(rf"(?:{_NAME})\.?(?:[-–/](?:{_NAME})\.?)+")
# Without a full stop, names are short only beside these, for "Jan" and "Sat" mean more.
_ONLY_SHORT = frozenset(("Feb", "Aug", "Sept", "Oct", "Nov", "Dec"))
_BESIDE = rf"(?:{_NAME})\.?,?(?: &| and)?"
_BEFORE_DAY = re.compile(rf"\b(?:[Oo]n|[Ee]very|next|last|until|till|since|EOD|{_BESIDE}) \Z")
_BEFORE_MONTH = re.compile(
    rf"\b(?:[Ii]n|[Ss]ince|until|till|next|last|early|mid|late|{_BESIDE}|\d\d?(?:st|nd|rd|th)?) \Z"
)
_AFTER = re.compile(
    rf",? (?:\d|& |and (?:{_NAME})\b|(?:{_NAME}|morning|afternoon|evening|night)\b)"
)
_SENTENCE = re.compile(rf"\Z| (?:{any_of(OPENERS)})\b")
_LONGEST_MONTH = 31
# After these, two numbers are a date; after the later ones, unless they are a usual fraction.
_DATING = f"[Oo]n|[Ss]ince|[Uu]ntil|till|due|dated|starting|{any_of(_DAYS)}"
_PERHAPS_DATING = f"[Bb]y|[Ff]rom|[Bb]efore|[Aa]fter|(?:{any_of(_DAYS)}),"
_USUAL = frozenset(("1/2", "1/3", "2/3", "1/4", "3/4"))

# What is of a decade; before anything else "30s" are seconds: "a 30s timeout".
_OF_DECADES = """
    aesthetic babies baby band bands cartoon cartoons child children classic classics cinema
    comedies comedy dance decor diner disco drama era fashion film films funk furniture glam
    hair hairstyle hip-hop hits house icon icons jazz kid kids look metal movie movies music
    nostalgia party pop punk rap reggae rock show shows sitcom sitcoms slang song songs soul
    sound star stars style styles synth-pop teen teens television throwback toys tune tunes TV
    vibe vibes
"""


def is_joined(word: str) -> bool:
    """Tell whether a word is of several names: "Mon.-Fri."."""
    return _JOINED.fullmatch(word) is not None


def calendar() -> Iterator[Rule]:
    """Give the rules for days, months and years."""
    yield rf"\b({_NAME})\.? ?[-–] ?({_NAME})\b(?:\.(?= [a-z\d]))?", _range
    yield rf"\b(?:{_NAME})\.?(?:/(?:{_NAME})\b\.?)+(?=\W|\Z)", _list
    yield rf"\b({any_of(_SHORT)})\b(\.?)(?!['’-])", _full
    numbered = r"(\d\d?)(?:st|nd|rd|th)?"
    yield rf"\b({_MONTH}) {numbered} ?[-–] ?({_MONTH}) {numbered}\b", _between_months
    yield rf"\b({_MONTH}) {numbered}[-–]{numbered}\b(?![-–/:.]?\d| ?[ap]\.?m)", _between_days
    yield rf"\b(?:[Tt]he )?{numbered}[-–]{numbered} (?:of )?({_MONTH})\b", _days_of
    yield rf"\b({_DATING}|{_PERHAPS_DATING}) (\d\d?)/(\d\d?)\b(?![\w/.]?\d)", _date
    for tens, word in enumerate(DECADES, 2):
        yield rf"[{APOSTROPHES}]{tens}0s\b", word
        yield rf"(?i)\b(the|early|mid|late|his|her|my|your|our|their)[ -]{tens}0s\b", rf"\1 {word}"
    of_decade = rf"(?= (?:{any_of(_OF_DECADES.split())})\b|-(?:era|style|themed|inspired)\b)"
    yield rf"(?<!\S)([2-9])0s{of_decade}", _decade
    yield r"(?<=\b[Aa] )(7)0s(?= [a-z])|(?<=\b[Aa]n )(8)0s(?= [a-z])", _decade
    yield rf"(?<!\S)([2-9])0s(?=(?: and| or| to| &|,) (?:the )?(?:{any_of(DECADES)})\b)", _decade
    yield r"\b(\d{4}s)[-–](?=\d{4}s\b)", r"\1 to "
    yield r"(?<=[A-Za-z])-(?=\d{4}s\b)", " "
    yield r"\b(?:(?<=[Tt]he )|(?<=early )|(?<=mid )|(?<=late )|1)([1-9])00s\b", _hundreds
    yield r"(?<![\w.,$£€/-])(1[1-9]\d\d|20\d\d)[-–]([1-9]\d)\b(?![-–/.]?\d)", r"\1 to \2"
    yield r"(?<![\w.,$£€/-])(1[89]\d\d|20\d\d)/(\d\d)\b(?![-–/.]?\d)", _season
    yield r"\b([Ee])st\. (?=(?:1[5-9]|20)\d\d\b(?![-–,.]?\d| [a-z]))", r"\1stablished "
    yield r"\b(\d+(?:st|nd|rd|th)) c\.(?=\W|\Z)", r"\1 century"
    yield r"\b(\d+(?:st|nd|rd|th)) ed\.(?=\W|\Z)", r"\1 edition"
    yield rf"[{APOSTROPHES}]00s\b", "two thousands"
    yield r"\bM[-–]F\b", "Monday to Friday"
    yield r"\bM[-–]Th\b", "Monday to Thursday"
    yield r"\b(Q[1-4])[-–](?=Q[1-4]\b)", r"\1 to "
    yield r"\bAPR (?=\d+(?:\.\d|%))", "A P R "
    yield r"\b(\d\d?)[-–](?=\d\d?-year-old)", r"\1 to "
    yield r"(?<![\w/.-])(1[3-9]|2\d|3[01])/(0?[1-9]|1[0-2])/(\d\d(?:\d\d)?)\b(?!/)", _day_first
    yield rf"\bQ([1-4])(?:[{APOSTROPHES}](?=\d\d\b)|\b)", lambda m: f"Q {DIGITS[int(m[1])]} "
    yield r"\bFY(?=\d)", "FY "
    yield r"\b24[-/x]7\b", "twenty-four seven"
    yield r"\b9/11\b", "nine eleven"


def times() -> Iterator[Rule]:
    """Give the rules for times of day."""
    yield r"(?i)(?<=[ap]m)[-–](?=\d)|(?<=[ap]\.m\.)[-–](?=\d)|(?<=\bnoon)[-–](?=\d)", " to "
    yield r"\b(\d\d?:[0-5]\d) ?([ap])\b(?!\.?m)", r"\1 \2m"
    yield r"\b(\d\d?:[0-5]\d):([0-5]\d) ?([AaPp]\.?[Mm]\b\.?)", r"\1 \3 and \2 seconds"
    yield r"\b([01]?\d|2[0-3])h([0-5]\d)\b", r"\1:\2"
    yield r"\b0(\d)00 ?(?:hrs?|hours)\b", r"zero \1 hundred hours"
    yield r"\b0(\d)([1-5]\d) ?(?:hrs?|hours)\b", r"zero \1 \2 hours"
    zone = r"(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d))?"
    yield (
        rf"\b(\d{{4}}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d(?:[.,]\d+)?))?{zone}(?![\w:])",
        _stamp,
    )
    yield r"(?<![\w:.,])(\d):([0-5]\d)\.(\d{1,3})(?!\w|[:.]\d)", _lap
    yield r"\b(\d{1,2})\.([0-5]\d)(?= ?[ap]\.?m\b)", r"\1:\2"
    clock = r"(?<![\d:.])({})(?![\d:])(?! ?[AaPp]\.?[Mm]\b)"
    yield clock.format("(?:00|24):00"), "midnight"
    yield clock.format(r"(?:1[3-9]|2[0-3]):00"), lambda m: f"{m[1][:2]} hundred"
    yield clock.format(r"00:[1-5]\d"), lambda m: f"zero zero {m[1][-2:]}"
    yield clock.format(r"00:0[1-9]"), lambda m: f"zero zero oh {m[1][-1]}"


def _range(found: re.Match[str]) -> str:
    return f"{_NAMES[found[1]]} to {_NAMES[found[2]]}"


def _decade(found: re.Match[str]) -> str:
    return DECADES[int(found[found.lastindex or 1]) - 2]


def _season(found: re.Match[str]) -> str:
    """Read two years that follow one another; other numbers are left."""
    first, last = int(found[1]), int(found[2])
    if (first + 1) % 100 != last or not last:
        return found[0]
    return f"{first} {'oh ' if last < 10 else ''}{below_100(last)}"  # noqa: PLR2004 - "oh nine"


def _hundreds(found: re.Match[str]) -> str:
    """Read the years of a century: "the fourteen hundreds"."""
    return f"{below_100(int(found[0][:-3]))} hundreds"


def _list(found: re.Match[str]) -> str:
    names = found[0].split("/")
    stop = "." if names[-1].endswith(".") and _SENTENCE.match(found.string[found.end() :]) else ""
    return ", ".join(_NAMES[name.rstrip(".")] for name in names) + stop


def _full(found: re.Match[str]) -> str:
    """Write a short name in full if it is one; its full stop stays where a sentence ends."""
    short, stop = found.groups()
    earlier, later = found.string[: found.start()], found.string[found.end() :]
    before = _BEFORE_DAY if short in _SHORT_DAYS else _BEFORE_MONTH
    if not (stop or short in _ONLY_SHORT or _AFTER.match(later) or before.search(earlier)):
        return found[0]
    return _SHORT[short] + (stop if _SENTENCE.match(later) else "")


def _between_months(found: re.Match[str]) -> str:
    first, day, last, end = found.groups()
    return f"{first} {ordinal(int(day))} to {last} {ordinal(int(end))}"


def _between_days(found: re.Match[str]) -> str:
    month, first, last = found[1], int(found[2]), int(found[3])
    if not first < last <= _LONGEST_MONTH:
        return found[0]
    return f"{month} {ordinal(first)} to {ordinal(last)}"


def _days_of(found: re.Match[str]) -> str:
    first, last = int(found[1]), int(found[2])
    if not first < last <= _LONGEST_MONTH:
        return found[0]
    return f"the {ordinal(first)} to the {ordinal(last)} of {found[3]}"


def _date(found: re.Match[str]) -> str:
    """Read two numbers as month and day, as long as they can be that."""
    before, month, day = found[1], int(found[2]), int(found[3])
    fraction = re.fullmatch(_PERHAPS_DATING, before) and f"{month}/{day}" in _USUAL
    if fraction or not (1 <= month <= len(_MONTHS) and 1 <= day <= _LONGEST_MONTH):
        return found[0]
    return f"{before} {_MONTHS[month - 1]} {ordinal(day)}"


def _day_first(found: re.Match[str]) -> str:
    year = (
        found[3] if len(found[3]) > len("26") else f"{'20' if found[3] < '50' else '19'}{found[3]}"
    )
    return f"the {ordinal(int(found[1]))} of {_MONTHS[int(found[2]) - 1]} {year}"


def _lap(found: re.Match[str]) -> str:
    """Read the time of a race, of minutes and parts of seconds."""
    minutes, seconds, parts = found.groups()
    tens = f"oh {seconds[1]}" if seconds.startswith("0") else seconds
    return f"{DIGITS[int(minutes)]} {tens}.{parts}"


def _stamp(found: re.Match[str]) -> str:
    """Read a time stamp of ISO 8601: its date is left to later rules."""
    date, clock, seconds, zone = found.groups()
    said = f"{date} at {clock}"
    if seconds and float(seconds.replace(",", ".")):
        plain = seconds.replace(",", ".").lstrip("0")
        said += f" and {'0' if plain.startswith('.') else ''}{plain} second"
        said += "" if plain == "1" else "s"
    if not zone:
        return said
    if zone[0] not in "+-":
        return f"{said} {'GMT' if zone == 'GMT' else 'UTC'}"
    hours, minutes = int(zone[1:3]), zone[-2:]
    if not hours and minutes == "00":
        return f"{said} UTC"
    away = f"{hours}:{minutes}" if minutes != "00" else str(hours)
    return f"{said} UTC {'plus' if zone[0] == '+' else 'minus'} {away}"
