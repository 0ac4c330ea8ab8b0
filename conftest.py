"""Tests run side by side, so each gets one core: more threads would only wait for each other."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def same_random_numbers() -> Iterator[None]:
    """Draw the same from torch's own generator in a test whatever ran before it."""
    import torch  # noqa: PLC0415 (reads how many threads it may have when it is imported)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
