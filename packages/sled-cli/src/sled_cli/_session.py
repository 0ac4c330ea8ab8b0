"""What a running command may write, and where: results to stdout, all else to stderr.

Libraries print what they like, some from C. While a session is open, file descriptor 1 leads
to stderr, and only the session itself still holds the real stdout.
"""

import io
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from rich.console import Console

_STDOUT, _STDERR = 1, 2
_PACKAGES = ("sled_codec", "sled_infer", "sled_model", "sled_train")


@dataclass(frozen=True)
class Session:
    """The two channels of one command: `stdout` for results, stderr for everything else."""

    stdout: BinaryIO
    quiet: bool

    def note(self, message: str) -> None:
        """Tell the user something on stderr, unless told to be quiet."""
        if not self.quiet:
            sys.stderr.write(f"sled: {message}\n")
            sys.stderr.flush()

    def result(self, text: str) -> None:
        """Write one result line to stdout."""
        self.stdout.write(f"{text}\n".encode())
        self.stdout.flush()

    def summary(
        self, line: str, facts: Mapping[str, object], *, as_json: bool, audio_out: bool = False
    ) -> None:
        """Close a command: a line for people on stderr, or one JSON line for programs.

        The JSON goes to stdout, or to stderr where stdout carries audio.
        """
        if not as_json:
            self.note(line)
        elif audio_out:
            sys.stderr.write(json.dumps(facts, ensure_ascii=False) + "\n")
        else:
            self.result(json.dumps(facts, ensure_ascii=False))

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Show on a terminal that something is under way."""
        with self.console().status(f"{what} …"):
            yield

    def console(self) -> "Console":
        """A Rich console on stderr for progress bars; silent under `--quiet`."""
        from rich.console import Console  # noqa: PLC0415 - kept out of `sled --help`

        return Console(stderr=True, quiet=self.quiet)


@contextmanager
def session(*, quiet: bool, verbose: bool = False) -> Iterator[Session]:
    """Open the channels of a command; foreign prints to stdout land on stderr meanwhile."""
    with ExitStack() as stack:
        stdout = stack.enter_context(_claimed_stdout())
        stack.enter_context(redirect_stdout(sys.stderr))
        stack.enter_context(_logging(quiet=quiet, verbose=verbose))
        yield Session(stdout, quiet)


@contextmanager
def _claimed_stdout() -> Iterator[BinaryIO]:
    sys.stdout.flush()
    try:
        sys.stdout.fileno()
    except (OSError, io.UnsupportedOperation):  # in memory, as under a test runner
        yield sys.stdout.buffer
        return
    private = os.fdopen(os.dup(_STDOUT), "wb")
    try:
        os.dup2(_STDERR, _STDOUT)
        yield private
    finally:
        os.dup2(private.fileno(), _STDOUT)
        private.close()


@contextmanager
def _logging(*, quiet: bool, verbose: bool) -> Iterator[None]:
    """Show what our packages log on stderr, in the form of all other lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("sled: %(message)s"))
    level = logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING
    loggers = [logging.getLogger(name) for name in _PACKAGES]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, old in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(old)
