"""Short forms of letters, chats and notes, written out: rules for `_written`.

w/o, he/she, eg, P.S., btw, gr8, Gov. Brown, pp. 3-7, approx.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._amounts import TIED, UNITS, any_of
from ._places import NUMBERED_PLACES, STREETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._amounts import Rule

_BEFORE_NAMES = {"Gov": "Governor", "Sen": "Senator", "Rep": "Representative", "Ft": "Fort"} | {
    "Pres": "President",
    "Adm": "Admiral",
    "Supt": "Superintendent",
    "Drs": "Doctors",
    "Assoc": "Associate",
    "Univ": "University",
}
_BEFORE_NUMBERS = {"p": "page", "P": "Page", "pp": "pages", "Pp": "Pages"} | {
    "Nos": "numbers",
    "nos": "numbers",
    "Figs": "Figures",
    "figs": "figures",
    "Sec": "Section",
    "Art": "Article",
    "Op": "Opus",
    "Acct": "Account",
    "acct": "account",
    "Tel": "Telephone",
    "Ver": "Version",
    "ver": "version",
    "tel": "telephone",
}
_SLASHED = {"w/o": "without", "w/": "with", "b/c": "because", "c/o": "care of"} | {
    "and/or": "and or",
    "a/k/a": "also known as",
    "n/a": "N A",
    "N/A": "N A",
    "he/she": "he or she",
    "she/he": "she or he",
    "s/he": "she or he",
    "his/her": "his or her",
    "him/her": "him or her",
    "b/w": "black and white",
    "m/m": "month over month",
    "q/q": "quarter over quarter",
    "y/y": "year over year",
    "Sir/Madam": "Sir or Madam",
}
# Whole words in small letters, perhaps with a capital: "Thx!"
_CHATTED = {"pls": "please", "plz": "please", "thx": "thanks", "tmrw": "tomorrow"} | {
    "afaik": "as far as I know",
    "aka": "also known as",
    "attn": "attention",
    "btw": "by the way",
    "hbu": "how about you",
    "idk": "I don't know",
    "iirc": "if I recall correctly",
    "ikr": "I know, right",
    "imho": "in my humble opinion",
    "imo": "in my opinion",
    "jk": "just kidding",
    "lmk": "let me know",
    "mtg": "meeting",
    "nvm": "never mind",
    "omg": "oh my god",
    "sry": "sorry",
    "tbh": "to be honest",
    "ttyl": "talk to you later",
    "wyd": "what are you doing",
    "yw": "you're welcome",
}
_WITH_DIGITS = {"b4": "before", "gr8": "great", "l8r": "later", "w8": "wait"} | {
    "2day": "today",
    "2moro": "tomorrow",
    "2nite": "tonight",
}
_HEADINGS = {"Vol": "Volume", "Ch": "Chapter", "Pt": "Part", "Sc": "Scene"}
_HEADINGS |= {short.lower(): whole.lower() for short, whole in _HEADINGS.items()}
_COUNTED = {"pkg": "package", "pkgs": "packages", "doz": "dozen", "avg": "average"} | {
    "qty": "quantity",
}
_CHAT = {word.capitalize(): said[0].upper() + said[1:] for word, said in _CHATTED.items()}
_CHAT |= _CHATTED | _WITH_DIGITS | {"u": "you", "ur": "your"}
_KEYS = {"Ctrl": "Control", "Cmd": "Command"}
_SPANS = {"Y": "year", "Q": "quarter", "M": "month"}
_LATIN = ("eg", "ie", "Eg", "Ie")
# With a full stop, no sentence ends; without one, they are no words.
_SHORT = (_BEFORE_NAMES, _BEFORE_NUMBERS, _COUNTED, _LATIN, NUMBERED_PLACES, STREETS, TIED, UNITS)
SHORT = frozenset(
    f"{word}." for words in (*_SHORT, ("al", "Ps", "Pt", "Rs", "Sc", "Vol")) for word in words
)
NO_WORDS = frozenset(("vs", "approx", "Bros", "St", *_LATIN, *_CHAT, *_COUNTED))


def shorthand() -> Iterator[Rule]:
    """Give the rules for what is written shorter than it is said."""
    yield rf"(?<![\w/])({any_of(_SLASHED)})(?![\w/])", lambda m: _SLASHED[m[1]]
    yield rf"(?<![\w/.@'’-])({any_of(_CHAT)})(?![\w/@'’-]|\.\w)", lambda m: _CHAT[m[1]]  # noqa: RUF001
    yield r"(?<![\w.])([Ee])\.?g\b(?!\.\w)\.?", lambda m: f"{'fF'[m[1] == 'E']}or example"
    yield r"(?<![\w.])([Ii])\.?e\b(?!\.\w)\.?", lambda m: f"{'tT'[m[1] == 'I']}hat is"
    yield r"\bP\.? ?S\.,?", "P S,"
    yield rf"\b({any_of(_HEADINGS)})\. (?=[IVXL]+\b|[ivxl]+\b)", lambda m: f"{_HEADINGS[m[1]]} "
    yield rf"(?<![\w.-])({any_of(_COUNTED)})\b(?![-.]\w)\.?(?! [A-Z])", lambda m: _COUNTED[m[1]]
    yield r"(?<=\d) ea\b\.?(?! [A-Z])", " each"
    yield r"\bincl\.(?=\Z|[,;)])", "included"
    yield r"\b([YQM])o\1\b", lambda m: f"{_SPANS[m[1]]} over {_SPANS[m[1]]}"
    yield rf"(?<!\w)({any_of(_KEYS)})\b", lambda m: _KEYS[m[1]]
    yield r"\bvs\b\.?", "versus"
    yield r"\bQ&A\b", "Q and A"
    yield r"\bTL;?DR\b", "T L D R"
    yield r"\bBros\.", "Brothers"
    yield r"\bMs\. (?=[A-Z])", "Ms "
    yield r"\ba\.k\.a\.", "also known as"
    yield r"\bapprox\b\.?", "approximately"
    yield r"(?<=[ap]\.m)\. (?=[A-Z])", ".. "
    yield r"\bet al\.(?= [a-z(])", "et al"
    yield rf"\b({any_of(_BEFORE_NAMES)})\. (?=[A-Zo])", lambda m: f"{_BEFORE_NAMES[m[1]]} "
    yield rf"\b({any_of(_BEFORE_NUMBERS)})\. ?(?=#?\d)", lambda m: f"{_BEFORE_NUMBERS[m[1]]} "
