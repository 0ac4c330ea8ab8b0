"""Ctrl-C and SIGTERM as a wish that is granted at the next step."""

import os
import signal
import threading
from types import FrameType
from typing import Any, Self


class StopSignal:
    """While entered, the first SIGINT or SIGTERM sets `requested`; a second acts as usual.

    Outside the main thread, where Python takes no signal handlers, it never requests anything.

    Args:
        quiet: do not tell on standard error that the signal has come.

    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.requested = False
        self._quiet = quiet
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.requested

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's form
        self.requested = True
        self._restore()
        if not self._quiet:
            # Not print: what the signal has interrupted may be amid a print of its own.
            os.write(2, b"\nstopping as soon as all is saved; once more to stop at once\n")

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
