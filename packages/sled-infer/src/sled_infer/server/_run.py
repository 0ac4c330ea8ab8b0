"""Listening, until somebody ends it."""

from __future__ import annotations

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

_PATIENCE = 5  # seconds for what is being said when it is to end
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
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_PATIENCE,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    with _listen(host, port) as listening:
        if ready is not None:
            name = f"[{host}]" if ":" in host else host
            ready(f"http://{name}:{listening.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listening])


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether this is more than what was broken off on purpose."""
    kind = record.exc_info[0] if record.exc_info else None
    broken_off = kind is not None and issubclass(kind, _ON_PURPOSE)
    return not broken_off and "CancelledError" not in record.getMessage()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        raise SynthesisError(
            f"server: cannot listen at {host}, port {port} ({error}); choose others"
        ) from None
