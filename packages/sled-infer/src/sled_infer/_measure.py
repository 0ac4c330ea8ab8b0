"""How much of a model's positions a text takes, estimated word by word before it is spoken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ._cutter import Room
from ._normalise import normalise
from ._text import letters

if TYPE_CHECKING:
    from sled_model import Tokenizer

    from ._card import VoiceCard
    from ._dictation import Dictation
    from ._speech import Normalise

# 130 words a minute: slower than most, so that a piece that fits is also spoken to its end.
_SLOW_LETTERS_PER_SECOND = 11.0
_ESTIMATED_FULL = 0.95
_ONE_SENTENCE_SECONDS = 2.0  # shorter ones are spoken together with the next


@dataclass(frozen=True)
class Measure:
    """Weighs words for one voice.

    Attributes:
        tokenizer: the model's.
        card: of the voice.
        normalise: how the text is put into words.
        rate: frames a second.
        turns: frames that are spoken for every token while the text goes on.
        in_words: weigh by words instead, for voices that can hold only so many.
        dictation: of a voice that reads dictations, which tell the frames exactly.

    """

    tokenizer: Tokenizer
    card: VoiceCard | None
    normalise: Normalise
    rate: float
    turns: float
    in_words: bool = False
    dictation: Dictation | None = None

    def weigh(self, word: str) -> float:
        """Estimate the tokens and frames of a word, or count; 0 if nothing is spoken in it."""
        spoken = normalise(word, self.normalise)
        if self.card is not None:
            spoken = self.card.known(spoken)[0]
        if not (count := letters(spoken)):
            return 0.0
        if self.in_words:
            return float(len(spoken.split()))
        if self.dictation is not None:
            return self.dictation.length(spoken) * (1 + self.turns)
        tokens = len(self.tokenizer.encode(f" {spoken}")) - 2
        return tokens + max(count * self.rate / _SLOW_LETTERS_PER_SECOND, tokens * self.turns)

    def fits(self, text: str, capacity: float) -> bool:
        """Tell whether a text takes no more than so many positions."""
        weigh = lru_cache(maxsize=4096)(self.weigh)
        left = capacity
        for word in text.split():
            left -= weigh(word)
            if left < 0:
                return False
        return True

    def room_for_sentences(self, capacity: float) -> Room:
        """Give each sentence a piece of its own."""
        least = min(_ONE_SENTENCE_SECONDS * self.rate, 0.3 * capacity)
        return Room(0, least, 0.7 * capacity, self._full(capacity), 0)

    def room_for_stream(self, capacity: float) -> Room:
        """Let as much go on in one piece as surely fits."""
        clause = 0.75 * capacity
        return Room(0.6 * capacity, 0.6 * capacity, clause, self._full(capacity), clause)

    def _full(self, capacity: float) -> float:
        return capacity if self.in_words else _ESTIMATED_FULL * capacity
