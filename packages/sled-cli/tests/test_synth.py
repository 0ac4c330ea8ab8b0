"""`sled synth`: what comes out, where it goes, and what is said about it."""

import io
import json
import os
import sys
import warnings

import pytest
import soundfile
import torch
from sled_cli._options import DEFAULT_MODEL
from sled_codec import read_audio
from sled_infer import embedded

SHORT = ("--max-seconds", "0.4")


@pytest.fixture
def speak(sled, model_folder, tmp_path, monkeypatch):
    """`sled synth` with the tiny model, in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **extra):
        return sled("synth", "--model", model_folder, *SHORT, *arguments, **extra)

    return run


def test_it_writes_the_file_it_was_given(speak, tmp_path):
    outcome = speak("one two", "-o", "out.wav")
    assert outcome.code == 0, outcome.err
    wave, rate = read_audio(tmp_path / "out.wav")
    assert rate == 24_000
    assert 0 < len(wave) <= 0.4 * rate
    assert outcome.raw == b""
    assert "out.wav: 0." in outcome.err
    assert "RTF" in outcome.err


@pytest.mark.parametrize(
    ("suffix", "found"), [("flac", "FLAC"), ("ogg", "OGG"), ("mp3", "MP3"), ("opus", "OGG")]
)
def test_the_suffix_chooses_the_format(speak, tmp_path, suffix, found):
    assert speak("one", "-o", f"out.{suffix}", "-q").code == 0
    assert soundfile.info(tmp_path / f"out.{suffix}").format == found


def test_without_a_name_it_takes_one_from_text_and_seed_and_says_so(speak, tmp_path):
    outcomes = [speak("One, two!", "--seed", "3") for _ in range(2)]
    names = ["one-two-seed3.wav", "one-two-seed3-2.wav"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    for outcome, name in zip(outcomes, names, strict=True):
        assert f"sled: {name}: " in outcome.err


def test_a_dash_puts_a_wav_and_nothing_else_on_stdout(speak, tmp_path):
    outcome = speak("one two", "-o", "-")
    assert outcome.code == 0, outcome.err
    wave, rate = soundfile.read(io.BytesIO(outcome.raw))
    assert rate == 24_000
    assert outcome.raw[:4] == b"RIFF"
    assert int.from_bytes(outcome.raw[4:8], "little") == len(outcome.raw) - 8
    assert len(wave) > 0
    assert list(tmp_path.iterdir()) == []


def test_with_audio_on_stdout_the_summary_goes_to_stderr(speak):
    outcome = speak("one", "-o", "-", "--json", "-q")
    assert outcome.raw[:4] == b"RIFF"
    assert json.loads(outcome.err)["path"] == "-"


def test_json_is_one_line_with_the_facts(speak, model_folder):
    facts = speak("one two", "-o", "out.wav", "--json", "--seed", "5").json
    assert facts["path"] == "out.wav"
    assert facts["seed"] == 5
    assert facts["model"] == str(model_folder)
    assert 0 < facts["seconds"] <= 0.4
    assert facts["rtf"] > 0
    assert facts["stopped"] in (True, False)
    assert len(facts["codec"]) == 12


def test_quiet_says_nothing(speak):
    outcome = speak("one", "-o", "out.wav", "--quiet")
    assert (outcome.code, outcome.raw, outcome.err) == (0, b"", "")


@pytest.mark.parametrize("source", ["argument", "stdin", "file"])
def test_the_same_words_from_any_source_are_the_same_audio(speak, tmp_path, source):
    (tmp_path / "text.txt").write_text("one two\n")
    given = {"argument": ("one two",), "stdin": ("-",), "file": ("--text-file", "text.txt")}
    expected = speak("one two", "-o", "-").raw
    assert speak(*given[source], "-o", "-", stdin=b"one two\n").raw == expected


def test_the_seed_decides(speak):
    first, again, other = (speak("one", "-o", "-", "--seed", seed).raw for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("dtype", ["bf16", "int8"])
def test_packed_weights_speak_too_on_as_many_threads_as_are_asked_for(speak, dtype):
    assert speak("one", "-o", "out.wav", "--dtype", dtype, "--threads", "1").code == 0


@pytest.mark.parametrize("mode", ["reference", "continuation"])
def test_a_prompt_changes_what_is_heard(speak, recording, mode):
    prompt = ("--prompt-audio", recording, "--prompt-text", "hello", "--prompt-mode", mode)
    outcome = speak("one two", "-o", "-", *prompt)
    assert outcome.code == 0, outcome.err
    assert outcome.raw[:4] == b"RIFF"
    assert outcome.raw != speak("one two", "-o", "-").raw


def test_a_saved_voice_is_the_prompt_it_was_made_of(speak, sled, recording, model_folder, tmp_path):
    exported = sled(
        "voice", "export", recording, "--text", "hello", "-o", "v.safetensors", "--model",
        model_folder, "--json",
    )  # fmt: skip
    assert exported.code == 0, exported.err
    assert exported.json["path"] == "v.safetensors"
    assert exported.json["seconds"] == pytest.approx(2.0, abs=0.02)
    direct = speak("one", "-o", "-", "--prompt-audio", recording, "--prompt-text", "hello")
    assert speak("one", "-o", "-", "--voice", "v.safetensors").raw == direct.raw


def test_the_model_can_come_from_the_environment(sled, model_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = sled("synth", "one", "-o", "-", "--model", model_folder, *SHORT).raw
    assert expected[:4] == b"RIFF"
    monkeypatch.setenv("SLED_MODEL", str(model_folder))
    assert sled("synth", "one", "-o", "-", *SHORT).raw == expected


def test_a_cut_off_end_is_told(speak):
    facts = speak("one two", "-o", "out.wav", "--json")
    if not facts.json["stopped"]:
        assert "did not come to an end" in facts.err
    else:
        pytest.fail("the tiny model is expected to run into --max-seconds; choose another seed")


def test_a_library_that_prints_does_not_reach_stdout(speak, monkeypatch):
    from sled_infer import Synthesizer

    silent = Synthesizer.synthesize_pieces

    def noisy(self, *given, **options):
        sys.stdout.write("chatter from Python\n")
        os.write(1, b"chatter from C\n")
        return silent(self, *given, **options)

    monkeypatch.setattr(Synthesizer, "synthesize_pieces", noisy)
    outcome = speak("one", "-o", "-", "-q")
    assert outcome.raw[:4] == b"RIFF"
    assert b"chatter" not in outcome.raw
    assert "chatter from Python" in outcome.err
    assert "chatter from C" in outcome.err


def test_a_foreign_warning_is_not_shown_unless_asked_for(speak, monkeypatch):
    from sled_infer import Synthesizer

    silent = Synthesizer.synthesize_pieces

    def noisy(self, *given, **options):
        warnings.warn("old habits", FutureWarning, stacklevel=1)
        return silent(self, *given, **options)

    monkeypatch.setattr(Synthesizer, "synthesize_pieces", noisy)
    with warnings.catch_warnings(record=True) as shown:
        speak("one", "-o", "out.wav")
    assert shown == []
    with pytest.warns(FutureWarning, match="old habits"):
        speak("one", "-o", "out.wav", "-v")


def test_the_written_wave_is_what_was_spoken(speak, model_folder, tmp_path):
    from sled_infer import Synthesizer

    speak("one two", "-o", "out.wav", "--cfg", "1.5")
    speech = Synthesizer.from_pretrained(model_folder).synthesize(
        "one two", cfg=1.5, seed=0, max_seconds=0.4
    )
    wave, _ = read_audio(tmp_path / "out.wav")
    torch.testing.assert_close(wave, speech.wave.clamp(-1, 1), atol=2e-4, rtol=0)


def test_a_model_with_a_card_says_who_speaks_and_what_it_can_say(sled, voiced_model, tmp_path):
    target = tmp_path / "out.wav"
    outcome = sled("synth", "one elephant", "-m", voiced_model, "-o", target, *SHORT, "--json")
    assert outcome.code == 0, outcome.err
    first = outcome.err.splitlines()[0]
    assert first.startswith("sled: ")
    assert "it says one to four; it cannot say anything else" in first
    assert outcome.json["left_out"] == ["elephant"]
    assert "elephant" in outcome.err


def test_a_long_text_is_read_to_its_end_in_pieces(sled, model_folder, tmp_path):
    text = "One two three. Hello there, one two. Three.\n\nHello one two three there. " * 2
    (tmp_path / "book.txt").write_text(text)
    arguments = ("-m", model_folder, "-o", tmp_path / "o.wav", "--json")
    facts = sled("synth", "--text-file", tmp_path / "book.txt", *arguments).json
    assert facts["text"] == " ".join(text.split())
    assert facts["pieces"] > 3
    assert len(read_audio(tmp_path / "o.wav")[0]) == pytest.approx(24_000 * facts["seconds"])
    assert sled("synth", "One two. Three one.", *arguments).json["pieces"] == 1
    two = "Hello there, one two three. Three one."
    assert sled("synth", two, "--sentences", *arguments).json["pieces"] > 1


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), "12 & 3"),
        (("--normalise", "none"), "12 & 3"),
        (("--normalise", "en"), "twelve and three"),
        (("--normalise", "digits", "--stream", "--interleave", "all"), "one two & three"),
        (("--normalise", "en", "--stream", "--interleave", "all"), "twelve and three"),
    ],
)
def test_numbers_are_put_into_words_where_that_is_asked_for(speak, options, text):
    assert speak("12 & 3", *options, "-o", "out.wav", "--json").json["text"] == text


def test_a_card_says_how_numbers_are_put_into_words(sled, voiced_model, tmp_path):
    arguments = ("-m", voiced_model, "-o", tmp_path / "o.wav", *SHORT, "--json")
    assert sled("synth", "12 & 3", *arguments).json["text"] == "one two three"


def test_a_speaker_is_called_by_name(sled, voiced_model):
    def spoken(*voice):
        return sled("synth", "one", "-m", voiced_model, "-o", "-", "-q", *SHORT, *voice).raw

    assert spoken("--voice", "george") != spoken()
    refused = sled("synth", "one", "-m", voiced_model, "-o", "-", "--voice", "nobody")
    assert refused.code == 2
    assert "this model's speakers are george; give a voice file" in refused.err


def test_a_speaker_of_another_embedded_voice_is_told_where(sled, voiced_model):
    refused = sled("synth", "one", "-m", voiced_model, "-o", "-", "--voice", "theo")
    assert refused.code == 2
    assert "--voice theo: this model's speakers are george; try --model digits" in refused.err


def test_the_model_that_speaks_if_none_is_named_is_that_of_the_package():
    assert DEFAULT_MODEL == embedded.DEFAULT
