"""Errors of the command line, and the one place that turns any error into one line.

`guard()` surrounds every command: bad input is one line on stderr and exit code 2, Ctrl-C is
exit code 130, and anything unforeseen is one line and exit code 1 (`-v` adds its traceback).
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import typer

# Not exported by typer under a name of its own, in any version.
_UsageError = typer.BadParameter.__mro__[1]

_FAMILIES = {
    "sled_codec": "CodecError",
    "sled_infer": "SynthesisError",
    "sled_model": "ModelError",
    "sled_train": "TrainError",
}


class CliError(ValueError):
    """The command line asks for something that cannot be done; the message says how to mend it."""


@contextmanager
def guard(*, verbose: Callable[[], bool]) -> Iterator[None]:
    """Turn what goes wrong inside into one stderr line and `typer.Exit` with the exit code."""
    try:
        yield
    except (typer.Exit, SystemExit):
        raise
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted")
        raise typer.Exit(130) from None
    except Exception as error:
        if verbose():
            traceback.print_exc(file=sys.stderr)
        message = describe(error)
        if message is None:
            hint = "" if verbose() else "; run it with -v for the traceback"
            _say(f"internal error: {type(error).__name__}: {error}{hint}")
            raise typer.Exit(1) from None
        if isinstance(error, BrokenPipeError):
            _drop_stdout()
        _say(f"error: {message}")
        raise typer.Exit(2) from None


def describe(error: Exception) -> str | None:
    """What `error` says to a user, or None where it is no answer to bad input but a bug."""
    if isinstance(error, CliError) or _is_ours(error):
        return str(error)
    for kind, words in _FOREIGN:
        if isinstance(error, kind):
            return words(error)
    # torch's own class, known by name so that torch need not be imported.
    return _describe_memory(error) if type(error).__name__ == "OutOfMemoryError" else None


def _is_ours(error: Exception) -> bool:
    # Looked up among the loaded modules: an error of a package that was never imported cannot be.
    return any(
        isinstance(error, getattr(sys.modules[name], base))
        for name, base in _FAMILIES.items()
        if hasattr(sys.modules.get(name), base)
    )


def _describe_usage(error: Exception) -> str:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "sled"
    return f"{str(message).rstrip('.')} (see '{command} --help')"


def _describe_os(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename is not None else reason


def _describe_pipe(_: Exception) -> str:
    return "the reader of the output closed it before everything was written"


def _describe_text(error: Exception) -> str:
    return f"not valid UTF-8 text ({error}); convert it to UTF-8 first"


def _describe_memory(error: Exception) -> str:
    return f"out of memory ({error}); try a shorter text, a smaller model or another --device"


_FOREIGN: tuple[tuple[type[Exception], Callable[[Any], str]], ...] = (
    (_UsageError, _describe_usage),
    (BrokenPipeError, _describe_pipe),
    (OSError, _describe_os),
    (UnicodeError, _describe_text),
    (MemoryError, _describe_memory),
)


def _drop_stdout() -> None:
    """Let Python's own flush at exit go nowhere, for nobody reads stdout any more."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _say(message: str) -> None:
    line = " ".join(message.split())
    sys.stderr.write(f"sled: {line}\n")
    sys.stderr.flush()
