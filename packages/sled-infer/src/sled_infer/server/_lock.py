"""A key that every request has to bring, where one is set."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from ._told import refusal

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

_OPEN = ("/health",)  # for whoever watches over the server, and says nothing of what is spoken


_OFFERED = "sled-key."


class Lock:
    """Hand on to `app` what bears `Authorization: Bearer KEY`, and refuse everything else.

    A page in a browser cannot send that with a WebSocket: it offers the protocols "sled" and
    "sled-key.KEY".
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.strip().encode()  # as white space around a header's is no part of it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app if self._lets_in(scope) else _refuse()
        await app(scope, receive, send)

    def _lets_in(self, scope: Scope) -> bool:
        if scope["type"] not in ("http", "websocket") or scope["path"] in _OPEN:
            return True
        headers = Headers(scope=scope)
        scheme, _, key = headers.get("authorization", "").partition(" ")
        for offered in scope.get("subprotocols", ()):
            if offered.startswith(_OFFERED) and "authorization" not in headers:
                scheme, key = "bearer", offered.removeprefix(_OFFERED)
        given = key.strip().encode("latin-1")  # as headers are decoded
        return scheme.lower() == "bearer" and compare_digest(given, self._key)


def _refuse() -> Response:
    return refusal(
        "the key is missing or wrong; send the server's as Authorization: Bearer KEY",
        "invalid_request_error",
        401,
        {"WWW-Authenticate": "Bearer"},
    )
