"""A corpus of tones, a codec of random weights, a tiny model: seconds, not hours."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sled_codec import Codec, CodecConfig, write_audio
from sled_train import Recipe, load_recipe

RATE = 8000
WORDS = ("one", "two", "three", "four")
TINY_CODEC = CodecConfig(
    n_filters=2, dimension=16, lstm_layers=1, codebook_size=16, sample_rate=RATE
)
TINY_MODEL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 256,
    "vae_embed_dim": 16,
    "noise_channels": 4,
    "diffloss_d": 1,
    "diffloss_w": 32,
}


def tone(number: int, seconds: float) -> torch.Tensor:
    time = torch.arange(int(seconds * RATE)) / RATE
    return 0.3 * torch.sin(2 * torch.pi * 110 * (number + 1) * time)


@pytest.fixture(scope="session")
def codec_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codec")
    Codec.from_random(TINY_CODEC).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def codec(codec_folder: Path) -> Codec:
    return Codec.from_pretrained(codec_folder)


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve clips of 0.2 to 0.75 s, in the `file|speaker|text` form."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = []
    for number in range(12):
        word = WORDS[number % len(WORDS)]
        write_audio(folder / f"{number}.wav", tone(number % 4, 0.2 + 0.05 * number), RATE)
        rows.append(f"{number}.wav|tone|{word}")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def make_recipe(corpus_folder: Path, codec_folder: Path, tmp_path: Path) -> Callable[..., Recipe]:
    """Build a recipe that trains in a second; keyword-free overrides go on top."""

    def make(*overrides: str, run: str = "run") -> Recipe:
        base = [
            f"data.train={corpus_folder}",
            f"data.codec={codec_folder}",
            f"data.codes={tmp_path / 'codes'}",
            "data.vocab_size=270",
            "data.batch_frames=140",
            "data.bucket=2",
            f"run.out={tmp_path / run}",
            "run.device=cpu",
            "run.steps=6",
            "run.log_every=1",
            "run.save_every=2",
            "run.tensorboard=false",
            "optim.warmup_steps=2",
            "optim.lr=1e-3",
        ]
        sizes = [f"model.{name}={value}" for name, value in TINY_MODEL.items()]
        return load_recipe(overrides=[*base, *sizes, *overrides])

    return make
