# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "numpy",
#     "torch>=2.11,<2.14", # the release the workspace uses: taken from the cache
#     "transformers>=5.17",
# ]
#
# [tool.uv]
# exclude-newer = "2026-11-01T00:00:00Z"
# ///
"""Judge: a recogniser of the Hugging Face hub: `{"text": ...}` for each WAV on stdin.

Any that transformers' pipeline knows: HuBERT and wav2vec 2.0 with CTC, Whisper.

    ls *.wav | uv run --script hear_hub.py --model facebook/hubert-large-ls960-ft
    ls *.wav | uv run --script hear_hub.py --model openai/whisper-large-v3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from _serve import SAMPLE_RATE, serve_model

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def load(name: str) -> Callable[[np.ndarray], dict[str, str]]:
    """Load the recogniser of this hub id or folder."""
    import torch  # noqa: PLC0415 - see `serve`
    from transformers import pipeline  # noqa: PLC0415

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = pipeline("automatic-speech-recognition", name, device=device)
    options = {"language": "en", "task": "transcribe"} if "whisper" in name.lower() else {}
    if name.endswith(".en"):
        options = {}

    def hear(wave: np.ndarray) -> dict[str, str]:
        sound = {"raw": wave, "sampling_rate": SAMPLE_RATE}
        return {"text": model(sound, generate_kwargs=options)["text"].strip()}

    return hear


if __name__ == "__main__":
    serve_model(__doc__, load)
