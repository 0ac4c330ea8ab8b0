"""Where the text to speak comes from, and the file name that follows from it."""

import re
import sys
from pathlib import Path

from sled_cli._errors import CliError

_NAME_LENGTH = 40


def read_text(text: str | None, text_file: Path | None) -> str:
    """The text of exactly one source: the argument, stdin (`-`) or a UTF-8 file, stripped."""
    if text is not None and text_file is not None:
        raise CliError("two texts given: use either TEXT or --text-file, not both")
    if text_file is not None:
        return _decode(text_file.read_bytes(), str(text_file))
    if text is None:
        raise CliError("no text given: use TEXT, - for standard input, or --text-file FILE")
    if text == "-":
        return _decode(sys.stdin.buffer.read(), "standard input")
    # The shell's bytes come in with surrogates where they were no UTF-8.
    return _decode(text.encode(errors="surrogateescape"), "TEXT")


def _decode(raw: bytes, source: str) -> str:
    try:
        return raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise CliError(
            f"{source}: not UTF-8 text (byte {error.start} is {raw[error.start]:#04x}); "
            "convert it to UTF-8 first"
        ) from None


def free_name(text: str, seed: int, folder: Path, kind: str = "wav") -> Path:
    """A path in `folder` named after text, seed and kind of audio that no file has yet."""
    words = re.findall(r"\w+", text.casefold())
    stem = "-".join(words)[:_NAME_LENGTH].rstrip("-_") or "speech"
    stem = f"{stem}-seed{seed}"
    path = folder / f"{stem}.{kind}"
    number = 2
    while path.exists() or path.is_symlink():
        path = folder / f"{stem}-{number}.{kind}"
        number += 1
    return path
