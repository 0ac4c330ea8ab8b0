"""How what went wrong is told to a client: in one line."""

from __future__ import annotations

import logging

from sled_codec import CodecError
from sled_model import ModelError

from .._errors import SynthesisError

OURS = (SynthesisError, CodecError, ModelError)
_log = logging.getLogger(__name__)


def describe(error: Exception) -> str:
    """Give the line; what is no answer to bad input is a bug, and goes to the log, too."""
    if isinstance(error, OURS):
        return str(error)
    _log.error("the work broke off", exc_info=error)
    return f"{type(error).__name__}: {error}"
