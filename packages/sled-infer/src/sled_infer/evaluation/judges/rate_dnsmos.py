# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["librosa", "numpy", "onnxruntime", "requests", "speechmos==0.0.1.1", "tqdm"]
#
# [tool.uv]
# exclude-newer = "2026-11-01T00:00:00Z"
# ///
"""Judge: DNSMOS P.835, `{"mos": ..., "signal": ..., "background": ...}` for each WAV on stdin.

Opinion scores from 1 to 5 of the whole, of the speech and of what is behind it. The weights lie
in the `speechmos` wheel, which names none of what it imports.

    ls *.wav | uv run --script rate_dnsmos.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from _serve import SAMPLE_RATE, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

_NAMES = {"mos": "ovrl_mos", "signal": "sig_mos", "background": "bak_mos"}


def load() -> Callable[[np.ndarray], dict[str, float]]:
    """Load the models."""
    from speechmos import dnsmos  # noqa: PLC0415 - see `serve`

    def rate(wave: np.ndarray) -> dict[str, float]:
        scores = dnsmos.run(wave, SAMPLE_RATE)
        return {name: float(scores[key]) for name, key in _NAMES.items()}

    return rate


if __name__ == "__main__":
    serve(load)
