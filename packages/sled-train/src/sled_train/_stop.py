"""Ctrl-C and SIGTERM as a wish that is granted at the next step."""

import signal
import threading
from types import FrameType
from typing import Any, Self


class StopSignal:
    """While entered, the first SIGINT or SIGTERM sets `requested`; a second acts as usual.

    Outside the main thread, where Python takes no signal handlers, it never requests anything.
    """

    def __init__(self) -> None:
        self.requested = False
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

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
