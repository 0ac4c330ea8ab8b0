"""An HTTP server that speaks: whole texts, and conversations whose text is still being written.

    from sled_infer import Synthesizer
    from sled_infer.server import Desk, build_app, serve

    serve(build_app(Desk(Synthesizer.from_pretrained(), "english")), port=8000)

`POST /v1/audio/speech` takes what OpenAI's clients send; `/v1/audio/stream` is a WebSocket that
takes text piece by piece and gives audio while it comes. Needs `pip install 'sled-infer[server]'`.
"""

from .._errors import SynthesisError

try:
    import starlette as _starlette
    import uvicorn as _uvicorn
    import websockets as _websockets
except ModuleNotFoundError as error:
    raise SynthesisError(
        f"server: {error.name} is not installed; pip install 'sled-infer[server]'"
    ) from None

from ._app import build_app
from ._desk import BusyError, Desk
from ._run import serve

del _starlette, _uvicorn, _websockets

__all__ = ["BusyError", "Desk", "build_app", "serve"]
