"""How what went wrong is told to a client: in one line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sled_codec import CodecError
from sled_model import ModelError
from starlette.responses import JSONResponse

from .._errors import SynthesisError

if TYPE_CHECKING:
    from starlette.responses import Response

OURS = (SynthesisError, CodecError, ModelError)
_log = logging.getLogger(__name__)


def describe(error: Exception) -> str:
    """Give the line; what is no answer to bad input is a bug, and goes to the log, too."""
    if isinstance(error, OURS):
        return str(error)
    _log.error("the work broke off", exc_info=error)
    return f"{type(error).__name__}: {error}"


def refusal(
    message: str, kind: str, status: int, headers: dict[str, str] | None = None
) -> Response:
    """Make an answer of the line, as OpenAI's clients read it."""
    return JSONResponse({"error": {"message": message, "type": kind}}, status, headers)
