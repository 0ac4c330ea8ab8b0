"""Listening, until somebody ends it."""

from __future__ import annotations

import asyncio
import logging
import socket
from asyncio import CancelledError
from typing import TYPE_CHECKING

import uvicorn

from .._errors import SynthesisError
from ._asked import MOST_BYTES
from ._speak import GaveUpError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

    from ._desk import Desk

_PATIENCE = 5  # seconds for what is being said when it is to end
_LAST_BYTES = 1  # seconds for what has been said, but not sent yet
# The kernel would take in a minute of audio for a client that plays as it reads: that much would
# still be heard after a `cancel`, and a ping would come too late behind it.
_SENT_AHEAD = 1 << 16  # bytes
_ON_PURPOSE = (CancelledError, KeyboardInterrupt, GaveUpError)


def serve(
    app: Starlette,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Answer requests until the process is interrupted.

    Args:
        app: from `build_app`.
        host: the address to listen at; "0.0.0.0" for those of all networks.
        port: 0 for any that is free.
        ready: called with the URL once it listens.

    Raises:
        SynthesisError: the address cannot be listened at.
        KeyboardInterrupt: it was interrupted, and has said what it had begun or waited 5 s.

    """
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES,
        ws_ping_timeout=None,  # who reads nothing is given up by the desk's patience
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_LAST_BYTES,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    with _listen(host, port) as listening:
        if ready is not None:
            name = f"[{host}]" if ":" in host else host
            ready(f"http://{name}:{listening.getsockname()[1]}")
        _Server(config, app.state.desk).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says what it has begun before it closes the connections."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in self.servers:
            listening.close()
        until = asyncio.get_running_loop().time() + _PATIENCE
        while self._desk.speaking and not self.force_exit:
            if asyncio.get_running_loop().time() >= until:
                break
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether this is more than what was broken off on purpose."""
    kind = record.exc_info[0] if record.exc_info else None
    broken_off = kind is not None and issubclass(kind, _ON_PURPOSE)
    told = record.getMessage()
    return not (broken_off or "CancelledError" in told or "timeout graceful shutdown" in told)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        raise SynthesisError(
            f"server: cannot listen at {host}, port {port} ({error}); choose others"
        ) from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENT_AHEAD)
    return listening
