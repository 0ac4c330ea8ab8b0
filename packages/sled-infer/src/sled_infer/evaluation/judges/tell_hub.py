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
"""Judge: a speaker verifier of the hub, `{"embedding": [numbers]}` for each WAV on stdin.

Any x-vector head of transformers, such as WavLM's. Embeddings have length 1: their dot product
is the cosine similarity.

    ls *.wav | uv run --script tell_hub.py --model microsoft/wavlm-base-plus-sv
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from _serve import SAMPLE_RATE, serve_model

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def load(name: str) -> Callable[[np.ndarray], dict[str, list[float]]]:
    """Load the verifier of this hub id or folder."""
    import torch  # noqa: PLC0415 - see `serve`
    from transformers import AutoFeatureExtractor, AutoModelForAudioXVector  # noqa: PLC0415

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = AutoModelForAudioXVector.from_pretrained(name).to(device).eval()
    features = AutoFeatureExtractor.from_pretrained(name)

    def tell(wave: np.ndarray) -> dict[str, list[float]]:
        inputs = features(wave, sampling_rate=SAMPLE_RATE, return_tensors="pt").to(device)
        with torch.inference_mode():
            found = torch.nn.functional.normalize(model(**inputs).embeddings[0], dim=-1)
        return {"embedding": found.tolist()}

    return tell


if __name__ == "__main__":
    serve_model(__doc__, load)
