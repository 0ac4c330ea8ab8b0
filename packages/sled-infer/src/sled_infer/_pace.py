"""How the text of a stream comes: at what pace, and with how many frames to how many tokens."""

from __future__ import annotations

import logging
import re
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from sled_model import StreamingLayout

from ._errors import SynthesisError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sled_model import Layout, SledConfig, Tokenizer

_WORD = re.compile(r"\S*\s*")
_log = logging.getLogger(__name__)


def choose_layout(config: SledConfig, wanted: Layout | None, tried: set[Layout]) -> Layout:
    """Give the layout of a stream, and warn the first time if the model was not trained for it.

    Args:
        config: the model's.
        wanted: what was asked for; None for the model's own, and 5:45 if that has none.
        tried: those that were chosen before; this one is added.

    """
    own = None
    if config.stream_n is not None and config.stream_m is not None:
        own = StreamingLayout(config.stream_n, config.stream_m)
    layout = wanted or own or StreamingLayout()
    if isinstance(layout, StreamingLayout) and layout != own and layout not in tried:
        trained = "on whole texts only" if own is None else f"for {own.n}:{own.m}"
        _log.warning(
            "stream: %d tokens every %d frames, but the model was trained %s; words may be "
            "lost or slurred",
            layout.n,
            layout.m,
            trained,
        )
    tried.add(layout)
    return layout


def paced(text: str, tokens_a_second: float, tokenizer: Tokenizer) -> Iterator[str]:
    """Give a known text as one that is being written: word by word, at so many tokens a second.

    The time begins when the first word is asked for. A word comes when its last token would;
    one that is asked for later than that comes at once.

    Raises:
        SynthesisError: a rate of 0 or less.

    """
    if not tokens_a_second > 0:
        raise SynthesisError(f"rate: {tokens_a_second} tokens a second never come; give more")
    return _in_time(text, tokens_a_second, tokenizer)


def _in_time(text: str, rate: float, tokenizer: Tokenizer) -> Iterator[str]:
    began, tokens = perf_counter(), 0
    for word in _WORD.findall(text):
        tokens += len(tokenizer.encode(word)) - 2
        sleep(max(0.0, began + tokens / rate - perf_counter()))
        yield word
