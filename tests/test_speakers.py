"""Speakers of the English voice by name on the command line, the same whole and streamed."""

import pytest
import torch
from sled_cli.main import main
from sled_codec import read_audio

TEXT = "Good morning. And good evening."


@pytest.fixture
def speak(monkeypatch, tmp_path):
    """The wave of `sled synth` in this process."""
    monkeypatch.delenv("SLED_MODEL", raising=False)
    monkeypatch.chdir(tmp_path)

    def speak(*arguments):
        assert main(["synth", TEXT, *arguments, "-o", "out.wav", "--quiet"]) == 0
        return read_audio(tmp_path / "out.wav")[0]

    return speak


def test_a_speaker_is_the_same_whole_and_streamed(speak):
    whole = speak("--model", "english", "--voice", "michael")
    streamed = speak("--voice", "michael", "--stream")
    torch.testing.assert_close(streamed, whole, rtol=0, atol=1e-3)


def test_who_speaks_if_nobody_is_asked_for_can_be_named(speak):
    torch.testing.assert_close(speak(), speak("--voice", "heart"), rtol=0, atol=1e-3)


def test_an_unknown_speaker_is_refused_with_the_known_ones(speak, capsys):
    with pytest.raises(AssertionError):
        speak("--voice", "theodora")
    assert "heart, michael, fenrir, puck, bella" in capsys.readouterr().err
