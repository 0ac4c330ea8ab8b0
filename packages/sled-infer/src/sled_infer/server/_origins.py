"""Which web pages may speak through somebody's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from ._told import refusal

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

ANY = "*"


class Origins:
    """Let pages of the given origins ask, beside the server's own.

    A browser itself keeps other pages from reading answers, but not from opening a WebSocket: that
    is refused here. Who is no browser names no origin.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins
        self._shared = CORSMiddleware(
            app, list(origins), allow_methods=["GET", "POST"], allow_headers=["*"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._shared if self._origins and scope["type"] == "http" else self._app
        if scope["type"] == "websocket" and not self._lets_in(Headers(scope=scope)):
            app = refusal(
                f"a page of {Headers(scope=scope)['origin']} may not speak here; "
                "the server has to name it as --allow-origin",
                "invalid_request_error",
                403,
            )
        await app(scope, receive, send)

    def _lets_in(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        own = origin is not None and origin.partition("://")[2] == headers.get("host")
        return origin is None or own or not {origin, ANY}.isdisjoint(self._origins)
