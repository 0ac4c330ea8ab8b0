"""Fixtures: a tiny model, random batches and the golden numbers' folder."""

import os
from pathlib import Path

import pytest
import torch
from sled_model import Batch, SledConfig, SledModel


@pytest.fixture(scope="session")
def parity() -> Path:
    return Path(os.environ.get("SLED_PARITY_DIR", Path(__file__).parent / "parity"))


@pytest.fixture
def tiny_config() -> SledConfig:
    return SledConfig(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        vae_embed_dim=6,
        noise_channels=5,
        diffloss_d=2,
        diffloss_w=12,
        attention_dropout=0.0,
        activation_dropout=0.0,
        dropout=0.0,
    )


@pytest.fixture
def randomised():
    """Give a model whose every parameter is random: a fresh one's head says zero, always."""

    def make(config: SledConfig, seed: int = 0) -> SledModel:
        generator = torch.Generator().manual_seed(seed)
        model = SledModel(config)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
        return model.eval()

    return make


@pytest.fixture
def tiny_model(tiny_config, randomised) -> SledModel:
    return randomised(tiny_config)


@pytest.fixture
def make_batch():
    """Give random samples of the wanted lengths; padding holds junk that must not matter."""

    def make(
        texts: list[int], frames: list[int], config: SledConfig, *, seed: int = 0, extra: int = 0
    ) -> Batch:
        generator = torch.Generator().manual_seed(seed)
        rows = zip(texts, frames, strict=True)
        ids = torch.randint(4, config.vocab_size, (len(texts), max(texts) + extra))
        latents = 1e3 * torch.randn(len(texts), max(frames) + extra, config.vae_embed_dim)
        for row, (text, count) in enumerate(rows):
            ids[row, :text] = torch.randint(4, config.vocab_size, (text,), generator=generator)
            latents[row, :count] = torch.randn(count, config.vae_embed_dim, generator=generator)
        return Batch(ids, torch.tensor(texts), latents, torch.tensor(frames))

    return make
