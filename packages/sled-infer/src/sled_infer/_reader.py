"""From text, whole or piece by piece, to the tokens the model reads: one way for both.

A piece is cleaned, put into words as the voice wants them, words that a restricted voice does not
know are left out, a prompt's transcript is put before it, and all that has become certain is
encoded. Whatever the cuts, the tokens are those of the whole text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sled_model import IncrementalEncoder

from ._dictation import Dictator, sayable
from ._errors import SynthesisError
from ._normalise import make_normaliser
from ._text import LONGEST_WORD, Cleaner, letters

if TYPE_CHECKING:
    from collections.abc import Callable

    from sled_model import Tokenizer

    from ._card import VoiceCard
    from ._dictation import Dictation
    from ._voice import Voice

_MOST_LISTED = 1_000


@dataclass
class KnownWords:
    """Leaves out of a growing text the words that a voice cannot say.

    Attributes:
        known: parts a text into what the voice can say and the words that it cannot.
        left_out: those words, the first thousand of them.

    """

    known: Callable[[str], tuple[str, tuple[str, ...]]]
    left_out: list[str] = field(default_factory=list)
    held: str = ""

    def push(self, text: str, *, whole_words: bool, final: bool = False) -> str:
        """Give the known words of what has come, but for the last one if it may go on."""
        text = self.held + text
        cut = len(text) if whole_words or final else text.rfind(" ") + 1
        self.held = text[cut:]
        known, unknown = self.known(text[:cut])
        self.left_out += unknown[: _MOST_LISTED - len(self.left_out)]
        return known


class TextReader:
    """Turns one text into tokens as it comes.

    Args:
        tokenizer: the model's.
        card: of a voice that may know certain words only.
        voice: a prompt whose transcript stands before the text, in words the card knows.
        normalise: how the text is put into words; see `Request`.
        dictation: of a voice that was trained on dictations.
        prompt_turns: how many turns the prompt's frames take then.
        recorded_turns: how many the recording takes that they are the beginning of, if it is cut.

    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        card: VoiceCard | None,
        voice: Voice | None,
        normalise: str = "none",
        *,
        dictation: Dictation | None = None,
        prompt_turns: int = 0,
        recorded_turns: int = 0,
    ) -> None:
        self._encoder = IncrementalEncoder(tokenizer)
        self._cleaner = Cleaner(stops=normalise == "en")
        self._card = card
        known = [sayable] if dictation is not None else []
        known += [card.known] if card is not None and card.words else []
        self._known = [KnownWords(each) for each in known]
        words = make_normaliser(normalise)
        self._filters = [*([] if words is None else [words]), *self._known]
        self._dictator = None if dictation is None else Dictator(dictation)
        self._turns = (prompt_turns, recorded_turns)
        self._voice = voice
        self._undecided = ""
        self._led = voice is None
        self._said: list[str] = []
        self._read: list[str] = []

    @property
    def text(self) -> str:
        """What is to be said, as far as it has come."""
        return "".join(self._said)

    @property
    def full_text(self) -> str:
        """What the model reads, a transcript included, as far as it is certain."""
        return "".join(self._read)

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Words left out because the voice cannot say them."""
        return tuple(word for each in self._known for word in each.left_out)

    @property
    def speakable(self) -> bool:
        """Whether there is anything of the text to be spoken yet."""
        return bool(self._said) and self._cleaner.speakable

    def open(self) -> list[int]:
        """Give the tokens that are certain before any text has come."""
        if self._voice is None or self._voice.mode == "continuation":
            return []
        self._led = True
        return self._encode(self._voice.transcript, whole_words=True)

    def push(self, piece: str) -> list[int]:
        """Take a piece of text, of any length, and give the tokens that have become certain.

        Raises:
            SynthesisError: it is no string, breaks a surrogate pair, or a word has no end.

        """
        return self._say(self._cleaner.push(piece), whole_words=self._cleaner.at_word_end)

    def finish(self) -> list[int]:
        """Give the remaining tokens.

        Raises:
            SynthesisError: there was nothing that this voice can say.

        """
        voice = self._voice
        continued = voice is not None and voice.mode == "continuation" and self._cleaner.empty
        if not continued:
            self._cleaner.finish()
        ids = self._say(self._cleaner.rest(), whole_words=True, final=True)
        if not letters(self.text) and not continued:
            can = f": it says {self._card.can_say}" if self._card and self._card.can_say else ""
            raise SynthesisError(f"text: this voice knows none of its words{can}")
        if voice is not None and not self._led:
            self._led = True
            ids += self._encode(voice.full_text(self._undecided), whole_words=True)
        return ids + self._encode("", whole_words=True, final=True) + self._encoder.finish()

    def _say(self, text: str, *, whole_words: bool, final: bool = False) -> list[int]:
        for each in self._filters:
            text = each.push(text, whole_words=whole_words, final=final)
            whole_words = True
        apart = bool(self._filters) if self._said else bool(self._read)
        space = " " if text and apart else ""
        if text:
            self._said.append(space + text if self._said else text)
        ids = self._encode(self._after_transcript(space + text), whole_words=whole_words)
        held = (self._filters[0] if self._filters else self._dictator or self._encoder).held
        if len(held) > LONGEST_WORD:
            raise SynthesisError(
                f"text: a word of more than {LONGEST_WORD} characters; put spaces between words"
            )
        return ids

    def _after_transcript(self, text: str) -> str:
        """Put a transcript before the text, unless that begins with it; hold it until sure."""
        if self._led or self._voice is None:
            return text
        self._undecided += text
        if self._voice.may_repeat(self._undecided):
            return ""
        self._led = True
        return self._voice.full_text(self._undecided)

    def _encode(self, text: str, *, whole_words: bool, final: bool = False) -> list[int]:
        if text:
            self._read.append(text)
        if self._dictator is not None:
            text = self._dictated(self._dictator, text, whole_words=whole_words, final=final)
            whole_words = True
        return self._encoder.push(text, whole_words=whole_words)

    def _dictated(self, dictator: Dictator, text: str, *, whole_words: bool, final: bool) -> str:
        """Dictate a transcript, where the text begins with it, over its prompt, then the rest."""
        voice, opening = self._voice, ""
        if text and not dictator.begun and voice is not None:
            spoken, text = text[: len(voice.transcript)], text[len(voice.transcript) :]
            turns, recorded = self._turns
            opening = dictator.begin(spoken, turns, voice.dictation, recorded, alone=not text)
        return opening + dictator.push(text, whole_words=whole_words, final=final)
