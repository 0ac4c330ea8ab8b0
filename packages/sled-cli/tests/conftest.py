"""A `sled` to call in-process, and the smallest codec, model and corpus it can work with."""

import io
import json
import math
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from sled_cli.main import main
from sled_codec import Codec, write_audio
from sled_infer import Voice
from sled_model import SledConfig, SledModel, Tokenizer

RATE = 16_000


@dataclass(frozen=True)
class Outcome:
    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def json(self) -> dict:
        lines = self.out.splitlines()
        assert len(lines) == 1, lines
        return json.loads(lines[0])


Sled = Callable[..., Outcome]


@pytest.fixture
def sled(capfdbinary, monkeypatch) -> Sled:
    """Run `sled` with these arguments in this process, stdout and stderr caught as bytes."""
    monkeypatch.delenv("SLED_MODEL", raising=False)

    def run(*arguments: object, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        return Outcome(code, captured.out, captured.err.decode())

    return run


def tone(seconds: float, rate: int = RATE) -> torch.Tensor:
    time = torch.arange(round(seconds * rate)) / rate
    return 0.3 * torch.sin(2 * math.pi * 220 * time) * torch.sin(2 * math.pi * 3 * time)


@pytest.fixture(scope="session")
def make_tone() -> Callable[..., torch.Tensor]:
    return tone


@pytest.fixture(scope="session")
def codec_folder(tmp_path_factory) -> Path:
    """An EnCodec of the right latents and frame rate, with few filters and random weights."""
    from transformers import EncodecConfig, EncodecModel

    folder = tmp_path_factory.mktemp("codec")
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        config = EncodecConfig(num_filters=2, num_lstm_layers=1, target_bandwidths=[6.0])
        model = EncodecModel(config)
        for name, value in model.named_buffers():
            if name.endswith("codebook.embed"):
                value.normal_()
        model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def codec(codec_folder) -> Codec:
    return Codec.from_pretrained(codec_folder)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory, codec_folder, codec) -> Path:
    """A model folder as training leaves it: config, weights, tokenizer; it knows no speech."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer = Tokenizer.train(["one two three", "hello there"] * 4, 265)
    tokenizer.save(folder)
    config = SledConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
        noise_channels=8,
        diffloss_d=1,
        diffloss_w=16,
        codec=str(codec_folder),
        codec_fingerprint=codec.fingerprint,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = SledModel(config)
        for value in model.parameters():
            if not value.any():  # the head begins at zero, and would say the same to everything
                torch.nn.init.normal_(value, std=0.5)
        model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def voiced_model(tmp_path_factory, model_folder, codec, recording) -> Path:
    """The same model with a card: it knows a few words and one speaker by name."""
    folder = tmp_path_factory.mktemp("voiced") / "model"
    shutil.copytree(model_folder, folder)
    (folder / "voices").mkdir()
    Voice.from_audio(recording, "one two", codec).save(folder / "voices" / "george.safetensors")
    card = {
        "name": "counter",
        "can_say": "one to four",
        "cannot_say": "anything else",
        "words": ["one", "two", "three", "four", "five"],
        "speakers": ["george"],
    }
    (folder / "voice.json").write_text(json.dumps(card))
    return folder


@pytest.fixture(scope="session")
def recording(tmp_path_factory) -> Path:
    """Two seconds of something that is not silence."""
    path = tmp_path_factory.mktemp("audio") / "prompt.flac"
    write_audio(path, tone(2.0), RATE)
    return path


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """Six short clips with transcripts, and a row whose file is missing."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = []
    for number in range(6):
        write_audio(folder / f"{number}.wav", tone(0.4 + 0.05 * number), RATE)
        rows.append(f"{number}.wav|someone|number {number}")
    rows.append("missing.wav|someone|never recorded")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="session")
def tiny_training(codec_folder) -> tuple[str, ...]:
    """Codec and sizes with which `sled train` takes a second on a few short clips."""
    values = (
        "model.hidden_size=16", "model.intermediate_size=32", "model.num_hidden_layers=1",
        "model.num_attention_heads=2", "model.noise_channels=8", "model.diffloss_d=1",
        "model.diffloss_w=16", "model.max_position_embeddings=256", "data.vocab_size=270",
        "data.batch_frames=150", "optim.warmup_steps=1", "run.log_every=1", "run.steps=2",
    )  # fmt: skip
    sets = (word for value in values for word in ("--set", value))
    return ("--codec", str(codec_folder), *sets)
