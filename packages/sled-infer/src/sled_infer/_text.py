"""What a text must be before it is spoken: valid, speakable, and short enough for the model."""

from __future__ import annotations

import re
import unicodedata
from math import ceil

from ._errors import SynthesisError

# 260 words a minute and more: whoever speaks faster is not understood.
_FASTEST_LETTERS_PER_SECOND = 18.0
_SPEAKABLE = ("L", "N")
# Control and format characters, the soft hyphen among them; joiners shape words and pictures.
_UNSEEN, _JOINERS = ("Cc", "Cf"), "\u200c\u200d"
_FIRST_HALF = re.compile("[\ud800-\udbff]\\Z")
_LONE_HALF = re.compile("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")
_BULLETS = "-*+•‣◦–"  # noqa: RUF001 - a dash among them
# What heads a line of a list, the space before it included, and what of a number may still be one.
_LISTED = re.compile(rf" (?:[{re.escape(_BULLETS)}]|\d\d?[.)])")
_NUMBERED = re.compile(r" \d\d?[.)]?")
_UNMARKED = re.compile(r"[^\W_]|[)\]}]")  # what ends words, and no sentence
_SHORTENED = 20
# No text has such a word; an endless one must not be waited for.
LONGEST_WORD = 10_000


class Cleaner:
    """Puts a text that comes in pieces on one line, without control and format characters.

    Runs of white space become one space. What `push` gives, joined, does not hang on the cuts,
    even where they halve a surrogate pair.

    Args:
        what: how errors call the text.
        paragraphs: a blank line becomes a line feed instead.
        stops: what ends with a blank line, or before the next line of a list, is given a full
            stop where it has no mark of its own: headings, and what is listed.

    Attributes:
        speakable: whether a letter or a digit has come.
        empty: whether nothing has come that counts.
        at_word_end: whether the last word is known to be whole, for white space follows it.

    """

    def __init__(
        self, what: str = "text", *, paragraphs: bool = False, stops: bool = False
    ) -> None:
        self.speakable = False
        self.empty = True
        self.at_word_end = False
        self._what = what
        self._paragraphs = paragraphs
        self._stops = stops
        self._last = self._bullet = ""
        self._breaks = 0
        self._begun = False
        self._place = 0
        self._half = ""
        self._opening = ""

    def push(self, piece: str) -> str:
        """Take the next piece and give what it adds; a space comes with the word after it.

        Raises:
            SynthesisError: it is no string, or has half a surrogate pair without the other.

        """
        if not isinstance(piece, str):
            raise SynthesisError(f"{self._what}: {type(piece).__name__} is no text; give a string")
        text = self._whole_characters(piece)
        if not self._begun:
            text = text.lstrip("\ufeff")
            self._begun = bool(text)
        added = "".join(map(self._add, text))
        self._opening = (self._opening + added)[: _SHORTENED + 1]
        self.speakable = self.speakable or letters(added) > 0
        return added

    def finish(self) -> None:
        """Check that there was something to say.

        Raises:
            SynthesisError: no text, nothing to be spoken in it, or half a surrogate pair.

        """
        self.check_end()
        if self.empty:
            raise SynthesisError(f"{self._what} is empty; give at least one word")
        if not self.speakable:
            raise SynthesisError(
                f"{self._what}: nothing speakable in {shortened(self._opening)}; "
                "it needs a letter or a digit"
            )

    def rest(self) -> str:
        """Give what is left when the text is over: what would have headed a line of a list."""
        held, self._bullet = self._bullet, ""
        return held

    def check_end(self) -> None:
        """Raise SynthesisError if the text ends with half a surrogate pair."""
        if self._half:
            raise self._broken(self._place)

    def _add(self, character: str) -> str:
        if self._bullet:
            return self._after_bullet(character)
        if character.isspace():
            self.at_word_end = not self.empty
            self._breaks += character == "\n"
            return ""
        if unicodedata.category(character) in _UNSEEN and character not in _JOINERS:
            return ""
        apart = "\n" if self._paragraphs and self._breaks > 1 else " "
        space = apart if self.at_word_end else ""
        open_end = self._stops and self.at_word_end and _UNMARKED.match(self._last) is not None
        stop = " ." if open_end and self._breaks > 1 else ""
        heads = character in _BULLETS or character.isdecimal()
        bullet = open_end and self._breaks == 1 and heads
        self._last = character
        self.at_word_end = self.empty = False
        self._breaks = 0
        if bullet:
            self._bullet = space + character
            return ""
        return stop + space + character

    def _after_bullet(self, character: str) -> str:
        """Give what may head a line of a list: so it does if white space follows it."""
        held = self._bullet
        if _NUMBERED.fullmatch(held + character):
            self._bullet, self._last = held + character, character
            return ""
        self._bullet = ""
        listed = character.isspace() and _LISTED.fullmatch(held)
        return (" ." if listed else "") + held + self._add(character)

    def _whole_characters(self, piece: str) -> str:
        """Join halves of surrogate pairs, also across pieces; hold back a first half."""
        text = self._half + piece
        half = text[-1:] if _FIRST_HALF.search(text) else ""
        whole = text[: len(text) - len(half)]
        lone = _LONE_HALF.search(whole)
        if lone:
            raise self._broken(self._place + lone.start())
        self._half = half
        self._place += len(whole)
        return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le")

    def _broken(self, place: int) -> SynthesisError:
        return SynthesisError(
            f"{self._what}: character {place} is half a surrogate pair; give valid Unicode"
        )


def clean(text: str, what: str = "text") -> str:
    """Give a whole text as `Cleaner` does; `what` is how errors call it."""
    cleaner = Cleaner(what)
    kept = cleaner.push(text)
    cleaner.finish()
    return kept


def letters(text: str) -> int:
    """Count the letters and digits of any script."""
    return sum(unicodedata.category(each)[0] in _SPEAKABLE for each in text)


def frames_at_least(text: str, frame_rate: float) -> int:
    """Count the frames that even the fastest speaker needs for the text."""
    return ceil(letters(text) * frame_rate / _FASTEST_LETTERS_PER_SECOND)


def check_room(
    *, tokens: int, frames: int, prompt_tokens: int, prompt_frames: int, positions: int, rate: float
) -> None:
    """Refuse what cannot fit the model's positions, and say how long it may be.

    Args:
        tokens: of the text to be spoken.
        frames: that it needs at least.
        prompt_tokens: tokens of a prompt's transcript; 0 without prompt.
        prompt_frames: frames of a prompt; 0 without prompt.
        positions: how many tokens and frames the model can hold in all.
        rate: frames a second.

    Raises:
        SynthesisError: the text, or the prompt, is too long.

    """
    prompt = prompt_tokens + prompt_frames
    if tokens + frames + prompt <= positions:
        return
    room = positions - prompt_tokens - tokens - frames
    if prompt_frames and room >= 0:
        raise SynthesisError(
            f"prompt: {prompt_frames / rate:.1f} s are too long for this text and a model of "
            f"{positions} positions; it may have {room / rate:.1f} s: cut it, or say less at once"
        )
    room = max(0, positions - prompt)
    most = room * tokens // (tokens + frames)
    if prompt and most < 1:
        raise SynthesisError(
            f"prompt: {prompt_frames / rate:.1f} s and a transcript of {prompt_tokens} tokens "
            f"leave a model of {positions} positions no room to speak: cut both"
        )
    raise SynthesisError(
        f"text: {tokens} tokens are too long for a model of {positions} positions; it may have "
        f"about {most} tokens, {(room - most) / rate:.0f} s of speech: split it into sentences"
    )


def shortened(text: str, most: int = _SHORTENED) -> str:
    """Quote a text in one line, its end left out if it is long."""
    return repr(text if len(text) <= most else text[:most] + "…")
