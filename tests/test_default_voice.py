"""The voice in the box, end to end: whoever names no model hears English, by every way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from sled_cli.main import main
from sled_codec import read_audio
from sled_infer import Synthesizer

TEXT = "The owl, at $3, was gone by 9:30."
WORDS = "The owl, at three dollars, was gone by nine thirty."
RECORDING = Path(__file__).parent / "data" / "LJ001-0002.flac"
SAID_THERE = "in being comparatively modern."


@pytest.fixture
def sled(capfdbinary, monkeypatch, tmp_path):
    """`sled` in this process, in an empty folder, with no model named anywhere."""
    monkeypatch.delenv("SLED_MODEL", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capfdbinary.readouterr()
        code = main(list(arguments))
        out, err = capfdbinary.readouterr()
        assert code == 0, err.decode()
        return out, err.decode()

    return run


@pytest.fixture(scope="module")
def speech():
    return Synthesizer.from_pretrained().synthesize(TEXT, seed=2)


def close(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=1e-3)  # 16 bits, and the order of sums


def test_from_python_it_says_any_words(speech):
    assert (speech.text, speech.unsupported, speech.stopped) == (WORDS, (), True)
    assert 1.5 < speech.audio_seconds < 6
    assert speech.wave.square().mean().sqrt() > 0.01


def test_from_the_command_line_it_says_the_same_and_who_speaks(sled, speech, tmp_path):
    out, err = sled("synth", TEXT, "-o", "out.wav", "--seed", "2", "--json")
    facts = json.loads(out)
    assert (facts["model"], facts["text"], facts["left_out"]) == ("english", WORDS, [])
    assert "voice 'english'" in err
    assert "any English text" in err
    close(read_audio(tmp_path / "out.wav")[0], speech.wave)


def test_a_pipe_that_brings_the_text_in_pieces_carries_the_same_away(speech):
    with subprocess.Popen(
        [sys.executable, "-m", "sled_cli", "synth", "--stream", "-o", "-", "--format", "pcm", "-q",
         "--seed", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "SLED_MODEL"},
    ) as process:  # fmt: skip
        for piece in (TEXT[:7], TEXT[7:11], TEXT[11:]):
            process.stdin.write(piece.encode())
            process.stdin.flush()
        out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    close(torch.frombuffer(bytearray(out), dtype=torch.int16) / 32_767, speech.wave)


def test_it_speaks_in_the_voice_of_a_recording_as_of_a_voice_file(sled, tmp_path):
    of = ("--prompt-audio", str(RECORDING), "--prompt-text", SAID_THERE)
    sled("synth", "It was late.", "-o", "cloned.wav", *of)
    sled("voice", "export", str(RECORDING), "--text", SAID_THERE, "-o", "reader.safetensors")
    sled("synth", "It was late.", "-o", "again.wav", "--voice", "reader.safetensors")
    sled("synth", "It was late.", "-o", "own.wav")
    cloned, again, own = (read_audio(tmp_path / f"{name}.wav")[0]
                          for name in ("cloned", "again", "own"))  # fmt: skip
    close(cloned, again)
    assert len(own) > 12_000
    size = min(len(cloned), len(own))
    assert not torch.equal(cloned[:size], own[:size])


@pytest.mark.slow
def test_a_long_text_that_was_broken_off_goes_on(sled, monkeypatch, tmp_path):
    text = "It was late. Nobody had come, for it rained. So the two of them went home."
    arguments = ("synth", text, "--sentences", "-q", "-o")
    sled(*arguments, "whole.wav")
    kept = Synthesizer.synthesize_pieces

    def one_piece(self, request, **options):
        spoken = kept(self, request, **options)
        spoken._spoken = _broken_off(spoken._spoken)
        return spoken

    with monkeypatch.context() as patched:
        patched.setattr(Synthesizer, "synthesize_pieces", one_piece)
        assert main([*arguments, "out.wav"]) == 130
    assert (tmp_path / "out.part.wav").exists()
    sled(*arguments, "out.wav")
    assert not (tmp_path / "out.part.wav").exists()
    close(read_audio(tmp_path / "out.wav")[0], read_audio(tmp_path / "whole.wav")[0])


def _broken_off(spoken):
    yield next(spoken)
    raise KeyboardInterrupt
