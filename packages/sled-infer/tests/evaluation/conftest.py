"""A test set of tones, and judges that need no environment of their own."""

import sys
from pathlib import Path

import pytest
import torch
from sled_codec import write_audio
from sled_infer import Synthesizer
from sled_infer.evaluation import Judge, read_clips
from sled_model import SledConfig, SledModel, Tokenizer

FAKE = Path(__file__).parent / "fake_judge.py"
RATE = 16_000

# Does what uv does to a judge's script, in the environment of the tests.
UV = """#!/bin/sh
while [ "$1" != --script ]; do shift; done
shift
case "$1" in
  */read_words.py) exec "{python}" "{fake}" words "{log}" ;;
  *) exec "{python}" "$@" ;;
esac
"""


@pytest.fixture
def judge_log(tmp_path):
    """One line for each question that a judge was asked."""
    return tmp_path / "asked.log"


@pytest.fixture
def judges(tmp_path, judge_log, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    uv = programs / "uv"
    uv.write_text(UV.format(python=sys.executable, fake=FAKE, log=judge_log))
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    return [
        Judge(f"fake-{kind}", f"Fake {kind}", kind, FAKE, (kind, str(judge_log)))
        for kind in ("text", "speaker", "quality")
    ]


def tone(seconds, loudness=0.5):
    time = torch.arange(round(seconds * RATE)) / RATE
    return loudness * torch.sin(2 * torch.pi * 220 * time)


@pytest.fixture
def test_set(tmp_path):
    """Two speakers of two clips each; one clip is too quiet to be understood."""
    folder = tmp_path / "speech"
    folder.mkdir()
    rows = [("a1", "ann", 0.5), ("a2", "ann", 0.01), ("b1", "bob", 0.5), ("b2", "bob", 0.5)]
    for number, (name, _, loudness) in enumerate(rows):
        write_audio(folder / f"{name}.wav", tone(0.6 + 0.1 * number, loudness), RATE)
    lines = [f"{name}.wav|{speaker}|one two three" for name, speaker, _ in rows]
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def clips(test_set):
    return read_clips(test_set, seconds=(0, 10))


@pytest.fixture
def make_long(tmp_path):
    """A test set of one clip of so many seconds."""

    def make(seconds):
        folder = tmp_path / "long"
        folder.mkdir()
        write_audio(folder / "long.wav", tone(seconds), RATE)
        (folder / "metadata.csv").write_text("long.wav|ann|one two three\n")
        return folder

    return make


@pytest.fixture(scope="session")
def speaker(codec):
    """A tiny random model that never stops, with room for a prompt of 3 s."""
    tokenizer = Tokenizer.train(["one two three"], 280)
    config = SledConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=400,
        vae_embed_dim=codec.latent_size,
        noise_channels=8,
        diffloss_d=1,
        diffloss_w=16,
        codec_fingerprint=codec.fingerprint,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = SledModel(config)
        for value in model.parameters():
            if not value.any():  # the head begins at zero, and would say the same to everything
                torch.nn.init.normal_(value, std=0.5)
    torch.nn.init.zeros_(model.stop.weight)
    return Synthesizer(model, codec, tokenizer)
