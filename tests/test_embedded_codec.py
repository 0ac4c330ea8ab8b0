"""The scripts that train and export the embedded codec, each for some seconds."""

import json

import numpy as np
import pytest
import torch
from sled_codec import Codec

SOURCES = ("teacher", "ljspeech", "librispeech", "digits")
SECONDS, RATE = 4, 24_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated"),  # by encodec's layers
]


@pytest.fixture(scope="module")
def run(run_script, embedded_tools):
    return lambda script, *options: run_script(embedded_tools / script, *options)


@pytest.fixture(scope="module")
def audio(tmp_path_factory):
    """Return a folder as `prepare_audio.py` and `measure_pitch.py` leave it: gliding tones."""
    folder = tmp_path_factory.mktemp("audio")
    times = np.arange(SECONDS * RATE) / RATE
    for number, name in enumerate(
        f"{source}{end}" for source in SOURCES for end in ("", "-held-out")
    ):
        pitch = 100 + 15 * number + 20 * np.sin(times)
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        wave = sum(np.sin(k * phase) / k for k in range(1, 20)) * 0.1
        np.save(folder / f"{name}.npy", (wave * 32767).astype(np.int16))
        clip = {"name": name, "speaker": "tone", "text": "", "start": 0, "length": len(wave)}
        (folder / f"{name}.json").write_text(json.dumps([clip]))
        np.save(folder / f"{name}-pitch.npy", pitch[159::160].astype(np.float32))
    return folder


@pytest.fixture(scope="module")
def encoder(audio, tmp_path_factory, run):
    """Return the checkpoint of an encoder trained for two seconds, codebooks and all."""
    folder = tmp_path_factory.mktemp("encoder")
    run("train_encoder.py", "--audio", audio, "--out", folder, "--minutes", 0.03, "--pool", 10)
    return folder / "last.pt"


def test_a_decoder_is_trained_resumed_and_exported_over_unchanged_latents(
    audio, encoder, tmp_path, run
):
    before, decoder, after = (tmp_path / name for name in ("before", "decoder", "after"))
    run("export_codec.py", "--encoder", encoder, "--out", before)
    training = ("train_decoder.py", "--audio", audio, "--codec", before, "--out", decoder)
    run(*training, "--minutes", 0.02)
    first = torch.load(decoder / "last.pt", weights_only=False)["step"]
    run(*training, "--minutes", 0.1)
    assert torch.load(decoder / "last.pt", weights_only=False)["step"] > first
    both = ("--encoder", encoder, "--decoder", decoder / "last.pt")
    run("export_codec.py", *both, "--out", after)
    codec = Codec.from_pretrained(after)
    assert codec.fingerprint == Codec.from_pretrained(before).fingerprint
    assert codec.fingerprint != Codec.from_pretrained().fingerprint
    wave = torch.from_numpy(np.load(audio / "teacher.npy")[:RATE]).float() / 32768
    assert len(codec.decode(codec.latents(codec.encode(wave, RATE)))) == RATE
