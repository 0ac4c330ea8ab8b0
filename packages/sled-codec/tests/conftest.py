"""A codec small enough to run anywhere, with random weights that are the same every time."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings
from sled_codec import Codec, CodecConfig
from torch import Tensor

settings.register_profile(
    "tests",
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("tests")

TINY = CodecConfig(n_filters=4, dimension=16, codebook_size=32)


@pytest.fixture(scope="session")
def tiny_config() -> CodecConfig:
    return TINY


@pytest.fixture(scope="session")
def codec() -> Codec:
    return Codec.from_random(TINY)


@pytest.fixture(scope="session")
def random_weights() -> Callable[[CodecConfig], dict[str, Tensor]]:
    """Return the weights of `codec` anew, under our names, for a test to change."""

    def make(config: CodecConfig) -> dict[str, Tensor]:
        return {
            name: value.clone() for name, value in Codec.from_random(config).state_dict().items()
        }

    return make


@pytest.fixture(scope="session")
def noise() -> Callable[..., Tensor]:
    """Return reproducible noise of a given shape, at a speech-like level."""

    def make(*shape: int, seed: int = 0) -> Tensor:
        return 0.3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))

    return make


@pytest.fixture
def tiny_folder(codec: Codec, tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    codec.save_pretrained(folder)
    return folder
