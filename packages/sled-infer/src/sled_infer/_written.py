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

from ._addresses import addresses
from ._amounts import any_of, measures, money
from ._calendar import SHORT_NAMES, calendar, is_joined, times
from ._figures import dialled, numbers
from ._fractions import fractions
from ._numerals import BEFORE_NUMERALS, NUMERALS
from ._places import places
from ._powers import powers
from ._shorthand import NO_WORDS, shorthand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._amounts import Rule

# Words that others make something else of.
WATCHED = BEFORE_NUMERALS | NO_WORDS | SHORT_NAMES
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "nbsp": " "}
_MENUS = """
    Account Control Edit File Format General Help Home Insert Menu Network Options Panel Preferences
    Privacy Profile Security Settings System Tools View Window
"""
_OF_COMPUTERS = """
    admin budget company consultant department director expert firm guy help industry infrastructure
    manager outage policy professional project sector security service services specialist staff
    support system team worker
"""
_OF_COMPUTERS = "|".join(_OF_COMPUTERS.split())
_OF_HEALTH = "chief|classification|data|declared|director|guideline|official|recommend|report|say"
_STARRED = "hotel|hotels|motel|resort|restaurant|rating|ratings|review|reviews|service|quality"


def rewritten(phrase: str) -> str:
    """Put words that are read together so that the library reads them as they are spoken."""
    for pattern, instead in _rules():
        phrase = pattern.sub(instead, phrase)
    return phrase


def is_watched(word: str) -> bool:
    """Tell whether a word without its marks must be read with its neighbours."""
    return word in WATCHED or is_joined(word)


def _markup() -> Iterator[Rule]:
    """Give the rules for marks of HTML and Markdown, which are silent."""
    yield r"\]\([^\s()]*\)", "]"
    yield r"</?[A-Za-z][\w-]*/?>", ""
    yield rf"&({any_of(_ENTITIES)});", lambda found: _ENTITIES[found[1]]
    yield r"(?i)\b(dial|press|enter|hit) #(?!\w)", r"\1 pound"
    yield r"(?<!\S)#+(?!\S)", ""
    yield r"\A(?:> ?)+(?![\d=])", ""
    yield r"([-=_*~#+])\1{3,}", " "
    yield from _stars()
    yield r"!==?", " is not equal to "
    yield r"(?<!=)===?(?!>)", " equals "
    yield r">=", " greater than or equal to "
    yield r"<=(?!=)", " less than or equal to "
    yield r"(?<=\s)&&(?=\s)", "&"
    yield r"(?<=\s)\|\|(?=\s)", "or"
    yield r"[-=]+>", "→"
    yield rf"\b(?:{any_of(_MENUS.split())})(?: >(?: [A-Z]\w*)+)+", lambda m: m[0].replace(" >", ",")
    yield r"(?<=\b[IWw][e ])(?: ?)<3+(?= [a-z])", " love"
    yield r"(?<=[a-z]{2}) <3+(?=\Z|[.!?,])", ""
    yield r"~(?! ?[\d$£€/])|~(?=~)", ""


def _stars() -> Iterator[Rule]:
    """Give the rules for stars: around words and before those of a list they are silent."""
    yield rf"\b([1-7](?:\.\d)?)\* (?={_STARRED})", r"\1 star "
    yield r"(?<![\w*])\*(?=[^\s*])([^*]*[^\s*])\*(?![\w*])", r"\1"
    yield r"(?<![\w)\]*])\*+(?=[^\s\d=*])", ""
    yield r"(?<=[^\s\d*])\*+(?![\w(*])", ""
    yield r"(?<=\d)\*+(?= (?:[^\W\d_]{2}|a ))", ""
    factor = r"(?<![\d)%²³] )(?<!\b[A-Za-z] )(?<!\d[a-z]{2} )(?<!\d [a-z]{2} )"
    yield rf"{factor}(?<!\S)\*(?!\S)", ""
    yield r"(?<!\S)\*(?! (?:[\d($£€.−-]|[A-Za-z]\b))(?!\S)", ""


def _letters() -> Iterator[Rule]:
    yield r"\b([A-G])#(?!\w)", r"\1 sharp"
    yield r"(?<!\w)#(?=[A-Za-z][a-z])", "hashtag "
    yield r"\b([A-Z]{1,4})/(?=[A-Z]{1,4}\b)", r"\1 "
    yield r"\b([A-Z]{2,3})&(?=[A-Z]\b)", lambda m: ".".join(m[1]) + " and "
    yield rf"\bIT(?= (?:{_OF_COMPUTERS})s?\b)", "I.T"
    yield rf"\bWHO(?= (?:{_OF_HEALTH})s?\b)|(?<=\b[Tt]he )WHO(?![\w-])", "W.H.O"
    yield r"\bAM(?= (?:radio|and FM|station)|/FM)", "A.M"
    yield r"\b([A-F])-(?![\w-])", r"\1-minus"
    yield r"\bA\+(?![\w+])", "A-plus"
    yield r"\bA[-–]Z\b", "A-to-Z"
    yield r"(?<!\w)AD (?=\d)|(?<=\d )AD\b", lambda m: m[0].replace("AD", "A.D")
    yield r"\bWW(?=[I123]+\b)", "World War "


_GROUPS = (
    *(_markup, addresses, shorthand, places, money, times, calendar),
    *(fractions, powers, measures, dialled, numbers, _letters),
)


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]:
    """Compile the rules when they are first needed, for many a start needs none."""
    rules = (*(rule for group in _GROUPS for rule in group()), *NUMERALS)
    return tuple((re.compile(pattern), instead) for pattern, instead in rules)
