"""From an iterable of text pieces to audio, and the layout in which that is done."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sled_model import StreamingLayout

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

    from sled_model import Layout, SledConfig
    from torch import Tensor

    from ._session import Stream

_log = logging.getLogger(__name__)


def layout_to_stream(config: SledConfig, wanted: Layout | None) -> Layout:
    """Give the layout of a stream, and warn if the model was not trained for it.

    Args:
        config: the model's.
        wanted: what was asked for; None for the model's own, and 5:45 if that has none.

    """
    own = None
    if config.stream_n is not None and config.stream_m is not None:
        own = StreamingLayout(config.stream_n, config.stream_m)
    layout = wanted or own or StreamingLayout()
    if isinstance(layout, StreamingLayout) and layout != own:
        trained = "on whole texts only" if own is None else f"for {own.n}:{own.m}"
        _log.warning(
            "stream: %d tokens every %d frames, but the model was trained %s; words may be "
            "lost or slurred",
            layout.n,
            layout.m,
            trained,
        )
    return layout


def speak_pieces(stream: Stream, pieces: Iterable[str]) -> Iterator[Tensor]:
    """Speak pieces of text, each taken only when what came before has been spoken so far."""
    with stream:
        yield from stream.ready()
        for piece in pieces:
            stream.push(piece)
            yield from stream.ready()
            if stream.over:
                return
        stream.flush()
        yield from stream.ready()


async def speak_async_pieces(stream: Stream, pieces: AsyncIterable[str]) -> AsyncIterator[Tensor]:
    """Speak pieces as `speak_pieces` does; others have the event loop meanwhile."""
    with stream:
        async for wave in _ready(stream):
            yield wave
        async for piece in pieces:
            stream.push(piece)
            async for wave in _ready(stream):
                yield wave
            if stream.over:
                return
        stream.flush()
        async for wave in _ready(stream):
            yield wave


async def _ready(stream: Stream) -> AsyncIterator[Tensor]:
    while (wave := await asyncio.to_thread(stream.read)) is not None:
        yield wave
