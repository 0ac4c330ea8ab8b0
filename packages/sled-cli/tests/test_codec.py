"""`sled codec`: what it writes is what the codec gives, one file or many."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from sled_codec import read_audio, write_audio


@pytest.fixture
def coder(sled, codec_folder, tmp_path, monkeypatch):
    """`sled codec …` with the tiny codec, in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        outcome = sled("codec", *arguments, "--codec", codec_folder)
        assert outcome.code == 0, outcome.err
        return outcome

    return run


def test_encode_writes_the_codes_and_whose_they_are(coder, codec, recording, tmp_path):
    coder("encode", recording, "-o", "codes.safetensors")
    codes = load_file("codes.safetensors")["codes"]
    assert codes.dtype == torch.int16
    assert torch.equal(codes.long(), codec.encode(*read_audio(recording)))
    with safe_open("codes.safetensors", framework="pt") as file:
        assert file.metadata()["codec_fingerprint"] == codec.fingerprint


def test_encode_can_write_latents(coder, codec, recording):
    coder("encode", recording, "-o", "latents.safetensors", "--latents")
    latents = load_file("latents.safetensors")["latents"]
    assert torch.equal(latents, codec.latents(codec.encode(*read_audio(recording))))


@pytest.mark.parametrize("kind", [(), ("--latents",)])
def test_encode_then_decode_is_a_round_trip(coder, recording, kind):
    coder("encode", recording, "-o", "frames.safetensors", *kind)
    coder("decode", "frames.safetensors", "-o", "decoded.wav")
    coder("roundtrip", recording, "-o", "direct.wav")
    decoded, rate = read_audio("decoded.wav")
    direct, _ = read_audio("direct.wav")
    assert rate == 24_000
    assert torch.equal(decoded, direct)


def test_many_files_go_into_a_folder(coder, make_tone, tmp_path):
    for name in ("a", "b"):
        write_audio(f"{name}.flac", make_tone(0.5), 16_000)
    (tmp_path / "out").mkdir()
    outcome = coder("roundtrip", "a.flac", "b.flac", "-o", "out", "--json")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.wav", "b.wav"]
    facts = [json.loads(line) for line in outcome.out.splitlines()]
    assert [fact["source"] for fact in facts] == ["a.flac", "b.flac"]
    assert all(fact["seconds"] == pytest.approx(0.5, abs=0.02) for fact in facts)


def test_decode_to_stdout_is_a_wav_alone(coder, recording):
    coder("encode", recording, "-o", "codes.safetensors")
    coder("decode", "codes.safetensors", "-o", "file.wav")
    outcome = coder("decode", "codes.safetensors", "-o", "-", "--quiet")
    assert outcome.raw == Path("file.wav").read_bytes()
    assert outcome.err == ""
