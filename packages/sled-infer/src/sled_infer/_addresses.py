"""Web addresses, paths and names of files: how they are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._amounts import Rule

_MARKS = {".": "dot", "/": "slash", "-": "dash", "_": "underscore", "?": "question mark"} | {
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "~": "tilde",
    ":": "colon",
    "@": "at",
    "\\": "backslash",
}
_DOMAINS = "com org net edu gov io ai app dev info co.uk ac.uk org.uk de fr eu ca tv me"
_ENDINGS = """
    7z aac avi bat bin bmp cfg cpp css csv doc docx epub exe flac gif go gz html ini ipynb java
    jpeg jpg js json log md mkv mov mp3 mp4 ogg pdf png ppt pptx ps py rar rb rs rtf sh sql svg tar
    tex tiff toml ts tsv txt wav webm xls xlsx xml yaml yml zip
"""
_EXTENSIONS = frozenset(_ENDINGS.split())
_TOP = "|".join(map(re.escape, sorted(_DOMAINS.split(), key=len, reverse=True)))
# Up to the marks that end the sentence around it; an "@" before it makes it a mail address.
_ADDRESS = (
    r"(?<![\w@.-])(?:(?:https?|ftp)://|(?=www\.)|(?=(?:[A-Za-z\d-]+\.)+"
    rf"(?:{_TOP})(?![\w@-]|\.\w)))[^\s<>()\[\]\"“”]*[\w/]"
)
_PATH = r"(?<![^\s\"'(\[“`<])(?:[~.]{0,2}/(?!/)|[A-Za-z]:\\)[^\s<>()\[\]\"“”|]*\w"
_PARTS = re.compile(r"[^\W_]+|[\W_]")


def addresses() -> Iterator[Rule]:
    """Give the rules for addresses, paths and names of files."""
    yield _ADDRESS, _address
    yield _PATH, _address
    yield r"(?<=\w)\.(?=\w)", _extension
    yield r"(?<=[a-z]{2})\.(?=[ch]\b(?!\.))", " dot "
    yield r"(?<!\S)\.(?=[A-Za-z]{2})", "dot "


def _address(found: re.Match[str]) -> str:
    """Read an address: its words, and its marks by their names; how it is fetched is left out."""
    text = re.sub(r"\A[a-z]+://", "", found[0]).rstrip("/")
    return " ".join(_MARKS.get(part, part) for part in _PARTS.findall(text))


def _extension(found: re.Match[str]) -> str:
    """Read the dot before the ending of a file's name; leave any other."""
    ending = re.match(r"\w+", found.string[found.end() :])
    return " dot " if ending and ending[0].lower() in _EXTENSIONS else found[0]
