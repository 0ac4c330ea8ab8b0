"""How English words are pronounced, one word at a time.

lexicon = Lexicon.read(Path("lexicon.tsv.gz"))
lexicon.pronounce("cat")  # "kˈæt"

The symbols are those of the International Phonetic Alphabet, a sound a symbol, stress marked right
before the vowel: "ˈ" the main one, "ˌ" another. Sounds of two parts have a symbol of their own:
A as in day, I as in eye, O as in go, W as in how, Y as in boy, ʤ as in joy, ʧ as in church. Faint
vowels are ᵊ (middle, before l, m, n), ᵻ (wanted, between ə and ɪ) and ɐ (the article "a"); ɾ is
the American t of "water", ʔ that of "button", ɜɹ the vowel of "bird".
"""

# ruff: noqa: RUF001 - the symbols of sounds look like letters

from __future__ import annotations

import gzip
import re
import unicodedata
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from ._errors import SynthesisError
from ._inflection import VOWELS, clitic, inflections, plural
from ._letters import Letters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALPHABET = "AIOWYbdfhijklmnpstuvwzæðŋɑɐɔəɛɜɡɪɹɾʃʊʌʒʤʧˈˌθᵊᵻʔ"
STRESSES = "ˈˌ"
LETTERS_NAME = "letters.safetensors"
_LEAST_OF_COMPOUND = 3
_LONGEST_ACRONYM = 5
_LETTERS_OF_WORD = _LEAST_HUMPS = 2
_REMEMBERED = 65_536
# In capitals they are no words.
_LETTERED = """
    AD AKA CA CO CT DEA DOD DOE ER ET ETA EV GA GED ID IDE IMO IRA LA LED MA MC MIA MS NGO OS PA POW
    RIP SEC SOP UN UPS URI US VA WA
"""
_ACRONYMS = frozenset(_LETTERED.split())
_DRAWN_OUT = re.compile(r"([a-z])\1\1+")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PREFIXES = {"un": "ˌʌn", "re": "ɹi"}
_LEAST_AFTER_PREFIX = 4
_SPELLING = re.compile(r"[A-Za-z'.]+")
_AROUND = re.compile(r"\A[\W\d_]+|[\W\d_]+\Z")
_FOLDED = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ð": "d"}
    | {"Ð": "D", "þ": "th", "Þ": "TH", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ı": "i", "’": "'"}
)


class Lexicon:
    """Pronounces any word: known, spelled, inflected, compound, or by its letters.

    Args:
        table: a line a word, "word, tab, symbols", UTF-8, sorted by the word in small letters. It
            is searched as it is: a dictionary of it would take 50 MB and ten times as long.
        letters: pronounces unknown words; without it they are spelled.

    Attributes:
        table, letters: as they were given.

    """

    def __init__(self, table: bytes, letters: Letters | None = None) -> None:
        self.table = table
        self.letters = letters
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._pronounce)

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Read a lexicon, a table packed by gzip, and `letters.safetensors` if it lies beside it.

        Raises:
            SynthesisError: the file is not there, or one of them is broken.

        """
        beside = path.with_name(LETTERS_NAME)
        letters = Letters.read(beside) if beside.is_file() else None
        try:
            return cls(gzip.decompress(path.read_bytes()), letters)
        except (OSError, EOFError, zlib.error) as error:
            raise SynthesisError(f"{path}: no lexicon ({error}); reinstall sled-infer") from error

    def pronounce(self, word: str) -> str:
        """Give a word's symbols, of `ALPHABET`; "" if it has no Latin letter.

        Capitals count: "US" is spelled, "us" is not. Accents do where the table has the word with
        them ("résumé").
        """
        said = self.accented(word)
        return said or self._remembered("".join(_SPELLING.findall(fold(word))))

    def entries(self) -> Iterator[tuple[str, str]]:
        """Give every word of the table and how it is said."""
        for line in self.table.decode().splitlines():
            word, _, said = line.partition("\t")
            yield word, said

    def accented(self, word: str) -> str:
        """Give the symbols of a word with accents that the table has so; "" if it has none."""
        if word.isascii():
            return ""
        written = _AROUND.sub("", unicodedata.normalize("NFC", word)).replace("’", "'")
        if written.isascii():
            return ""
        stem, add = clitic(written) or (written, str)
        said = self._known(stem) or self._inflected(stem)
        return said and add(said)

    def _pronounce(self, word: str) -> str:
        bare = word.strip("'")
        if not bare:
            return ""
        if "." in bare:
            letters = all(len(part) < _LETTERS_OF_WORD for part in bare.split("."))
            return (not letters and self._known(bare)) or self._spelled(bare)
        if word in _ACRONYMS:
            return self._spelled(word)
        # "NGOs" is no word in small letters.
        many = word[-1] == "s" and word[:-1].isupper() and len(word) > _LETTERS_OF_WORD
        if said := (many and self._acronym(word)) or self._known(word):
            return said
        if parted := clitic(word):
            stem, add = parted
            return add(self._pronounce(stem))
        return (
            self._found(word) or self._found(bare) or self._drawn_out(bare) or self._guessed(bare)
        )

    def _drawn_out(self, word: str) -> str:
        """Find "sooo", "pleeease": a letter thrice or more stands for it twice or once."""
        if _DRAWN_OUT.search(word) is None:
            return ""
        shorter = (_DRAWN_OUT.sub(instead, word) for instead in (r"\1", r"\1\1"))
        return next(filter(None, map(self._known, shorter)), "")

    def _found(self, word: str) -> str:
        return (
            self._known(word)
            or self._acronym(word)
            or self._humped(word)
            or self._inflected(word)
            or self._compound(word)
            or self._prefixed(word)
        )

    def _known(self, word: str) -> str:
        """Look a word up as it is written, or else whatever its capitals."""
        other = ""
        for entry, said in self._matching(word.lower()):
            if entry == word:
                return said
            if len(word) > 1:
                other = other or said
        return other

    def _matching(self, word: str) -> Iterator[tuple[str, str]]:
        """Give the entries that are this word in small letters, by halving the table."""
        table, wanted = self.table, word.encode()
        start, end = 0, len(table)
        while start < end:
            line = table.rfind(b"\n", start, (start + end) // 2) + 1 or start
            if table[line : table.index(b"\t", line)].lower() < wanted:
                start = table.index(b"\n", line) + 1
            else:
                end = line
        while start < len(table):
            line = table.index(b"\n", start)
            entry, _, said = table[start:line].partition(b"\t")
            if entry.lower() != wanted:
                return
            yield entry.decode(), said.decode()
            start = line + 1

    def _acronym(self, word: str) -> str:
        many = word[-1] == "s" and word[:-1].isupper()
        bare = word[:-1] if many else word
        spelled = bare.isupper() or not set(bare.lower()) & set("aeiouy")
        if not (spelled and bare.isalpha() and len(bare) <= _LONGEST_ACRONYM):
            return ""
        return plural(self._pronounce(bare)) if many else self._spelled(bare)

    def _spelled(self, word: str) -> str:
        """Say the names of letters, the last of them with the main stress."""
        said = "".join(self._known(letter.upper()) for letter in word if letter.isalpha())
        head, mark, tail = said.replace("ˈ", "ˌ").rpartition("ˌ")
        return head + ("ˈ" if mark else "") + tail

    def _inflected(self, word: str) -> str:
        stems = ((self._known(stem), add) for stem, add in inflections(word.lower()))
        return next((add(said) for said, add in stems if said), "")

    def _guessed(self, word: str) -> str:
        word = word.replace("'", "")
        return (self.letters and self.letters.pronounce(word)) or self._spelled(word)

    def _compound(self, word: str) -> str:
        """Find two words in one, the first as long as may be: "lamp" and "light"."""
        for cut in range(len(word) - _LEAST_OF_COMPOUND, _LEAST_OF_COMPOUND - 1, -1):
            if (first := self._known(word[:cut])) and (
                last := self._known(word[cut:]) or self._inflected(word[cut:])
            ):
                return first + last.replace("ˈ", "ˌ")
        return ""

    def _humped(self, word: str) -> str:
        """Part a word at its capitals: "ChatGPT" is "Chat" and "GPT"."""
        humps = _HUMPS.findall(word)
        if len(humps) < _LEAST_HUMPS or "".join(humps) != word:
            return ""
        first, *rest = map(self.pronounce, humps)
        return first + "".join(rest).replace("ˈ", "ˌ")

    def _prefixed(self, word: str) -> str:
        prefix, stem = word[:2].lower(), word[2:]
        if prefix not in _PREFIXES or len(stem) < _LEAST_AFTER_PREFIX:
            return ""
        said = self._known(stem) or self._inflected(stem)
        return said and _PREFIXES[prefix] + said


def fold(text: str) -> str:
    """Write Latin letters without their accents, and the apostrophe as it is typed."""
    if text.isascii():
        return text
    return "".join(map(_folded, text.translate(_FOLDED)))


def _folded(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    if not character.isalpha():
        return character
    return "".join(
        each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each)
    )


def starts_with_vowel(said: str) -> bool:
    """Tell whether symbols begin with the sound of a vowel, stressed or not."""
    return said.lstrip(STRESSES)[:1] in VOWELS
