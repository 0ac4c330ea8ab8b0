"""Streams in an event loop: the work is done in threads, the loop stays free."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from torch import Tensor

    from ._session import Stream


async def listen(stream: Stream) -> AsyncIterator[Tensor]:
    """Give all audio until the end, waiting for text that another task or thread pushes."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    stream.notify(lambda: loop.call_soon_threadsafe(news.set))
    try:
        while True:
            news.clear()
            async for wave in _ready(stream):
                yield wave
            if stream.over:
                return
            await news.wait()
    finally:
        stream.notify(None)


async def speak_async(stream: Stream, pieces: AsyncIterable[str]) -> AsyncIterator[Tensor]:
    """Do what `Stream.speak` does with pieces that are awaited."""
    with stream:
        async for wave in _ready(stream):
            yield wave
        async for piece in pieces:
            await asyncio.to_thread(stream.push, piece)
            async for wave in _ready(stream):
                yield wave
            if stream.over:
                return
        await asyncio.to_thread(stream.flush)
        async for wave in _ready(stream):
            yield wave


async def _ready(stream: Stream) -> AsyncIterator[Tensor]:
    while (wave := await asyncio.to_thread(stream.read)) is not None:
        yield wave
