# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["numpy", "whisper-normalizer==0.1.15"]
#
# [tool.uv]
# exclude-newer = "2026-11-01T00:00:00Z"
# ///
"""Judge of texts: Whisper's English normalisation, `{"words": [...]}` for each JSON string.

Lower case, no punctuation, numbers, spellings, contractions and titles of one form: what most
published word error rates are counted on.

    echo '"Mr. Hale paid $20 for colours."' | uv run --script read_words.py
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from _serve import serve_lines

if TYPE_CHECKING:
    from collections.abc import Callable


def load() -> Callable[[str], dict[str, list[str]]]:
    """Load the tables."""
    from whisper_normalizer.english import EnglishTextNormalizer  # noqa: PLC0415 - see `serve`

    normalise = EnglishTextNormalizer()
    return lambda line: {"words": normalise(json.loads(line)).split()}


if __name__ == "__main__":
    serve_lines(load)
