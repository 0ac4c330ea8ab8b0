"""`POST /v1/audio/speech`: a whole text in, audio out, all but FLAC while it is made."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING

import torch
from sled_codec import STREAM_SUFFIXES, StreamEncoder, write_audio
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from .._errors import SynthesisError
from .._state import StreamState
from ._asked import FORMATS, MOST_BYTES, read_speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Message, Receive, Scope, Send
    from torch import Tensor

    from .._session import Stream
    from ._asked import SpeechAsked
    from ._desk import Desk, Turn

_CLIENT_LEFT = 499  # as nginx logs it; nobody reads the answer


class GaveUpError(Exception):
    """A client read nothing for longer than it is waited for."""


class Spoken(StreamingResponse):
    """Audio while it is made; whoever stops reading it, or hangs up, stops the speaking."""

    def __init__(
        self, turn: Turn, content: AsyncIterator[bytes], kind: str, patience: float
    ) -> None:
        super().__init__(content, media_type=FORMATS[kind], headers=_headers(turn))
        self._turn = turn
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(self._patience):
                    await send(message)
            except TimeoutError:
                raise GaveUpError from None

        try:
            await super().__call__(scope, receive, send_in_time)
        finally:
            self._turn.close()


async def speak(request: Request) -> Response:
    """Answer with the audio of a text, or raise SynthesisError before any is sent."""
    desk: Desk = request.app.state.desk
    asked = read_speech(await _body(request))
    if asked.model is not None and asked.model not in desk.models:
        raise SynthesisError(f"model: {desk.unknown(asked.model)}")
    turn, handed_on = desk.begin(asked.manner), False
    giving = asyncio.create_task(asyncio.to_thread(_give, turn.stream, asked.text))
    try:
        waves = _all_of(turn.stream, giving)
        first = await _first(waves)
        if f".{asked.kind}" in STREAM_SUFFIXES:
            encoder = StreamEncoder(turn.stream.sample_rate, f".{asked.kind}")
            pieces = _pieces(encoder, first, waves)
            spoken = Spoken(turn, pieces, asked.kind, desk.patience)
            handed_on = True
            return spoken
        return await _whole(request, asked, turn, [first], waves)
    except SynthesisError as error:
        if turn.stream.state is StreamState.FAILED:
            raise HTTPException(500, str(error)) from None
        raise
    finally:
        if not handed_on:
            turn.close()


def _give(stream: Stream, text: str) -> None:
    try:
        stream.push(text)
        stream.flush()
    except BaseException:
        stream.cancel()  # so that nobody waits for the rest
        raise


async def _all_of(stream: Stream, giving: asyncio.Task[None]) -> AsyncIterator[Tensor]:
    """Give the audio of a text that is still being given; its error where it cannot be."""
    async for wave in stream:
        yield wave
    await giving


async def _first(waves: AsyncIterator[Tensor]) -> Tensor:
    async for wave in waves:
        return wave
    raise SynthesisError("nothing was said: it stopped at once; try another seed")


async def _pieces(
    encoder: StreamEncoder, first: Tensor, rest: AsyncIterator[Tensor]
) -> AsyncIterator[bytes]:
    yield encoder.push(first)
    async for wave in rest:
        yield encoder.push(wave)
    yield encoder.finish()


async def _whole(
    request: Request,
    asked: SpeechAsked,
    turn: Turn,
    waves: list[Tensor],
    rest: AsyncIterator[Tensor],
) -> Response:
    """Answer when all is spoken, in a format whose beginning hangs on its end."""
    async for wave in rest:
        if await request.is_disconnected():
            return Response(status_code=_CLIENT_LEFT)
        waves.append(wave)
    whole, rate, file = torch.cat(waves), turn.stream.sample_rate, BytesIO()
    await asyncio.to_thread(write_audio, file, whole, rate, suffix=f".{asked.kind}")
    headers = _headers(turn)
    return Response(file.getvalue(), media_type=FORMATS[asked.kind], headers=headers)


async def _body(request: Request) -> bytes:
    """Read a body that is no longer than any good one."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise SynthesisError(f"more than {MOST_BYTES} bytes; send a shorter text")
    return body


def _headers(turn: Turn) -> dict[str, str]:
    return {"X-Sample-Rate": str(turn.stream.sample_rate)}
