"""Whether "read" is said like "reed" or like "red": its spelling does not tell.

Tense().push(["I", "read", "it", "yesterday."], final=True)  # ["I", "red", "it", "yesterday."]

Mostly what stands before it decides: "have read", "did you read", "she read". After "I", "we" or
"they" the rest of the sentence does, as far as it is worth waiting for.
"""

from __future__ import annotations

import re
from itertools import pairwise

from ._lexicon import fold

MOST_AFTER = 6  # words that are waited for
_MOST_BEFORE = 24  # words that are remembered
_READ = re.compile(r"[^\w'\"`“‘]*(?:re-)?(read)[^\w']*", re.IGNORECASE)  # noqa: RUF001
_TIED = re.compile(r"(?i)\b((?:well|best|most|much|widely)-)read\b")
_END = re.compile(r"[.!?:;…]\W*\Z")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HAVING = _words("have haven't has hasn't had hadn't")
_BEING = _words("am is isn't are aren't was wasn't were weren't be been being")
_PERFECT = _HAVING | _BEING | _words("having get gets got getting")
_ASKING = _words(
    """
    do don't does doesn't did didn't will won't would wouldn't can can't could couldn't should
    shouldn't must may might shall
    """
)
# Before these it is a verb's plain form, or a noun: "please read", "a good read".
_BARE = _ASKING | _words(
    """
    to let's please cannot better rather or a an the not go come now next good great quick easy fun
    long short interesting nice lovely worth of on in with for per during
    """
)
_LETTING = _words("let lets make makes made help helps helped hear heard see saw watch watched had")
_ADVERBS = _words(
    "already also always both ever even first just never not often once only still then"
)
_ONE = _words("he she everyone everybody someone somebody anyone anybody nobody")
_OPEN = _words("i you we they")
_OBJECTS = _words("me him us them her")
_ASKED = _ONE | _OPEN | _words("it who")
_ARTICLES = _words("a an the my your his her its our their this that each every one no")
_PLURAL = _words("people children men women police kids those both few many two three four some")
_OPENING = _words("what which who why how when where and but so")
_UNLESS = _words("if unless until whenever where")
_THINGS = _words("book article letter story paper novel report email one thing something all poem")
# What is rather read once than now and then.
_SPECIFIC = _words(
    """
    it the that this these those your his her their my our a an about somewhere one both out aloud
    from him us me them in through as :
    """
)
_SURELY_PAST = _words("yesterday ago earlier previously recently")
_LAST = _words(
    """
    night week weekend month year time summer winter spring autumn fall monday tuesday wednesday
    thursday friday saturday sunday january february march april may june july august september
    october november december
    """
)
_PAST = _words(
    """
    was wasn't were weren't had hadn't did didn't went came said saw got took made thought felt knew
    found told gave began wrote left kept couldn't understood sat stood fell lost met
    """
)
_NO_PAST = _words("need feed seed speed indeed bed breed exceed hundred sacred shed wed fed red")
_HABIT = _words(
    """
    every always usually often sometimes daily weekly rarely seldom regularly normally generally
    mostly lot bit little whenever nowadays now each
    """
)
_PERIODS = _words("day week month year night")


class Tense:
    """Lets the words of a text pass; "read" waits until it is told how it is said.

    Attributes:
        waiting: what has come and is held back: "read" and the words after it.

    """

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self._before: list[str] = []

    def push(self, words: list[str], *, final: bool = False) -> list[str]:
        """Take words with their marks, and give those that are certain, "red" for some "read"."""
        certain = []
        self.waiting += words
        while self.waiting:
            said = self._first(self.waiting, final=final)
            if said is None:
                break
            self._pass(self.waiting.pop(0))
            certain.append(said)
        return certain

    def _first(self, words: list[str], *, final: bool) -> str | None:
        """Give the first of these words as it is said; None if more must come."""
        first = fold(words[0])
        found = _READ.fullmatch(first)
        if found is None:
            return _TIED.sub(r"\1red", first) if _TIED.search(first) else words[0]
        after = [":"] if ":" in first else []
        over = _END.search(first) is not None
        for word in words[1 : MOST_AFTER + 1]:
            if over:
                break
            after += _WORD.findall(fold(word).lower())
            over = _END.search(word) is not None
        over = over or final or len(words) > MOST_AFTER
        past = self._is_past(after, capital=not found[1].islower(), over=over)
        if past is None:
            return None
        return first.replace(found[1], "red") if past else words[0]

    def _is_past(self, after: list[str], *, capital: bool, over: bool) -> bool | None:
        before = [word.lower() for word in self._before]
        near = list(before)
        while near and (near[-1] in _ADVERBS or near[-1].endswith("ly")):
            near.pop()
        told = _told_before(near, before)
        if told is not None or capital:
            return bool(told)
        if _surely_past(before) or _surely_past(after):
            return True
        named = not self._before[len(near) - 1].islower()
        return _told_by_all(near, after, before, named=named) if over else None

    def _pass(self, word: str) -> None:
        word = fold(word)
        kept = [] if _END.search(word) else [*self._before, *_WORD.findall(word)]
        self._before = kept[-_MOST_BEFORE:]


def _told_before(near: list[str], before: list[str]) -> bool | None:
    """Tell from the words before it, adverbs left out; None if they do not tell."""
    if not near:
        return False
    earlier, last = ["", *near][-2:]
    asked = _told_by_question(near)
    lets = not _LETTING.isdisjoint(near[-3:-1]) and last not in _OPEN | {"and", "that", "who"}
    telling = (
        (last in _PERFECT or last.endswith(("'ve", "'re", "'m")), True),
        (last in _BARE or last.endswith("'ll"), False),
        (last.endswith("'s"), True),
        (last.endswith("'d"), len(near) < len(before) or any(map(_is_past, near))),
        (last in _ASKED and earlier in _HAVING, True),
        (last in _ASKED and earlier in _ASKING, False),
        (asked is not None, asked),
        (last in {"he", "she"}, True),
        (last in _OBJECTS or lets, False),
        (last in _ONE, True),
    )
    return next((way for tells, way in telling if tells), None)


def _told_by_question(near: list[str]) -> bool | None:
    """Tell from "did Tom", "why has the teacher"; None if no question begins so."""
    asked = near[1:] if near[0] in _OPENING else near
    if not 1 < len(asked) <= len(("has", "the", "new", "teacher")) or asked[-1] in {"and", "who"}:
        return None
    return asked[0] in _HAVING if asked[0] in _HAVING | _ASKING else None


def _told_by_all(near: list[str], after: list[str], before: list[str], *, named: bool) -> bool:
    """Tell from a whole sentence, or from as much as was waited for."""
    earlier, last = ["", *near][-2:]
    if last in {"and", "but"}:
        told = (_is_past(b) and (a in _ASKED or a == near[0]) for a, b in pairwise(near))
        return any(told) and "to" not in near[-4:]
    everything = [*before, *after]
    irregular = not _PAST.isdisjoint(everything)
    if not _HABIT.isdisjoint(everything) or _a_period(after):
        return irregular
    if irregular or (last in _OPEN - {"you"} | {"who"} and any(map(_is_past, everything))):
        return True
    if last in _OPEN:
        once = earlier in _THINGS or (last != "you" and not _SPECIFIC.isdisjoint(after[:1]))
        return once and earlier not in _UNLESS
    if last in {"that", "which", "who"}:
        return not _is_plural(earlier)
    one = last == "it" or named or not _ARTICLES.isdisjoint(near[-4:-1])
    once = not _SPECIFIC.isdisjoint(after[:1]) or (named and len(near) > 1)
    return one and once and not _is_plural(last)


def _surely_past(words: list[str]) -> bool:
    last = any(a == "last" and b in _LAST for a, b in pairwise(words))
    return last or not _SURELY_PAST.isdisjoint(words)


def _a_period(words: list[str]) -> bool:
    """Tell whether they say "a day"."""
    return any(a in {"a", "per"} and b in _PERIODS for a, b in pairwise(words))


def _is_past(word: str) -> bool:
    return word in _PAST or (word.endswith("ed") and word not in _NO_PAST)


def _is_plural(word: str) -> bool:
    return word in _PLURAL or (word.endswith("s") and not word.endswith(("ss", "us", "is")))
