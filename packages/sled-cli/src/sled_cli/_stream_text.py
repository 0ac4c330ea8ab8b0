"""Text as it arrives: from standard input piece by piece, or a known text at a given pace."""

import codecs
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sled_cli._errors import CliError
from sled_cli._text import read_text

if TYPE_CHECKING:
    from sled_model import Tokenizer

_BLOCK = 1 << 16
Pieces = Callable[["Tokenizer"], Iterator[str]]


def pieces_of(text: str | None, text_file: Path | None, rate: float | None) -> Pieces:
    """Choose where a stream's text comes from: standard input unless a text or file is given.

    `rate` tokens a second is how fast a known text arrives; None is all at once. Given the
    model's tokenizer, the choice becomes the pieces.
    """
    if rate is not None and not rate > 0:
        raise CliError(f"--simulate-rate {rate}: no text would ever come; give more than 0")
    if text_file is None and text in {None, "-"}:
        if rate is not None:
            raise CliError("--simulate-rate needs the whole text: use TEXT or --text-file FILE")
        return lambda _: arriving(sys.stdin.buffer)
    words = read_text(text, text_file)
    if rate is None:
        return lambda _: iter([words])
    return lambda tokenizer: _paced(words, rate, tokenizer)


def _paced(words: str, rate: float, tokenizer: "Tokenizer") -> Iterator[str]:
    from sled_infer import paced  # noqa: PLC0415 - heavy

    return paced(words, rate, tokenizer)


def arriving(source: BinaryIO) -> Iterator[str]:
    """Decode UTF-8 as it comes: whatever bytes are there, characters cut in two held back."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    read = 0
    while True:
        raw: bytes = source.read1(_BLOCK)  # type: ignore[attr-defined]  # of all buffered input
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            place = read - held + error.start
            raise CliError(
                f"standard input: not UTF-8 text (byte {place} is "
                f"{error.object[error.start]:#04x}); convert it to UTF-8 first"
            ) from None
        read += len(raw)
        if text:
            yield text
        if not raw:
            return
