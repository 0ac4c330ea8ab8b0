"""From words to what a voice reads: the sounds of each word, with the marks that pace them.

Phonemes(lexicon).push("To the end.", whole_words=True, final=True)  # "tə ði ˈɛnd."

Words stand one space apart. Of the marks after a word the strongest one stays; brackets are commas,
a pair of hyphens is a dash, quotation marks vanish. Some words hang on what follows them, so a text
that still comes is given out as far as it is certain: whatever the cuts, the outcome is that of the
whole text.
"""

# ruff: noqa: RUF001 - the symbols of sounds look like letters

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._homographs import HOMOGRAPHS
from ._homographs import said as alike
from ._lexicon import fold, starts_with_vowel
from ._sentences import OPENERS
from ._tense import Tense

if TYPE_CHECKING:
    from ._lexicon import Lexicon

MARKS = "?!.…—;:,"  # the strongest first
_ALIKE = str.maketrans("–―()[]{}", "——,,,,,,")
_TOKEN = re.compile(
    r"(?P<dotted>(?:Ph|[A-Za-z])(?:\.[A-Za-z])+(?![A-Za-z]))"
    r"|(?P<word>'?[A-Za-z]+(?:'[A-Za-z]+)*'?)"
    rf"|(?P<dash>-{{2,}}|^-$)|(?P<dots>\.{{2,}})|(?P<mark>[{MARKS}])|(?P<quote>[\"“‘«])"
)
_ABBREVIATED = re.compile(r"(?<!\.)\.(?=[,;:])")  # "etc., and": no sentence ends so
_ARTICLE = "A"  # a word where a sentence or clause begins, a letter elsewhere: "vitamin A"
_ENDS_LETTER = frozenset(("and", "or", "slash", "plus", "minus", "equals", "to", ""))
_WEAK = {"a": "ɐ", "an": "ɐn", "in": "ɪn", "am": "ɐm", "i": "ˌI"}
_TITLES = frozenset(("capt", "col", "dr", "drs", "gen", "hon", "lt", "maj", "messrs", "mr", "mrs"))


@dataclass
class _Word:
    """A word whose sounds, or whose full stop, hang on what follows.

    Attributes:
        text: its letters; with dots between them, they are spelled.
        marks: all that stand after it.
        fresh: nothing stands before it that it could belong to: "A man", unlike "plan A".
        tied: a hyphen ties it to the next word: "A-list", "re-elect".
        written: as it is written, where it has accents.

    """

    text: str
    marks: str
    fresh: bool
    tied: bool = False
    written: str = ""

    @property
    def spelled(self) -> bool:
        """Whether it is read letter by letter."""
        return "." in self.text

    @property
    def letter(self) -> bool:
        """Whether it is the name of a letter."""
        article = self.text == _ARTICLE and self.fresh and not (self.marks or self.tied)
        word = self.text == "I" or article
        return len(self.text) == 1 and self.text.isupper() and not word

    @property
    def shortened(self) -> bool:
        """Whether a full stop after it need not end a sentence."""
        return self.letter or self.spelled or self.text.lower() in _TITLES

    @property
    def certain(self) -> bool:
        """Whether no later word can change how it is said."""
        if self.marks:
            return self.marks != "." or not self.shortened
        if self.letter or self.spelled or self.text == _ARTICLE:
            return False
        word = self.text.lower().strip("'")
        return word not in {"the", "to"} and word not in HOMOGRAPHS

    def mark(self, following: str) -> str:
        """Give the mark that stays, before a following word or at the end."""
        marks = self.marks
        if self.shortened and marks.startswith("."):
            ends = not following or (self.text.lower() not in _TITLES and following in OPENERS)
            marks = marks[1:] or ("." if ends else "")
        return min(marks, key=MARKS.index, default="")


class Phonemes:
    """Puts words that come in pieces into sounds.

    Args:
        lexicon: knows how each word is pronounced.

    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._last = ""
        self._tense = Tense()
        self._waiting: _Word | None = None
        self._begun = False
        self._marked = True
        self._before = ("", "")

    @property
    def held(self) -> str:
        """The end of what has come, which is not given out yet."""
        waiting = self._waiting
        words = [] if waiting is None else [waiting.text + waiting.marks]
        return " ".join([*words, *self._tense.waiting, self._last])

    def push(self, text: str, *, whole_words: bool, final: bool = False) -> str:
        """Take words without digits, and give the sounds that have become certain.

        Args:
            text: words with one space between them; a space comes with the word after it.
            whole_words: the last word is whole.
            final: no more text will come.

        Returns:
            symbols of `_lexicon.ALPHABET`, of `MARKS`, and spaces, each with the word after it.

        """
        *whole, self._last = (self._last + text).split(" ")
        if whole_words or final:
            whole, self._last = [*whole, self._last], ""
        said = "".join(map(self._take, self._tense.push([*filter(None, whole)], final=final)))
        return said + self._settle("") if final else said

    def _take(self, chunk: str) -> str:
        """Take what stands between two spaces: words with marks before, between and after them."""
        opening, words = _parts(chunk)
        said = self._stop(opening) if opening else ""
        for each in words:
            said += self._follow(each)
        return said

    def _stop(self, marks: str) -> str:
        """Let marks that stand apart follow the last word, if it has none."""
        if self._waiting is not None:
            self._waiting.marks += marks
            return self._settle("")
        if self._marked:
            return ""
        self._marked, self._before = True, ("", "")
        return min(marks, key=MARKS.index)

    def _follow(self, word: _Word) -> str:
        before = self._waiting
        if before is not None and not before.marks and _joined(before, word):
            word = _Word(f"{before.text}.{word.text}", word.marks, before.fresh)
            self._waiting = None
        said = self._settle(word.text)
        word.fresh = word.fresh or self._marked
        self._waiting = word
        return said + self._settle("") if word.certain else said

    def _settle(self, following: str) -> str:
        """Give out the word that waits, before a following word or, with "", before a stop."""
        word, self._waiting = self._waiting, None
        if word is None:
            return ""
        mark = word.mark(following)
        said = self._say(word, "" if mark else following)
        space = " " if self._begun else ""
        self._begun, self._marked = True, bool(mark)
        self._before = ("", "") if mark else (self._before[1], word.text.lower())
        return space + said + mark

    def _say(self, word: _Word, following: str) -> str:
        low = word.text.lower().strip("'")
        if word.written and (said := self._lexicon.accented(word.written)):
            return said
        if said := self._faint(word, low, following):
            return said
        if low in HOMOGRAPHS:
            return alike(low, self._before, following.lower())
        return self._lexicon.pronounce(low if word.text.islower() else word.text)

    def _faint(self, word: _Word, low: str, following: str) -> str:
        """Say a small word, of which its place decides how much is heard; "" for any other."""
        if low == "a" and (word.marks or (word.text == _ARTICLE and following in _ENDS_LETTER)):
            return self._lexicon.pronounce(_ARTICLE)
        if low == "the":
            return "ði" if self._vowel_in(following) else "ðə"
        if low == "to":
            return ("tʊ" if self._vowel_in(following) else "tə") if following else "tu"
        weak = not word.letter and (len(low) == 1 or not word.text.isupper())
        if low == "re" and word.tied:
            return "ɹi"  # "re-elected"; alone it is a note
        if low == "n":
            return "ən" if word.text.startswith("'") else ""  # "rock 'n' roll"
        return _WEAK.get(low, "") if weak else ""

    def _vowel_in(self, word: str) -> bool:
        return bool(word) and starts_with_vowel(self._lexicon.pronounce(word))


def phonemes(text: str, lexicon: Lexicon) -> str:
    """Put a whole text in words into sounds, as `Phonemes` does."""
    return Phonemes(lexicon).push(" ".join(text.split()), whole_words=True, final=True)


def _parts(chunk: str) -> tuple[str, list[_Word]]:
    """Part what stands between two spaces into the marks it opens with, and words with theirs."""
    opening, fresh = "", False
    words: list[_Word] = []
    for found in _TOKEN.finditer(_ABBREVIATED.sub("", fold(chunk)).translate(_ALIKE)):
        kind, text = found.lastgroup, found[0]
        if kind in {"dotted", "word"}:
            tied = found.string[found.end() :].startswith("-")
            words.append(_Word(text, "", fresh, tied=tied))
            fresh = False
        elif kind == "quote":
            fresh = True
        else:
            mark = {"dash": "—", "dots": "…"}.get(str(kind), text)
            if words:
                words[-1].marks += mark
            else:
                opening += mark
    if len(words) == 1 and not chunk.isascii():
        words[0].written = chunk
    return opening, words


def _joined(before: _Word, word: _Word) -> bool:
    """Tell whether two letters stand for one name, as in "F B I"."""
    return (before.letter or before.spelled) and len(word.text) == 1 and word.text.isupper()
