# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "distillmos==0.9.1",
#     "numpy",
#     "torch>=2.11,<2.14", # the release the workspace uses: taken from the cache
# ]
#
# [tool.uv]
# exclude-newer = "2026-11-01T00:00:00Z"
# ///
"""Judge: DistillMOS, `{"mos": ...}` for each WAV on stdin: an opinion score from 1 to 5.

The weights lie in the wheel.

    ls *.wav | uv run --script rate_distillmos.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from _serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def load() -> Callable[[np.ndarray], dict[str, float]]:
    """Load the model."""
    import distillmos  # noqa: PLC0415 - see `serve`
    import torch  # noqa: PLC0415

    model = distillmos.ConvTransformerSQAModel().eval()

    def rate(wave: np.ndarray) -> dict[str, float]:
        with torch.inference_mode():
            return {"mos": float(model(torch.from_numpy(wave)[None]))}

    return rate


if __name__ == "__main__":
    serve(load)
