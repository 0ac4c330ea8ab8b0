"""Text as a dictation: its pronunciation, each symbol as often as it lasts turns.

A voice trained on dictations need not find out which word it is at: frame t speaks the symbol that
stands a fixed number of turns before it in the interleaving of text and frames. So a small model
learns to read in an hour, reads on for as long as it is given text, and never repeats or leaves out
a word. Durations are told by `Durations`; a prompt's are stretched to its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from ._durations import GAP, KEPT, Durations, words_of
from ._lexicon import Lexicon, fold
from ._phonemes import MARKS, Phonemes, phonemes
from ._text import letters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LEXICON_NAME, DURATIONS_NAME = "lexicon.tsv.gz", "durations.safetensors"
WRITTEN_GAP = "_"  # a tokenizer would take runs of spaces for one
UNIT_SECONDS = 0.025
_STOP = "."
_LATIN = re.compile("[A-Za-z]")
_MARKS_BEHIND = re.compile(rf"[{MARKS}]*\Z")
_FASTEST = 0.7  # of the usual time; whoever speaks faster does not say all of it


@dataclass(frozen=True)
class Dictation:
    """What a voice needs to dictate to itself.

    Attributes:
        lexicon: how words are pronounced.
        durations: how long symbols last.
        turn_seconds: how long one turn's frames last.
        lead: turns that the text is ahead of the frames.

    """

    lexicon: Lexicon
    durations: Durations
    turn_seconds: float
    lead: int

    @classmethod
    def load(cls, folder: Path, turn_seconds: float, lead: int) -> Dictation:
        """Load lexicon and durations from a voice's folder; SynthesisError if one is missing."""
        lexicon = Lexicon.read(folder / LEXICON_NAME)
        durations = Durations.load(folder / DURATIONS_NAME)
        return cls(lexicon, durations, turn_seconds, lead)

    def length(self, text: str) -> int:
        """Tell how many turns a text in words takes behind another, without the last pause."""
        dictator, pace = Dictator(self), Pace()
        words = words_of(GAP + phonemes(text, self.lexicon))
        return sum(len(pace.write(word, dictator.time(word))) for word in words)

    def turns(self, word: str, before: str) -> list[float]:
        """Tell how many turns each symbol of a word takes; see `Durations.of_word`."""
        units = self.durations.of_word(word, before)
        return [unit * UNIT_SECONDS / self.turn_seconds for unit in units]


class Pace:
    """Gives symbols their turns: at least one each, and together as many as the time has."""

    def __init__(self) -> None:
        self._due = 0.0
        self._turns = 0

    def write(self, symbols: str, turns: Sequence[float]) -> str:
        """Give each symbol as often as it has turns."""
        written = []
        for symbol, due in zip(symbols, turns, strict=True):
            self._due += due
            end = max(self._turns + 1, round(self._due))
            written.append((WRITTEN_GAP if symbol == GAP else symbol) * (end - self._turns))
            self._turns = end
        return "".join(written)


class Dictator:
    """Dictates one text that comes in pieces; the outcome does not hang on the cuts.

    Args:
        dictation: of the voice.

    """

    def __init__(self, dictation: Dictation) -> None:
        self._dictation = dictation
        self._phonemes = Phonemes(dictation.lexicon)
        self._pace = Pace()
        self._before = ""

    @property
    def begun(self) -> bool:
        """Whether anything has been dictated."""
        return bool(self._before)

    @property
    def held(self) -> str:
        """The end of what has come, which further text may still change."""
        return self._phonemes.held

    def begin(
        self,
        transcript: str,
        turns: int,
        known: str = "",
        recorded: int = 0,
        *,
        alone: bool = False,
    ) -> str:
        """Give the dictation of what a prompt says, over so many turns: the known one, if it fits.

        A transcript that says far more than so long a prompt can hold goes on behind it; so does
        one that rather says the whole recording of so many turns, of which the prompt is a part:
        surely so if it stands alone, for else there would be nothing left to say.
        """
        words = words_of(phonemes(transcript, self._dictation.lexicon))
        wanted = [self.time(word) for word in words]
        if len(known) == turns:
            return known
        usual = max(sum(map(sum, wanted)), 1.0)
        whole = recorded > 0 and (alone or usual**2 > turns * recorded)
        length = recorded if whole else turns
        stretch = length / usual
        if stretch < _FASTEST:
            return "".join(map(self._pace.write, words, wanted))
        pace = Pace()
        timed = [[each * stretch for each in word] for word in wanted]
        return "".join(map(pace.write, words, timed))[:length]

    def push(self, text: str, *, whole_words: bool, final: bool = False) -> str:
        """Take text in words, and give the dictation of the words that have become certain."""
        spoken = self._phonemes.push(text, whole_words=whole_words, final=final)
        spoken = spoken.replace("…", ".")  # which no voice has read
        if spoken and self.begun and not spoken.startswith(GAP):
            spoken = GAP + spoken  # the transcript's last word stands before it
        words = words_of(spoken)
        last = words[-1] if words else self._before
        if final and last and last[-1] not in MARKS:
            words.append(_STOP)  # no voice has learnt to end without
        return "".join(self._pace.write(word, self.time(word)) for word in words)

    def time(self, word: str) -> list[float]:
        """Tell how many turns the symbols of the next word take."""
        turns = self._dictation.turns(word, self._before)
        self._before = (self._before + word)[-KEPT:]
        return turns


def sayable(text: str) -> tuple[str, tuple[str, ...]]:
    """Keep the words of a text that have sounds, and list those of other scripts than Latin.

    The marks behind a word that is left out stay. Of "hello你好" the second part is listed.
    """
    kept, left_out = [], []
    for word in text.split():
        if letters(word) and not _LATIN.search(fold(word)):
            left_out.append(word)
            kept.append(_MARKS_BEHIND.findall(word)[0])
        else:
            kept.append(word)
            left_out += ["".join(run) for silent, run in groupby(word, _is_silent) if silent]
    return " ".join(filter(None, kept)), tuple(left_out)


def _is_silent(letter: str) -> bool:
    return letter.isalpha() and not _LATIN.search(fold(letter))
