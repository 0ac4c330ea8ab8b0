"""`/v1/audio/stream`: a WebSocket on which text comes in pieces and audio leaves meanwhile.

The client sends JSON, all fields optional: `{"voice": "michael", "seed": 1, "text": "It was "}`,
`{"text": "late."}`, `{"end": true}`. How it is to be spoken is said with the first piece. The
server sends `{"event": "begin", …}`, int16 samples in binary messages, and `{"event": "end", …}`;
then the next text may come. `{"cancel": true}` stops at once what is being said, as does
everything that is wrong, after an `{"event": "error", …}`; so does silence in the midst of a text.

A text may be over before the client has said its end: something was wrong, or `max_seconds` were
spoken. What still comes of it is left out, up to its `end`, a `cancel`, or a piece that says how
a text is to be spoken, which begins the next one.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from sled_codec import pcm_bytes
from starlette.websockets import WebSocketDisconnect, WebSocketState

from .._errors import SynthesisError
from ._asked import Manner, goes_on, read_piece
from ._told import describe

if TYPE_CHECKING:
    from starlette.types import Message
    from starlette.websockets import WebSocket

    from .._session import Stream
    from ._asked import Piece
    from ._desk import Desk, Turn

PROTOCOL = "sled"  # for clients that offer any, and expect one to be taken up
_ITS_OWN = Manner(None, {})


async def converse(socket: WebSocket) -> None:
    """Speak one text after the other until the client leaves."""
    offered = socket.scope.get("subprotocols", ())
    await socket.accept(PROTOCOL if PROTOCOL in offered else None)
    talk = _Talk(socket)
    try:
        while (message := await talk.next())["type"] == "websocket.receive":
            await talk.take(message.get("text"))
    except WebSocketDisconnect:  # While something was being sent.
        pass
    finally:
        await talk.leave()


class _Talk:
    """One client: what is being said to it, and what it says of that."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._desk: Desk = socket.app.state.desk
        self._turn: Turn | None = None  # what is being said
        # Whether no text has begun, one is being given, or what still comes of it is left out.
        self._text: Literal["none", "given", "left out"] = "none"
        self._speaking: asyncio.Task[None] | None = None
        self._last = 0.0  # when text came or audio left
        self._waiting: asyncio.Timeout | None = None
        self._gone = False  # whether nobody reads what is said

    async def next(self) -> Message:
        """Wait for a message; others need the place of whoever keeps one waiting for too long."""
        while not self._gone:
            until = self._last + self._desk.patience if self._text == "given" else None
            try:
                async with asyncio.timeout_at(until) as self._waiting:
                    message = await self._socket.receive()
            except TimeoutError:
                if not self._gone and self._last + self._desk.patience == until:
                    waited = f"no more of the text came for {self._desk.patience:g} s"
                    await self._fail(f"{waited}, nor its end; others need the place", more=True)
            else:
                return message
        return {"type": "websocket.disconnect"}

    async def take(self, message: str | None) -> None:
        """Do what a message says."""
        began = self._text != "none"
        try:
            await self._do(read_piece(message))
        except WebSocketDisconnect:
            raise
        except Exception as error:  # Whatever it is, the client is told of it and may go on.
            await self._fail(describe(error), more=goes_on(message, began=began))
        self._stir()  # for much text takes a while to be cut

    async def leave(self) -> None:
        """Stop what is being said, and wait until nobody works on it."""
        self._stop()
        if self._speaking is not None:
            await asyncio.gather(self._speaking, return_exceptions=True)

    async def _do(self, piece: Piece) -> None:
        if piece.cancel:
            self._stop()
            return
        if self._text == "left out" and piece.manner is None:
            self._leave_out(piece)
            return
        if self._text != "given":
            await self._begin(piece.manner or _ITS_OWN)
        elif piece.manner is not None:
            raise SynthesisError("a voice and options are said with the first piece of a text")
        if self._turn is not None:
            await self._hand_on(self._turn.stream, piece)
        if piece.end:
            self._text = "none"

    def _leave_out(self, piece: Piece) -> None:
        if piece.end:
            self._text = "none"
            if piece.text:
                raise SynthesisError(
                    "text: left out with the rest of one that was over before its end was sent; "
                    "send it again"
                )

    async def _hand_on(self, stream: Stream, piece: Piece) -> None:
        try:
            if piece.text:
                await asyncio.to_thread(stream.push, piece.text)
            if piece.end:
                await asyncio.to_thread(stream.flush)
        except SynthesisError:
            # Where it ended before its text did, the rest is of no use to anybody.
            if not stream.over:
                raise

    async def _begin(self, manner: Manner) -> None:
        if self._turn is not None and self._turn.closed and self._speaking is not None:
            await self._speaking
        if self._turn is not None:
            raise SynthesisError("the last text is still being spoken; await its end, or cancel it")
        turn = self._turn = self._desk.begin(manner)
        self._text = "given"
        rate = turn.stream.sample_rate
        await self._tell({"event": "begin", "sample_rate": rate, "format": "pcm_s16le"})
        self._speaking = asyncio.create_task(self._speak(turn))

    async def _speak(self, turn: Turn) -> None:
        """Send all audio of a text, and what came of it."""
        stream = turn.stream
        try:
            async for wave in stream:
                async with asyncio.timeout(self._desk.patience):
                    await self._socket.send_bytes(pcm_bytes(wave))
                self._stir()
        except WebSocketDisconnect:
            return
        except TimeoutError:  # It reads nothing.
            self._hang_up()
            return
        except Exception as error:  # Whatever it is, the client is to hear that no more comes.
            await self._tell({"event": "error", "message": describe(error)})
        finally:
            turn.close()
            self._turn = None
            if self._text == "given":
                self._text = "left out"
        await self._tell(
            {
                "event": "end",
                "text": stream.text,
                "seconds": round(stream.clock.audio, 3),
                "stopped": stream.state == "finished",
                "cancelled": stream.state == "cancelled",
                "left_out": list(stream.unsupported),
            }
        )

    async def _fail(self, message: str, *, more: bool) -> None:
        """Stop, and tell why; `more` is whether more may come of the text that is to blame."""
        self._stop()  # At once, for who reads nothing is not told of it for long.
        self._text = "left out" if more else "none"
        await self._tell({"event": "error", "message": message})

    def _hang_up(self) -> None:
        """Wait for no further message: whoever serves this closes the connection then."""
        self._gone = True
        if self._waiting is not None:
            with suppress(RuntimeError):  # It is over.
                self._waiting.reschedule(0)

    def _stir(self) -> None:
        self._last = asyncio.get_running_loop().time()

    def _stop(self) -> None:
        self._text = "none"
        if self._turn is not None:
            self._turn.close()

    async def _tell(self, event: dict[str, object]) -> None:
        if self._socket.client_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect):
                await self._socket.send_text(json.dumps(event, ensure_ascii=False))
