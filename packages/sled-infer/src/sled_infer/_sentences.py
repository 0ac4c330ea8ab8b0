"""Where sentences and clauses end, told from a word and the one that follows it.

Two words are enough for a text that still comes: nothing has to be waited for but the next word.
"""

from __future__ import annotations

import re

from ._symbols import AROUND, CLOSING, OPENING

# Looked for at the first of several marks alone, or a word of nothing else takes minutes.
_STOP = re.compile(rf"(?<![.…])[.…]+[{re.escape(CLOSING)}]*\Z")
_MARK = re.compile(rf"(?<![!?.…])(?=[.…]*[!?])[!?.…]+[{re.escape(CLOSING)}]*\Z")
_FAR_EAST_END = re.compile("[。！？][”’」』）]*\\Z")  # noqa: RUF001 - full-width marks are meant
_CLAUSE = re.compile(rf"(?:[,;:、，；：]|[\u2013\u2014])[{re.escape(CLOSING)}]*\Z")  # noqa: RUF001
_INITIAL = re.compile(r"[^\W\d_]")
_INNER_DOT = re.compile(r"[^\W\d_]\.[^\W\d_]")
_BEFORE_NAMES = """
    Mr Mrs Ms Dr Prof St Rev Hon Pres Gov Sen Rep Gen Col Lt Maj Capt Cpt Sgt Adm Cmdr Mt Ft Messrs
    Mme Mlle Fr Sr Sra vs cf ca approx e.g i.e eg ie viz
"""
_BEFORE_NUMBERS = """
    No Nos Vol Ch Fig Figs Sec Art no nos vol ch pp p fig figs eq sec art
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec
    Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun Apt Rm Ste Hwy Rte Tel tel Ext ext
"""
# What follows a full stop with one of these is a new sentence.
_OPENING_WORDS = """
    A An And As At But For He His I If In It Its My No On She So That The Then There These They This
    To We
"""
OPENERS = frozenset(_OPENING_WORDS.split())
_NAMED, _NUMBERED = frozenset(_BEFORE_NAMES.split()), frozenset(_BEFORE_NUMBERS.split())


def ends_sentence(word: str, following: str) -> bool:
    """Tell whether a sentence ends with a word, given the word after it."""
    if _FAR_EAST_END.search(word):
        return True
    start = following.lstrip(f"{OPENING}\u2013\u2014-…. ")[:1]
    if _MARK.search(word):
        return not start.islower()
    if not _STOP.search(word) or start.islower():
        return False
    bare = word.strip(f"{OPENING}{CLOSING}").rstrip(".…")
    opens = opens_sentence(following)
    named = bare in _NAMED and not (bare == "St" and opens)  # "on Main St. He"
    if named or (bare in _NUMBERED and start.isnumeric()):
        return False
    if _INNER_DOT.search(bare):
        # "at 5 p.m. Rain" and "in the U.S. The" begin a sentence; "J.R.R. Tolkien" does not.
        return bare.islower() or opens
    return bare == "I" or not _INITIAL.fullmatch(bare)


def opens_sentence(word: str) -> bool:
    """Tell whether a word behind a full stop surely begins a sentence; one letter may number."""
    return len(word) > 1 and word.strip(AROUND) in OPENERS


def ends_clause(word: str) -> bool:
    """Tell whether a word ends with a comma, a colon or the like, or is a dash."""
    return _CLAUSE.search(word) is not None
