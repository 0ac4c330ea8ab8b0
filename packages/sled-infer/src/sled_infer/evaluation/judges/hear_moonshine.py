# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["moonshine-voice==0.1.0", "numpy"]
#
# [tool.uv]
# exclude-newer = "2026-11-01T00:00:00Z"
# ///
"""Judge: Moonshine tiny writes down what it hears: `{"text": ...}` for each WAV on stdin.

The weights lie in the `moonshine-voice` 0.1.0 wheel (later ones have none), so nothing else is
downloaded. Voice detection is off: every sample is heard.

    ls *.wav | uv run --script hear_moonshine.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from _serve import SAMPLE_RATE, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def load() -> Callable[[np.ndarray], dict[str, str]]:
    """Load the recogniser."""
    from moonshine_voice import ModelArch  # noqa: PLC0415 - see `serve`
    from moonshine_voice.transcriber import Transcriber  # noqa: PLC0415
    from moonshine_voice.utils import get_model_path  # noqa: PLC0415

    model = Transcriber(get_model_path("tiny-en"), ModelArch.TINY, options={"vad_threshold": "0.0"})

    def hear(wave: np.ndarray) -> dict[str, str]:
        lines = model.transcribe_without_streaming(wave.tolist(), SAMPLE_RATE).lines
        return {"text": " ".join(line.text.strip() for line in lines)}

    return hear


if __name__ == "__main__":
    serve(load)
