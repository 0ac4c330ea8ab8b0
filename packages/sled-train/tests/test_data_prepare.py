"""`prepare`: every kind of corpus becomes a cuts file, killed or not, whole or not at all."""

import gzip
import json

import numpy as np
import pytest
import soundfile
import torch
from lhotse import CutSet, Recording
from sled_codec import read_audio, write_audio
from sled_train import TrainError
from sled_train.data import Filters, prepare
from sled_train.data._choice import subset

RATE = 8000


def sound(path, seconds=0.5, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_audio(path, torch.full((channels, int(seconds * RATE)), 0.1), RATE)
    return path


def jsonl(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def cuts_of(prepared):
    return list(CutSet.from_file(prepared.path))


def said(prepared):
    return [(c.id, c.supervisions[0].text, c.supervisions[0].speaker) for c in cuts_of(prepared)]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.jsonl"


def test_rows_of_file_speaker_text(tmp_path, out):
    sound(tmp_path / "a.flac")
    sound(tmp_path / "sub/b.wav")
    (tmp_path / "metadata.csv").write_text("a.flac|ann|Hi | there\n\nsub/b.wav||Grüße\n", "utf-8")
    prepared = prepare("folder", tmp_path, out)
    assert said(prepared) == [("a", "Hi | there", "ann"), ("sub/b", "Grüße", None)]
    assert (prepared.cuts, prepared.hours) == (2, pytest.approx(1 / 3600))


def test_rows_of_ljspeech_prefer_the_normalised_text(tmp_path, out):
    sound(tmp_path / "wavs/LJ1.wav")
    sound(tmp_path / "wavs/LJ2.wav")
    (tmp_path / "metadata.csv").write_text('LJ1|"in 1455|"in fourteen fifty-five\nLJ2|plain|\n')
    expected = [("LJ1", '"in fourteen fifty-five', "LJ"), ("LJ2", "plain", "LJ")]
    assert said(prepare("ljspeech", tmp_path, out)) == expected


def test_the_recordings_of_an_lj_speech_like_folder_may_be_of_any_format(tmp_path, out):
    sound(tmp_path / "wavs/a.flac")
    sound(tmp_path / "wavs/b.ogg")
    (tmp_path / "metadata.csv").write_text("a|one|\nb.ogg|two|\nc|three|\n")
    prepared = prepare("ljspeech", tmp_path, out)
    assert [text for _, text, _ in said(prepared)] == ["one", "two"]
    assert "wavs/c.wav" in (tmp_path / "out.jsonl.skipped.txt").read_text()


def test_libritts_takes_the_speaker_from_the_folder(tmp_path, out):
    for name in ("dev/84/1/84_1_0", "dev/84/1/84_1_1", "dev/9/2/9_2_0"):
        audio = sound(tmp_path / f"{name}.wav")
        if not name.endswith("84_1_1"):
            audio.with_suffix(".normalized.txt").write_text(f"text of\n{audio.stem}")
    prepared = prepare("libritts", tmp_path, out)
    assert said(prepared) == [
        ("dev/84/1/84_1_0", "text of 84_1_0", "84"),
        ("dev/9/2/9_2_0", "text of 9_2_0", "9"),
    ]
    assert prepared.left_out == {"no transcript": 1}


def test_a_folder_of_recordings_with_their_transcripts(tmp_path, out):
    sound(tmp_path / "b.wav").with_suffix(".txt").write_text("two")
    sound(tmp_path / "a.flac").with_suffix(".txt").write_text("one")
    assert [text for _, text, _ in said(prepare("folder", tmp_path, out))] == ["one", "two"]


def test_a_jsonl_list_resolves_paths_beside_itself(tmp_path, out):
    sound(tmp_path / "a.flac", 2.0)
    listed = jsonl(
        tmp_path / "m.jsonl",
        {"audio": "a.flac", "text": "one"},
        {"audio": "a.flac", "text": "two", "speaker": "s", "start": 1, "duration": 0.25},
        {"audio": "a.flac", "text": "three", "start": 1.5, "duration": 0.9},
    )
    prepared = prepare("jsonl", listed, out)
    assert said(prepared) == [("a-1", "one", None), ("a-2", "two", "s"), ("a-3", "three", None)]
    assert [(c.start, c.duration) for c in cuts_of(prepared)] == [(0, 2), (1, 0.25), (1.5, 0.5)]


@pytest.mark.parametrize("name", ["a  b.flac", "c\u202fd.flac", " e.flac"])
def test_names_of_files_in_a_list_are_taken_as_they_are(tmp_path, out, name):
    sound(tmp_path / name)
    listed = jsonl(tmp_path / "m.jsonl", {"audio": name, "text": "one"})
    assert len(cuts_of(prepare("jsonl", listed, out))) == 1


def test_what_is_read_is_not_written_over(tmp_path):
    sound(tmp_path / "a.flac")
    listed = jsonl(tmp_path / "libriheavy_cuts_a.jsonl", {"audio": "a.flac", "text": "one"})
    before = listed.read_bytes()
    for kind, source in (("jsonl", listed), ("libriheavy", tmp_path)):
        with pytest.raises(TrainError, match="is what is read: name another file"):
            prepare(kind, source, listed)
    assert listed.read_bytes() == before


def test_a_recording_without_sound_is_left_out(tmp_path, out):
    sound(tmp_path / "a.wav")
    soundfile.write(tmp_path / "b.wav", np.zeros(0), RATE)
    (tmp_path / "metadata.csv").write_text("a.wav|x|one\nb.wav|x|two\n")
    assert prepare("folder", tmp_path, out).left_out == {"holds no sound": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [(".|ann|one", "expected file"), ("a.flac|ann|one\rb.flac|ann|two", "carriage return alone")],
)
def test_a_row_that_names_no_file_or_ends_as_no_line_does_is_refused(tmp_path, out, text, message):
    (tmp_path / "metadata.csv").write_text(text, newline="")
    with pytest.raises(TrainError, match=message):
        prepare("folder", tmp_path, out)


def test_a_folder_is_read_once_whatever_links_lead_back_to_it(tmp_path, out):
    sound(tmp_path / "in/a.flac").with_suffix(".txt").write_text("one")
    (tmp_path / "in/again").symlink_to(tmp_path / "in")
    (tmp_path / "in/._a.flac").write_bytes(b"\0")
    (tmp_path / "in/._a.txt").write_bytes(b"\xff")
    assert [text for _, text, _ in said(prepare("folder", tmp_path / "in", out))] == ["one"]


def test_the_channels_of_a_recording_become_one(tmp_path, out, codec):
    sound(tmp_path / "a.wav", channels=2)
    listed = jsonl(tmp_path / "m.jsonl", {"audio": "a.wav", "text": "one"})
    (cut,) = cuts_of(prepare("jsonl", listed, out))
    assert cut.load_audio().shape == (2, 4000)


def libriheavy(folder, *, flat):
    """A cuts file as released, or as flattened; the audio is below `download/`."""
    audio = sound(folder / "audio/download/small/1/long.flac", 3.0)
    recording = Recording.from_file(audio, recording_id="small/1/long").to_dict()
    recording["sources"][0]["source"] = "download/small/1/long.flac"
    lines = []
    for number in range(2):
        said = {"texts": [f"Book, {number}.", f"BOOK {number}"], "pre_texts": ["x" * 999, "Y"]}
        said |= {"begin_byte": 3, "end_byte": 9}
        text = {"text": f"Book, {number}."} if flat else {"custom": said}
        name = f"small/1/long_{number}"
        supervision = {"id": name, "recording_id": "small/1/long", "start": 0, "duration": 1.25}
        supervision |= {"channel": 0, "language": "English", "speaker": "1", **text}
        cut = {"id": name, "start": 1.5 * number, "duration": 1.25, "channel": 0}
        lines.append({**cut, "supervisions": [supervision], "recording": recording})
    for line in lines:
        line["type"] = "MonoCut"
    return jsonl(folder / "libriheavy_cuts_small.jsonl", *lines)


def test_a_row_that_ends_far_beyond_its_audio_is_refused(tmp_path, out):
    sound(tmp_path / "a.flac", 2.0)
    listed = jsonl(
        tmp_path / "m.jsonl", {"audio": "a.flac", "text": "x", "start": 1, "duration": 2}
    )
    with pytest.raises(TrainError, match=r"m\.jsonl:1: ends at 3 s, .*a\.flac at 2 s"):
        prepare("jsonl", listed, out)


@pytest.mark.parametrize("word", ["recording", "tracks"])
def test_a_row_may_speak_of_what_cuts_are_made_of(tmp_path, out, word):
    sound(tmp_path / "a.flac")
    listed = jsonl(tmp_path / "m.jsonl", {"audio": "a.flac", "text": word})
    assert said(prepare("jsonl", listed, out)) == [("a-1", word, None)]


def test_audio_that_is_there_again_is_found(tmp_path, out):
    audio = sound(tmp_path / "audio/a.flac")
    listed = prepare(
        "jsonl", jsonl(tmp_path / "m.jsonl", {"audio": "audio/a.flac", "text": "x"}), out
    ).path
    audio.rename(tmp_path / "a.flac")
    with pytest.raises(TrainError, match="no such file"):
        prepare("jsonl", listed, tmp_path / "again.jsonl")
    (tmp_path / "a.flac").rename(audio)
    assert prepare("jsonl", listed, tmp_path / "again.jsonl").cuts == 1


@pytest.mark.parametrize("flat", [False, True])
def test_libriheavy_as_released_and_as_flattened(tmp_path, out, flat):
    cuts = libriheavy(tmp_path, flat=flat)
    prepared = prepare("libriheavy", cuts, out, audio_root=tmp_path / "audio")
    assert said(prepared) == [(f"small/1/long_{n}", f"Book, {n}.", "1") for n in range(2)]
    assert b"xxx" not in out.read_bytes()
    assert cuts_of(prepared)[1].load_audio().shape == (1, 10_000)


def test_a_folder_of_libriheavy_is_all_its_cuts_files_and_they_may_be_packed(tmp_path, out):
    raw = libriheavy(tmp_path, flat=True).read_bytes()
    (tmp_path / "libriheavy_cuts_small.jsonl").unlink()
    for name in ("medium", "small"):
        (tmp_path / f"libriheavy_cuts_{name}.jsonl.gz").write_bytes(gzip.compress(raw))
    prepared = prepare("libriheavy", tmp_path, out, audio_root=tmp_path / "audio")
    assert prepared.cuts == 4


def test_any_cuts_file_is_taken_as_it_is(tmp_path, out):
    first = prepare(
        "libriheavy", libriheavy(tmp_path, flat=True), out, audio_root=tmp_path / "audio"
    )
    again = prepare("jsonl", first.path, tmp_path / "again.jsonl.gz")
    assert gzip.decompress(again.path.read_bytes()) == first.path.read_bytes()


def test_rows_with_missing_or_unreadable_audio_are_counted_and_listed(tmp_path, out):
    sound(tmp_path / "a.wav")
    (tmp_path / "bad.wav").write_bytes(b"no audio")
    (tmp_path / "metadata.csv").write_text("a.wav|s|one\ngone.wav|s|two\nbad.wav|s|three\n")
    prepared = prepare("folder", tmp_path, out)
    assert prepared.left_out == {"no such file": 1, "not readable as audio": 1}
    lines = prepared.listed.read_text().splitlines()
    assert "metadata.csv:2: no such file" in lines[0]
    assert "gone.wav" in lines[0]
    assert "metadata.csv:3: not readable" in lines[1]
    with pytest.raises(TrainError, match=r"metadata\.csv:2: no such file: .*gone\.wav"):
        prepare("folder", tmp_path, tmp_path / "strict.jsonl", strict=True)
    assert sorted(p.name for p in tmp_path.glob("*strict*")) == []


def test_durations_and_texts_that_do_not_fit_are_left_out(tmp_path, out):
    for name, seconds in {"a": 0.25, "b": 0.5, "c": 1.0}.items():
        sound(tmp_path / f"{name}.wav", seconds).with_suffix(".txt").write_text(name * 4)
    sound(tmp_path / "d.wav", 0.5).with_suffix(".txt").write_text("d")
    filters = Filters(min_seconds=0.3, max_seconds=0.9, min_chars=2, max_chars=4)
    prepared = prepare("folder", tmp_path, out, filters=filters)
    assert [name for name, _, _ in said(prepared)] == ["b"]
    assert sum(prepared.left_out.values()) == 3


def test_a_subset_is_nested_deterministic_and_within_its_hours(tmp_path):
    for number in range(20):
        sound(tmp_path / f"{number:02}.wav", 0.3).with_suffix(".txt").write_text("x")

    def names(limit):
        prepared = prepare(
            "folder", tmp_path, tmp_path / f"{limit}.jsonl", limit_hours=limit / 3600
        )
        assert prepared.hours <= limit / 3600
        return [name for name, _, _ in said(prepared)]

    small, large = names(1.5), names(4.5)
    assert (len(small), len(large)) == (5, 15)
    assert set(small) < set(large)
    assert names(1.5) == small == sorted(small)
    assert small != [f"{n:02}" for n in range(5)]


def test_a_subset_is_a_beginning_of_the_hashed_order():
    import numpy as np

    names = np.array([3, 1, 2], dtype=np.uint64)
    seconds = np.array([1800.0, 1800.0, 3600.0])
    assert subset(names, seconds, 1.4).tolist() == [False, True, False]
    assert subset(names, seconds, 1.5).tolist() == [False, True, True]
    assert subset(names, seconds, None).all()


def test_lhotse_reads_what_plain_reading_reads(tmp_path, out):
    sound(tmp_path / "a.wav", 1.0)
    listed = jsonl(tmp_path / "m.jsonl", {"audio": "a.wav", "text": "x", "start": 0.25})
    (cut,) = cuts_of(prepare("jsonl", listed, out))
    wave, _ = read_audio(tmp_path / "a.wav", start=0.25)
    assert torch.equal(torch.from_numpy(cut.load_audio()[0]), wave)
