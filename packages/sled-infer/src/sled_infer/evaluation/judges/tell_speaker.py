# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "numpy",
#     "resemblyzer==0.1.4",
#     "setuptools<81",
#     "torch>=2.11,<2.14", # the release the workspace uses: taken from the cache
#     "webrtcvad-wheels",
# ]
#
# [tool.uv]
# exclude-newer = "2026-11-01T00:00:00Z"
# override-dependencies = ["typing; python_version < '3'", "webrtcvad; python_version < '3'"]
# ///
"""Judge: Resemblyzer's speaker embedding, `{"embedding": [256 numbers]}` for each WAV on stdin.

The weights lie in the wheel. `webrtcvad` is replaced by its prebuilt twin, `typing` by the
standard library. Embeddings have length 1: their dot product is the cosine similarity.

    ls *.wav | uv run --script tell_speaker.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from _serve import SAMPLE_RATE, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

_SHORTEST = SAMPLE_RATE // 4


def load() -> Callable[[np.ndarray], dict[str, list[float]]]:
    """Load the encoder."""
    from resemblyzer import VoiceEncoder, preprocess_wav  # noqa: PLC0415 - see `serve`

    encoder = VoiceEncoder("cpu", verbose=False)

    def tell(wave: np.ndarray) -> dict[str, list[float]]:
        speech = preprocess_wav(wave, source_sr=SAMPLE_RATE)
        # Its silence trimming may leave nothing of very quiet speech.
        speech = speech if len(speech) >= _SHORTEST else wave
        return {"embedding": encoder.embed_utterance(speech).tolist()}

    return tell


if __name__ == "__main__":
    serve(load)
