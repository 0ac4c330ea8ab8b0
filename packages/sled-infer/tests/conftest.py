"""A tiny random codec, model and tokenizer, all that a synthesizer needs."""

import os
from pathlib import Path

import pytest
import torch
from sled_codec import Codec, CodecConfig, write_audio
from sled_infer import Engine, Synthesizer, Voice, embedded, normalise
from sled_infer._dictation import LEXICON_NAME
from sled_infer._lexicon import Lexicon
from sled_infer._normalise import make_normaliser
from sled_model import SledConfig, SledModel, Tokenizer

TEXTS = ["three one four one five", "nine two six five three five", "eight nine seven"]


def randomised(module, seed):
    """Fill every parameter, those that start at zero included."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            fan = parameter.shape[-1] if parameter.dim() > 1 else 64
            noise = torch.randn(parameter.shape, generator=generator) / fan**0.5
            parameter.copy_(noise + (parameter.dim() == 1))
    return module


@pytest.fixture(scope="session")
def codec_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("codec")
    make_codec(seed=1).save_pretrained(folder)
    return folder


def make_codec(seed):
    config = CodecConfig(dimension=16, n_filters=2, lstm_layers=1, codebook_size=32, n_codebooks=4)
    return Codec.from_random(config, seed=seed)


@pytest.fixture(scope="session")
def codec(codec_folder):
    return Codec.from_pretrained(codec_folder)


@pytest.fixture(scope="session")
def other_codec():
    return make_codec(seed=2)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory, codec):
    """The folder of a random model that never stops by itself."""
    folder = tmp_path_factory.mktemp("model")
    config = SledConfig(
        vocab_size=320,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=480,
        vae_embed_dim=16,
        noise_channels=8,
        diffloss_d=2,
        diffloss_w=32,
        codec_fingerprint=codec.fingerprint,
    )
    model = randomised(SledModel(config), seed=3)
    torch.nn.init.zeros_(model.stop.weight)
    model.save_pretrained(folder)
    Tokenizer.train(TEXTS, 320).save(folder)
    return folder


@pytest.fixture(scope="session")
def synthesizer(model_folder, codec):
    return Synthesizer.from_pretrained(model_folder, codec=codec, device="cpu")


@pytest.fixture(scope="session")
def streaming(model_folder, codec):
    """A synthesizer trained, says its config, on 2 tokens every 6 frames; it stops now and then."""
    model = SledModel.from_pretrained(model_folder)
    model.config.stream_n, model.config.stream_m = 2, 6
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        model.stop.weight.copy_(torch.randn(model.stop.weight.shape, generator=generator))
    return Synthesizer(model, codec, Tokenizer.from_pretrained(model_folder))


@pytest.fixture
def endless(streaming, monkeypatch):
    """The same synthesizer, but the model never stops."""
    monkeypatch.setattr(streaming.model, "stop_logits", lambda z: z.new_full(z.shape[:-1], -9.0))
    return streaming


@pytest.fixture
def stopping(streaming, monkeypatch):
    """The same synthesizer, but the model always stops."""
    monkeypatch.setattr(streaming.model, "stop_logits", lambda z: z.new_full(z.shape[:-1], 9.0))
    return streaming


@pytest.fixture(scope="session")
def recorded(codec) -> Voice:
    codes = torch.randint(0, 32, (14, 4), generator=torch.Generator().manual_seed(0))
    return Voice(codes, "one two", "reference", codec.fingerprint)


@pytest.fixture(params=[False, True], ids=["plain", "static"])
def either_way(request, monkeypatch, streaming):
    """Decode as engines do by themselves on a CPU, then as on a GPU (without its graphs)."""
    monkeypatch.setattr("sled_infer._engine.prefers_static", lambda _: request.param)
    monkeypatch.setattr("sled_model._static._FEWEST_POSITIONS", 4)
    monkeypatch.setattr(streaming, "engine", Engine(streaming.model))


@pytest.fixture(scope="session")
def lexicon():
    """The one that is shipped with the English voice."""
    return Lexicon.read(embedded.folder("english") / LEXICON_NAME)


@pytest.fixture
def recording(tmp_path):
    """One second of something audible, at a rate that is not the codec's."""
    path = tmp_path / "prompt.wav"
    time = torch.arange(16_000) / 16_000
    write_audio(path, 0.3 * torch.sin(2 * torch.pi * 220 * time), 16_000)
    return path


@pytest.fixture
def voice(recording, codec) -> Voice:
    return Voice.from_audio(recording, "one two", codec)


@pytest.fixture(scope="session")
def parity_folder():
    """The golden numbers, from SLED_PARITY_DIR or from the copy in sled-model's tests."""
    packages = Path(__file__).parents[2]
    places = [os.environ.get("SLED_PARITY_DIR"), packages / "sled-model" / "tests" / "parity"]
    for place in places:
        if place and (Path(place) / "offline" / "config.json").is_file():
            return Path(place)
    pytest.skip("no golden numbers: set SLED_PARITY_DIR to their folder")


@pytest.fixture(scope="session")
def check_reading():
    """Check how a text is read: whole, letter by letter, and with words around it."""

    def check(written, spoken):
        assert normalise(written) == spoken
        words = make_normaliser("en")
        heard = [words.push(letter, whole_words=False) for letter in written]
        heard.append(words.push("", whole_words=False, final=True))
        assert " ".join(filter(None, heard)) == spoken
        if not (written.endswith(".") or written.startswith(">")):
            assert normalise(f"So: {written}, they said") == f"So: {spoken}, they said"

    return check
