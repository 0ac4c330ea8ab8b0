"""Test sets as they lie on disks, and which recording a voice is cloned from."""

import json

import pytest
from sled_codec import CodecError
from sled_infer import SynthesisError
from sled_infer.evaluation import read_clips

ALL = (0.0, 60.0)


def test_a_folder_with_metadata(test_set):
    clips = read_clips(test_set, seconds=ALL)
    assert [(clip.name, clip.speaker, clip.text) for clip in clips] == [
        ("a1", "ann", "one two three"),
        ("a2", "ann", "one two three"),
        ("b1", "bob", "one two three"),
        ("b2", "bob", "one two three"),
    ]
    assert [clip.seconds for clip in clips] == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert read_clips(test_set / "metadata.csv", seconds=ALL) == clips


def test_the_reference_is_the_speakers_previous_clip_and_of_the_first_the_last(clips):
    assert [clip.reference.name for clip in clips] == ["a2", "a1", "b2", "b1"]


def test_a_speaker_of_one_clip_has_no_reference(test_set):
    (clip,) = read_clips(test_set, seconds=ALL, only=["a1.wav"])
    assert clip.reference is None


def test_a_manifest_of_json_lines_names_speakers_as_librispeech_does(test_set):
    (test_set / "1089-134-0001.wav").write_bytes((test_set / "a1.wav").read_bytes())
    row = {"audio_filepath": "1089-134-0001.wav", "text": "Hello, there.", "duration": 4.5}
    manifest = test_set / "test.json"
    manifest.write_text(json.dumps(row) + "\n")
    (clip,) = read_clips(manifest)
    assert (clip.name, clip.speaker, clip.text) == ("1089-134-0001", "1089", "Hello, there.")
    assert clip.seconds == 4.5


def test_a_list_to_train_on_is_a_test_set_too(test_set):
    (test_set / "list.jsonl").write_text(json.dumps({"audio": "a1.wav", "text": "one"}) + "\n")
    (clip,) = read_clips(test_set / "list.jsonl", seconds=ALL)
    assert (clip.path, clip.text) == (test_set / "a1.wav", "one")


def test_a_folder_of_lj_speech(test_set):
    (test_set / "wavs").mkdir()
    for name in ("a1", "a2"):
        (test_set / f"{name}.wav").rename(test_set / f"wavs/{name}.wav")
    (test_set / "wavs/a2.wav").rename(test_set / "wavs/a2.flac")
    (test_set / "metadata.csv").write_text("a1|in 1455|in fourteen fifty-five\na2|plain|\n")
    clips = read_clips(test_set, seconds=ALL)
    assert [(clip.path.parent.name, clip.speaker) for clip in clips] == [("wavs", "LJ")] * 2
    assert [clip.text for clip in clips] == ["in fourteen fifty-five", "plain"]


def test_a_manifest_may_leave_open_who_speaks_and_how_long(test_set):
    row = {"audio_filepath": "a1.wav", "text": "one", "duration": None, "speaker": None}
    (test_set / "test.jsonl").write_text(json.dumps(row) + "\n")
    (clip,) = read_clips(test_set / "test.jsonl", seconds=ALL)
    assert clip.seconds == pytest.approx(0.6)
    assert clip.speaker == "a1"


def test_only_an_end_of_line_ends_a_line(test_set):
    text = "one\u2028two\u2029three\x85four"
    row = {"audio_filepath": "a1.wav", "text": text, "duration": 5}
    (test_set / "test.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\r\n", "utf-8")
    assert [clip.text for clip in read_clips(test_set / "test.jsonl")] == [text]
    (test_set / "metadata.csv").write_text(f"a1.wav|ann|{text}\n", "utf-8")
    assert [clip.text for clip in read_clips(test_set, seconds=ALL)] == [text]


@pytest.mark.parametrize(
    "wrong", [{"text": None}, {"text": ["one"]}, {"audio_filepath": None}, {"duration": "long"}]
)
def test_a_row_without_words_or_file_is_refused(test_set, wrong):
    row = {"audio_filepath": "a1.wav", "text": "one", "duration": 5, **wrong}
    (test_set / "test.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(SynthesisError, match=r"test.jsonl:1: .*mend the line"):
        read_clips(test_set / "test.jsonl")


def test_only_clips_of_the_wanted_length(test_set):
    assert [clip.name for clip in read_clips(test_set, seconds=(0.65, 0.85))] == ["a2", "b1"]


def test_only_listed_files_with_folders_before_them_or_not(test_set):
    only = ["b1.wav", "speech/b2.wav", "other/a1.wav"]
    assert [clip.name for clip in read_clips(test_set, seconds=ALL, only=only)] == ["b1", "b2"]


def test_a_limit_is_spread_over_the_set_and_keeps_the_references(test_set, clips):
    assert read_clips(test_set, seconds=ALL, limit=2) == [clips[0], clips[2]]
    assert read_clips(test_set, seconds=ALL, limit=9) == clips


def test_files_of_one_name_in_two_folders_are_told_apart(test_set):
    for folder in ("x", "y"):
        (test_set / folder).mkdir()
        (test_set / folder / "1.wav").write_bytes((test_set / "a1.wav").read_bytes())
    (test_set / "metadata.csv").write_text("x/1.wav|ann|one\ny/1.wav|ann|two\n")
    assert [clip.name for clip in read_clips(test_set, seconds=ALL)] == ["x_1.wav", "y_1.wav"]


def test_texts_that_nobody_recorded(tmp_path):
    table = tmp_path / "metadata.csv"
    table.write_text("book.1|One.\nbook.2|Two | three.\npart/3|Four.\n")
    clips = read_clips(tmp_path)
    assert [(clip.name, clip.text) for clip in clips] == [
        ("book.1", "One."),
        ("book.2", "Two | three."),
        ("part_3", "Four."),
    ]
    assert {(clip.path, clip.reference, clip.seconds) for clip in clips} == {(None, None, 0.0)}
    assert [clip.name for clip in read_clips(tmp_path, only=["book.2"])] == ["book.2"]
    with pytest.raises(SynthesisError, match=r"book.1: a text alone, without a recording"):
        clips[0].read()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a1.wav\n", r"metadata.csv:1: not file\|speaker\|text"),
        ("a1.wav|ann|one\na2.wav|ann\n", r"metadata.csv:2: not file\|speaker\|text"),
        ("s1|one\ns2\n", r"metadata.csv:2: not id\|text"),
        ("\n|ann|one\n", r"metadata.csv:2: not file\|speaker\|text"),
        ("a1.wav|ann|one\na1.wav|ann|two\n", "listed twice"),
        ("", "none of 0 clips"),
    ],
)
def test_a_malformed_table_is_refused(test_set, content, says):
    (test_set / "metadata.csv").write_text(content)
    with pytest.raises(SynthesisError, match=says):
        read_clips(test_set, seconds=ALL)


def test_what_is_no_test_set_is_refused(test_set, tmp_path):
    with pytest.raises(SynthesisError, match=r"nowhere: no test set"):
        read_clips(tmp_path / "nowhere")
    with pytest.raises(SynthesisError, match="none of 4 clips has 4 to 10 s"):
        read_clips(test_set)
    with pytest.raises(SynthesisError, match=r"metadata.csv: none of 4 clips is among the 1 of"):
        read_clips(test_set, only=["c.wav"])
    with pytest.raises(SynthesisError, match="limit: 0"):
        read_clips(test_set, seconds=ALL, limit=0)
    (test_set / "bad.jsonl").write_text('{"text": "no file"}\n')
    with pytest.raises(SynthesisError, match=r"bad.jsonl:1: not a JSON object"):
        read_clips(test_set / "bad.jsonl")
    (test_set / "a1.wav").unlink()
    with pytest.raises(CodecError, match=r"a1.wav: no such"):
        read_clips(test_set, seconds=ALL)
