"""Voices: made of recordings, saved and loaded, refused where they cannot work."""

import json
import struct
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from sled_codec import CodecError, write_audio
from sled_infer import SynthesisError, Voice

RATE = 16_000


def tone(seconds, rate=RATE):
    time = torch.arange(round(seconds * rate)) / rate
    return 0.3 * torch.sin(2 * torch.pi * 220 * time)


def test_a_reference_is_the_whole_recording(recording, codec):
    voice = Voice.from_audio(recording, "one  two", codec)
    assert voice.codes.shape == (75, codec.config.n_codebooks)
    assert voice.transcript == "one two"
    assert voice.codec_fingerprint == codec.fingerprint


def test_a_continuation_takes_the_first_three_seconds(codec):
    wave = torch.cat((tone(3), torch.zeros(RATE)))
    voice = Voice.from_wave(wave, RATE, "one two", codec, mode="continuation")
    assert (len(voice.codes), voice.recorded_frames) == (225, 300)
    assert torch.equal(voice.codes, Voice.from_wave(tone(3), RATE, "one", codec).codes)


def test_a_recording_shorter_than_the_prefix_is_taken_whole(codec):
    voice = Voice.from_wave(tone(1), RATE, "one", codec, mode="continuation")
    assert (len(voice.codes), voice.recorded_frames) == (75, 0)


@pytest.mark.parametrize("mode", ["reference", "continuation"])
def test_saved_and_loaded_is_as_before(tmp_path, codec, mode):
    voice = Voice.from_wave(tone(1), RATE, "één „zwei“ 三", codec, mode=mode)
    voice.save(tmp_path / "v.safetensors")
    loaded = Voice.load(tmp_path / "v.safetensors", codec)
    assert torch.equal(loaded.codes, voice.codes)
    assert (loaded.transcript, loaded.mode) == (voice.transcript, mode)
    assert loaded.codec_fingerprint == codec.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["v.safetensors"]


def test_a_dictation_is_kept_with_the_prompt(tmp_path, voice):
    replace(voice, dictation="wˌʌʌnn__tuuuu.", recorded_frames=80).save(tmp_path / "v.safetensors")
    loaded = Voice.load(tmp_path / "v.safetensors")
    assert (loaded.dictation, loaded.recorded_frames) == ("wˌʌʌnn__tuuuu.", 80)
    assert (voice.dictation, voice.recorded_frames) == ("", 0)


def test_another_codec_refuses_the_voice(tmp_path, voice, other_codec):
    voice.save(tmp_path / "v.safetensors")
    with pytest.raises(SynthesisError, match=r"v\.safetensors: made with another codec"):
        Voice.load(tmp_path / "v.safetensors", other_codec)


def test_texts_of_a_reference_follow_its_transcript(voice):
    assert voice.full_text("three") == "one two three"
    assert voice.full_text("one two three") == "one two one two three"


def test_a_continuation_goes_on_where_the_prefix_ends(codec):
    voice = Voice.from_wave(tone(1), RATE, "One two", codec, mode="continuation")
    assert voice.full_text("") == "One two"
    assert voice.full_text("three") == "One two three"
    assert voice.full_text("one two three") == "one two three"
    assert voice.full_text("one twofold") == "One two one twofold"


@pytest.mark.parametrize(
    ("wave", "transcript", "reason"),
    [
        (tone(1), None, "needs its transcript"),
        (tone(1), "  ", "transcript is empty"),
        (tone(1), "...", "nothing speakable"),
        (tone(0.1), "one", "too short"),
        (torch.empty(0), "one", "too short"),
        (torch.zeros(RATE), "one", "silence"),
        (torch.full((RATE,), 1e-5), "one", "silence"),
        (torch.zeros(RATE, dtype=torch.int16), "one", "silence"),
    ],
)
def test_useless_prompts_are_refused(codec, wave, transcript, reason):
    with pytest.raises(SynthesisError, match=reason):
        Voice.from_wave(wave, RATE, transcript, codec)


def test_silence_before_speech_makes_no_prefix(codec):
    wave = torch.cat((torch.zeros(4 * RATE), tone(1)))
    with pytest.raises(SynthesisError, match="silence"):
        Voice.from_wave(wave, RATE, "one", codec, mode="continuation")


def test_nan_is_refused(tmp_path, codec):
    with pytest.raises((CodecError, SynthesisError), match="NaN"):
        Voice.from_wave(torch.full((RATE,), torch.nan), RATE, "one", codec)


def test_stereo_and_integers_are_taken(codec):
    integers = (tone(1) * 32767).to(torch.int16)
    stereo = Voice.from_wave(torch.stack((integers, integers)), RATE, "one", codec)
    assert stereo.codes.shape == Voice.from_wave(tone(1), RATE, "one", codec).codes.shape


@pytest.mark.parametrize("content", [None, b"", b"no audio at all"])
def test_missing_and_unreadable_audio_is_named(tmp_path, codec, content):
    path = tmp_path / "prompt.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CodecError, match=r"prompt\.wav"):
        Voice.from_audio(path, "one", codec)


def test_options_out_of_range_are_refused(codec):
    with pytest.raises(SynthesisError, match="mode 'copy'"):
        Voice.from_wave(tone(1), RATE, "one", codec, mode="copy")
    for seconds in (0.1, float("nan"), -3):
        with pytest.raises(SynthesisError, match="prefix"):
            Voice.from_wave(
                tone(1), RATE, "one", codec, mode="continuation", prefix_seconds=seconds
            )


def test_damaged_and_foreign_files_are_no_voices(tmp_path, voice):
    good = tmp_path / "good.safetensors"
    voice.save(good)
    path = tmp_path / "bad.safetensors"
    with pytest.raises(SynthesisError, match="no such voice"):
        Voice.load(path)
    for content in (b"", b"hello", good.read_bytes()[:-9]):
        path.write_bytes(content)
        with pytest.raises(SynthesisError, match="damaged"):
            Voice.load(path)
    save_file({"codes": load_file(good)["codes"]}, path)
    with pytest.raises(SynthesisError, match="not a voice"):
        Voice.load(path)


@pytest.mark.parametrize(
    "damage",
    [
        {"codec_fingerprint": None},
        {"transcript": None},
        {"format": "sled-voice-0"},
        {"recorded_frames": "x"},
        {"recorded_frames": "-5"},
        {"recorded_frames": "9" * 5000},
    ],
)
def test_a_voice_with_a_wrong_header_is_none(tmp_path, voice, damage):
    path = tmp_path / "v.safetensors"
    voice.save(path)
    with safe_open(path, framework="pt") as file:
        header = {**file.metadata(), **damage}
    whole = {key: value for key, value in header.items() if value is not None}
    save_file(load_file(path), path, whole)
    with pytest.raises(SynthesisError, match=r"v\.safetensors: not a voice"):
        Voice.load(path)


@pytest.mark.parametrize("codes", [torch.full((3, 8), 0.5), torch.zeros(0, 8), torch.zeros(8)])
def test_what_are_no_codes_make_no_voice(tmp_path, voice, codes):
    path = tmp_path / "v.safetensors"
    voice.save(path)
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
    save_file({"codes": codes}, path, header)
    with pytest.raises(SynthesisError, match=r"v\.safetensors: not a voice"):
        Voice.load(path)


def test_the_file_says_what_it_is(tmp_path, voice):
    """Sixteen bytes a frame of eight codes, and a header anyone can read."""
    path = tmp_path / "v.safetensors"
    voice.save(path)
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    metadata = json.loads(content[8 : 8 + size])["__metadata__"]
    assert metadata["transcript"] == "one two"
    assert metadata["format"] == "sled-voice-1"
    assert len(content) - 8 - size == voice.codes.numel() * 2


def test_a_failed_save_leaves_nothing(tmp_path, voice):
    with pytest.raises(OSError, match="no such folder"):
        voice.save(tmp_path / "nowhere" / "v.safetensors")
    assert list(tmp_path.glob("**/*.safetensors")) == []


def test_an_audio_file_at_another_rate_gives_the_same_length(tmp_path, codec):
    path = tmp_path / "p.flac"
    write_audio(path, tone(1, 44_100), 44_100)
    assert len(Voice.from_audio(path, "one", codec).codes) == 75
