"""Entry point of the console script `sled`.

    sled synth "Any English sentence." -o out.wav

Nothing heavy is imported here: `sled --help` must answer at once, and Ctrl-C must end the
command quietly from its first moment on.
"""

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one `sled` command and return its exit code: 0, 1 (a bug), 2 (bad input), 130 (Ctrl-C).

    `argv` holds the arguments without the program's name; None takes them from `sys.argv`.
    """
    _open_standard_streams()
    try:
        from sled_cli._app import run  # noqa: PLC0415 - inside the try, so that Ctrl-C is caught

        return run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return 130


def _open_standard_streams() -> None:
    """Put what leads nowhere in place of standard streams that whoever began this has closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The lowest number that is free, hence the one that was closed.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
