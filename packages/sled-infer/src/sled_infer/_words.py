"""Words without end, in parts: what reads a phrase takes the square of its length, or more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of a word in parts, all but the last are that long, so that no two of them are read together.
LONG_WORD = 100
_LONGEST_PART = 2 * LONG_WORD
# Behind a mark if there is one.
_PART = re.compile(
    rf".{{{LONG_WORD - 1},{_LONGEST_PART - 1}}}[\W_]|.{{1,{_LONGEST_PART}}}", re.DOTALL
)


def parted(word: str) -> Iterator[str]:
    """Give a word, in parts if it is too long to be read at once; nothing of an empty one."""
    if len(word) <= _LONGEST_PART:
        yield from filter(None, (word,))
    else:
        yield from _PART.findall(word)
