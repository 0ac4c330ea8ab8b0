"""Tokens of a text that arrives in pieces, exactly those of the whole text, whatever the cuts.

Byte-level BPE first cuts a text into words, each with the space before it, and merges within a
word only. So a word's tokens are certain once nothing that follows can change the word: the last
word of what has arrived is held back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._tokenizer import BOS, EOS

if TYPE_CHECKING:
    from ._tokenizer import Tokenizer

# The cut at an apostrophe depends on two letters: "'r" are two words until an "e" makes them one.
_APOSTROPHE = "'"
_UNDECIDED = ("r", "v", "l")


class IncrementalEncoder:
    """Encodes a growing text; `tokenizer.encode` of all pieces joined gives the same ids."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._bpe = tokenizer._bpe
        self._held = ""
        self._begun = False

    @property
    def held(self) -> str:
        """What has arrived but has no tokens yet."""
        return self._held

    def push(self, piece: str, *, whole_words: bool = False) -> list[int]:
        """Take the next piece of text and give the ids that have become certain.

        Args:
            piece: any text, any number of characters; may end within a word.
            whole_words: promises that the piece ends with a word, and that what follows, if
                anything, begins with one space and then something else. Its last word is then
                not held back.

        """
        self._held += piece
        certain = len(self._held) if whole_words else self._certain()
        text, self._held = self._held[:certain], self._held[certain:]
        return self._opening() + self._encode(text)

    def finish(self) -> list[int]:
        """Give the ids of what was held back, and that of the end, `</s>`."""
        text, self._held = self._held, ""
        return [*self._opening(), *self._encode(text), EOS]

    def _opening(self) -> list[int]:
        opening = [] if self._begun else [BOS]
        self._begun = True
        return opening

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._bpe.encode(text).ids if text else []
        return ids

    def _certain(self) -> int:
        """Count the characters whose words no further text can change."""
        cuts = [start for _, (start, _) in self._bpe.pre_tokenizer.pre_tokenize_str(self._held)]
        if not cuts:
            return 0
        apostrophe = self._held[-2:-1] == _APOSTROPHE and self._held[-1] in _UNDECIDED
        if apostrophe and len(self._held) - 2 in cuts:
            return len(self._held) - 2
        return int(cuts[-1])
