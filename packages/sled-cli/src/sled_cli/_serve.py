"""`sled serve`: a model that speaks to whoever asks over HTTP."""

import math
import os
from pathlib import Path
from typing import Annotated

import typer

from sled_cli._errors import CliError
from sled_cli._options import (
    DEFAULT_MODEL,
    Codec,
    Device,
    Dtype,
    Model,
    Offline,
    Quiet,
    Threads,
    Verbose,
)
from sled_cli._session import session
from sled_cli._speakers import find_voice, load_synthesizer

_KEY = "SLED_API_KEY"


def serve(
    *,
    model: Model = None,
    codec: Codec = None,
    voice: Annotated[
        list[str] | None,
        typer.Option(
            "--voice", metavar="NAME=FILE", help="A voice file, and its name; repeatable."
        ),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; 0.0.0.0 is every network's.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 is any that is free.")
    ] = 8000,
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, help="How many are spoken to at a time.")
    ] = 8,
    patience: Annotated[
        float,
        typer.Option(
            "--patience", min=1, help="Seconds that a text may be waited for in its midst."
        ),
    ] = 60.0,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A further name that clients may give as model; repeatable."),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-origin", help="Origin of web pages that may ask, or '*'; repeatable."
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option("--api-key", envvar=_KEY, help="A key that every request has to bring."),
    ] = None,
    dtype: Dtype = "fp32",
    device: Device = "auto",
    threads: Threads = None,
    offline: Offline = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Speak to whoever asks over HTTP, as OpenAI's speech API or over a WebSocket."""
    # An empty variable is none to click, but whoever sets it wants a key.
    if not (os.environ.get(_KEY, "none") if api_key is None else api_key).strip():
        raise CliError(
            f"--api-key or {_KEY}: it is empty; give a key, or leave it out to answer everybody"
        )
    if not math.isfinite(patience):
        raise CliError(f"--patience {patience}: give a number of seconds")
    named = [_named(each) for each in voice or []]
    files = dict(named)
    if len(files) < len(named):
        raise CliError("--voice: two files under one name; give each its own")
    with session(quiet=quiet, verbose=verbose) as channels:
        from sled_infer.server import Desk, build_app  # noqa: PLC0415 - heavy, and an extra
        from sled_infer.server import serve as listen  # noqa: PLC0415

        with channels.working("loading"):
            synthesizer = load_synthesizer(
                model, codec, device, dtype, threads=threads, offline=offline
            )
            voices = {name: find_voice(synthesizer, str(path)) for name, path in files.items()}
            desk = Desk(
                synthesizer,
                model or DEFAULT_MODEL,
                voices,
                names=name or [],
                most=at_once,
                patience=patience,
            )
        if synthesizer.card is not None:
            channels.note(synthesizer.card.summary)
        listen(
            build_app(desk, api_key, allow_origin or []),
            host=host,
            port=port,
            ready=lambda url: channels.note(f"listening at {url}; Ctrl-C ends it"),
        )


def _named(voice: str) -> tuple[str, Path]:
    name, separator, file = voice.partition("=")
    if not (separator and name and file):
        raise CliError(
            f"--voice {voice}: give a name and a voice file, such as anna=anna.safetensors"
        )
    return name, Path(file)
