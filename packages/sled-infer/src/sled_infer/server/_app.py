"""The application: where requests go, and how errors are told."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

from ._asked import FORMATS
from ._converse import converse
from ._desk import BusyError
from ._lock import Lock
from ._origins import Origins
from ._speak import speak
from ._told import OURS, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from starlette.requests import Request
    from starlette.responses import Response

    from ._desk import Desk


def build_app(desk: Desk, key: str | None = None, origins: Collection[str] = ()) -> Starlette:
    """Make an ASGI application of a desk.

    Args:
        desk: who speaks.
        key: if there is one, only those who bring it are spoken to.
        origins: of web pages that may ask through a browser, such as "https://example.org"; "*" are
            all. The server's own may always.

    Routes:
        POST /v1/audio/speech: a whole text; the fields of OpenAI's, and `seed`, `cfg`,
            `temperature`, `draws`, `max_seconds` and `normalise`, see `Request`.
        WebSocket /v1/audio/stream: text in pieces; see `_converse.py`.
        GET /v1/models, /v1/models/NAME, /v1/audio/voices: what is there.
        GET /health: whether it speaks, and to how many; needs no key.

    Errors are JSON, `{"error": {"message": …, "type": …}}`: 400 for what cannot be spoken, 401
    without the key, 503 with `Retry-After` while too many are spoken to.

    """
    app = Starlette(
        routes=[
            Route("/v1/audio/speech", speak, methods=["POST"]),
            WebSocketRoute("/v1/audio/stream", converse),
            Route("/v1/audio/voices", _voices),
            Route("/v1/models", _models),
            Route("/v1/models/{name:path}", _model),
            Route("/health", _health),
        ],
        exception_handlers={
            BusyError: _busy,
            **dict.fromkeys(OURS, _refuse),
            HTTPException: _fail,
            Exception: _fail,
        },
        middleware=[
            Middleware(Origins, origins=origins),
            *([] if key is None else [Middleware(Lock, key=key)]),
        ],
        lifespan=_with_threads,
    )
    app.state.desk = desk
    return app


@asynccontextmanager
async def _with_threads(app: Starlette) -> AsyncIterator[None]:
    """Let all who are spoken to be waited for at once: whoever reads does the work."""
    desk: Desk = app.state.desk
    with ThreadPoolExecutor(2 * desk.most + 2, thread_name_prefix="sled") as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        yield


async def _voices(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    return JSONResponse({"voices": sorted(desk.voices), "formats": list(FORMATS)})


async def _models(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    return JSONResponse({"object": "list", "data": [_described(name) for name in desk.models]})


async def _model(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    name = request.path_params["name"]
    if name not in desk.models:
        raise HTTPException(404, desk.unknown(name))
    return JSONResponse(_described(name))


def _described(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "sled"}


async def _health(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    return JSONResponse({"status": "ok", "speaking": desk.speaking, "most": desk.most})


async def _busy(_request: Request, error: Exception) -> Response:
    return refusal(str(error), "server_busy", 503, {"Retry-After": "1"})


async def _refuse(_request: Request, error: Exception) -> Response:
    return refusal(str(error), "invalid_request_error", 400)


async def _fail(request: Request, error: Exception) -> Response:
    """Answer what is no matter of a text: another path or method, and what broke here."""
    reason, status = f"{type(error).__name__}: {error}", 500
    if isinstance(error, HTTPException):
        reason, status = error.detail, error.status_code
    kind = "server_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004
    return refusal(f"{request.method} {request.url.path}: {reason}", kind, status)
