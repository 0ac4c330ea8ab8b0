"""The scripts that make the English voice of a teacher's clips, from these to a voice folder."""

# ruff: noqa: RUF001 - phonetic letters are meant

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file, save_file
from sled_infer import Synthesizer, embedded
from sled_train.data import Store

SENTENCES = {"Come in.": "kˈʌm ˈɪn.", "It is late.": "ɪt ɪz lˈAt.", "Good night.": "ɡˈʊd nˈIt."}
UNIT, RATE, STEP, HERTZ = 600, 24_000, 160, 200.0

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def script(run_script, embedded_tools):
    return lambda name, *options: run_script(embedded_tools / f"{name}.py", *options)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, embedded_tools):
    """Return a folder as `teacher_corpus.py` leaves it, but of tones: clips and five prompts."""
    from teacher_text import MAIN_VOICE, OTHER_VOICES, PROMPT, is_dev

    folder = tmp_path_factory.mktemp("teacher")
    names = [f"day{number}" for number in range(60) if number < 6 or is_dev(f"day{number}")]
    voices = (MAIN_VOICE, *OTHER_VOICES)
    clips = [(f"{name}_{voice}", voice) for name, voice in zip(names, voices * 2, strict=False)]
    clips += [(PROMPT + voice, voice) for voice in voices]
    for number, (clip, voice) in enumerate(clips):
        text, phonemes = [*SENTENCES.items()][number % len(SENTENCES)]
        units = [12, *(2 + (number + place) % 3 for place in range(len(phonemes))), 9]
        wave = 0.3 * np.sin(2 * np.pi * HERTZ * np.arange(sum(units) * UNIT) / RATE)
        soundfile.write(folder / f"{clip}.flac", wave, RATE)
        about = {"clip": clip, "voice": voice, "text": text, "phonemes": phonemes, "units": units}
        (folder / f"{clip}.json").write_text(json.dumps(about))
    return folder


@pytest.fixture(scope="module")
def audio(tmp_path_factory, corpus):
    """Return what `prepare_audio.py` and `measure_pitch.py` make of the clips."""
    from prepare_audio import prepare, teacher_clips

    folder = tmp_path_factory.mktemp("audio")
    for name, clips in zip(("teacher", "teacher-held-out"), teacher_clips(corpus), strict=True):
        seconds = prepare(clips, corpus, folder, name)
        pitch = np.full(int(seconds * RATE) // STEP, HERTZ, np.float32)
        np.save(folder / f"{name}-pitch.npy", pitch)
    return folder


@pytest.fixture(scope="module")
def clips(corpus, audio):
    """Return the options that say where the clips and their pitch are."""
    return ("--corpus", corpus, "--audio", audio)


@pytest.fixture(scope="module")
def english(tmp_path_factory, corpus, clips, script):
    folder = tmp_path_factory.mktemp("english")
    script("make_english", "--corpus", corpus, "--out", folder)
    script("encode_english", *clips, "--codec", "embedded", "--english", folder)
    return folder


@pytest.fixture(scope="module")
def durations(tmp_path_factory, corpus, script):
    path = tmp_path_factory.mktemp("durations") / "durations.safetensors"
    script("train_durations", "--corpus", corpus, "--out", path, "--steps", 100)
    return path


def test_a_voice_is_made_of_clips_and_speaks(tmp_path, clips, english, durations, script):
    from corpus import HERE

    tokenizer = f"data.tokenizer={english / 'tokenizer'}"
    training = (sys.executable, "-m", "sled_cli", "train", "streaming")
    options = ("--recipe", HERE / "english.yaml", "--set", tokenizer, "--set", "run.steps=2")
    folders = (english / "codes" / "train", "--out", tmp_path / "run")
    subprocess.run([*training, *map(str, (*folders, *options))], check=True)
    shutil.copytree(embedded.folder("english"), tmp_path / "voice")
    options = ("--model", tmp_path / "run" / "final", "--durations", durations)
    script("export_english", *options, *clips, "--out", tmp_path / "voice")
    voice = Synthesizer.from_pretrained(tmp_path / "voice")
    assert voice.card is not None
    assert voice.card.speakers == ("heart", "michael", "fenrir", "puck", "bella")
    speech = voice.synthesize("Come in.", voice=voice.card.speaker("puck"))
    assert speech.stopped
    assert 0.3 < len(speech.wave) / speech.sample_rate < 3


def test_clips_begin_as_long_before_their_first_sound_as_the_text_is_ahead(corpus, english):
    from make_english import LEAD, TURN_FRAMES

    store = Store(english / "codes" / "train")
    for clip in range(len(store)):
        dictation = store.row(clip).text
        assert len(store.codes(clip)) == (LEAD + len(dictation)) * TURN_FRAMES


def test_other_forms_of_the_clips_are_what_they_say(corpus, english, script):
    from make_english import LEAD, TURN_FRAMES

    script("english_variants", "--corpus", corpus, "--english", english)
    dictated, one, written, sounds = (
        Store(english / f"codes{end}" / "train") for end in ("", "-one", "-written", "-sounds")
    )
    assert 0 < len(one) < len(dictated) == len(written) == len(sounds)
    assert {one.row(clip).speaker for clip in range(len(one))} == {"af_heart"}
    for clip in range(len(written)):
        assert SENTENCES[written.row(clip).text] == sounds.row(clip).text
        assert (written.codes(clip) == dictated.codes(clip)[LEAD * TURN_FRAMES :]).all()


def listed(english):
    """Name the files of both parts."""
    parts = (english / part / "metadata.csv" for part in ("train", "dev"))
    return {line.split("|")[0] for part in parts for line in part.read_text().splitlines()}


def test_a_clip_that_was_misheard_is_left_out(tmp_path, corpus, script):
    clips = sorted(corpus.glob("day*.flac"))
    heard = [{"clip": clip.stem, "error": float(clip == clips[0])} for clip in clips]
    copy = shutil.copytree(corpus, tmp_path / "teacher")
    (copy / "heard.jsonl").write_text("".join(json.dumps(row) + "\n" for row in heard))
    script("make_english", "--corpus", copy, "--out", tmp_path / "english")
    every = {clip.name for clip in corpus.glob("*.flac")}
    assert every - listed(tmp_path / "english") == {clips[0].name}


def test_of_a_list_of_sentences_only_those_are_taken(tmp_path, corpus, script):
    clips = sorted(corpus.glob("day*.flac"))[:7]
    sentences = tmp_path / "sentences.jsonl"
    sentences.write_text("".join(json.dumps({"clip": clip.stem}) + "\n" for clip in clips))
    options = ("--corpus", corpus, "--sentences", sentences)
    script("make_english", *options, "--out", tmp_path / "english")
    assert listed(tmp_path / "english") == {clip.name for clip in clips}


def test_a_tape_says_the_same_at_another_speed_and_pitch(tmp_path, corpus, audio, clips, script):
    from make_english import LEAD, TURN_FRAMES
    from pitched import Pitch
    from tape import read_tape, speeds

    script("make_english", "--corpus", corpus, "--out", tmp_path, "--tapes")
    script("encode_english", *clips, "--codec", "embedded", "--english", tmp_path)
    store = Store(tmp_path / "codes" / "train")
    rows = {store.row(clip).id: clip for clip in range(len(store))}
    tapes = [name for name in rows if "@" in name]
    assert {name.split("@")[0] for name in tapes} == {
        name for name in rows if "@" not in name and not name.endswith("_af_heart")
    }
    for name in tapes:
        about = read_tape(corpus, name)
        clip, speed = about["clip"], about["speed"]
        assert speeds(clip) == [1.0, speed]
        text = store.row(rows[name]).text
        assert len(store.codes(rows[name])) == (LEAD + len(text)) * TURN_FRAMES
        sounds = [part.replace("_", "") for part in (text, store.row(rows[clip]).text)]
        assert len(text) / len(store.row(rows[clip]).text) == pytest.approx(1 / speed, rel=0.1)
        assert [*dict.fromkeys(sounds[0])] == [*dict.fromkeys(sounds[1])]
        pitch = Pitch(audio, "teacher").of(f"{clip}.flac", 0, RATE, speed)
        assert pitch[9].item() == pytest.approx(HERTZ * speed)
        wave, _ = soundfile.read(tmp_path / "train" / f"{name}.flac")
        sounding = wave[RATE * 3 // 10 : RATE * 8 // 10]
        crossings = np.count_nonzero(np.diff(np.signbit(sounding)))
        assert crossings == pytest.approx(HERTZ * speed, rel=0.02)


def test_further_timbres_read_the_last_sentences(tmp_path, embedded_tools):
    from teacher_text import TIMBRES, choose_sentences, timbre_sentences

    files = tmp_path / "books.txt", tmp_path / "everyday.txt"
    for file in files:
        lines = (f"{file.stem}{number}|Sentence {number} is here." for number in range(60))
        file.write_text("\n".join(lines))
    held_out, number = 10, 40
    order = [row["clip"].split("_")[0] for row in choose_sentences([*files], held_out)]
    rows = timbre_sentences([*files], held_out, number)
    assert [row["clip"].split("_")[0] for row in rows] == order[: -number - 1 : -1]
    voices = [row["voice"].split("+") for row in rows]
    assert {len(voice) for voice in voices} == {1, 2}
    assert {name for voice in voices for name in voice} <= set(TIMBRES)
    for learnt_worst in ("am_michael", "am_puck"):
        assert voices.count([learnt_worst]) > number // 10


def test_a_speaker_is_who_is_nearest_among_the_teachers_voices(monkeypatch, embedded_tools):
    import english_speakers
    from sled_infer.evaluation import Heard, compare

    vectors = {1: [0.8, 0.6, 0.0, 0.0, 0.0], 2: [0.0, 0.6, 0.8, 0.0, 0.0]}
    monkeypatch.setattr(
        english_speakers,
        "embed",
        lambda _, waves, __: torch.tensor([vectors[len(w)] for w in waves]),
    )
    monkeypatch.setattr(
        english_speakers,
        "hear_words",
        lambda *_: [
            Heard(text, compare(["come", "in"], text.split())) for text in ("come in", "come on")
        ],
    )
    waves = [torch.zeros(1), torch.zeros(2)]
    errors, nearest, alike = english_speakers.judge(waves, ["Come in."] * 2, torch.eye(5))
    assert [each.total for each in errors] == [0, 1]
    assert nearest == ["heart", "fenrir"]
    assert alike == pytest.approx(0.36)


def test_mixed_weights_lie_between_two_trainings(tmp_path, script):
    before, after, mixed = embedded.folder("english"), tmp_path / "after", tmp_path / "mixed"
    shutil.copytree(before, after)
    weights = load_file(before / "model.safetensors")
    save_file({name: 2 * value for name, value in weights.items()}, after / "model.safetensors")
    options = ("--before", before, "--after", after, "--share", "0.25", "--out", mixed)
    script("mix_weights", *options)
    for name, value in load_file(mixed / "model.safetensors").items():
        torch.testing.assert_close(value, 1.25 * weights[name].float())
    assert Synthesizer.from_pretrained(mixed).synthesize("a", max_seconds=0.1).wave.any()
