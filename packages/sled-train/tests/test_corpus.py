import json

import pytest
from sled_train import Clip, TrainError, read_corpus


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"audio")


def write_jsonl(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_rows_of_file_speaker_text(tmp_path):
    touch(tmp_path, "a.flac", "sub/b.wav")
    (tmp_path / "metadata.csv").write_text("a.flac|ann|Hi | there\n\nsub/b.wav||Grüße\n", "utf-8")
    corpus = read_corpus(tmp_path)
    assert corpus.clips == (
        Clip(tmp_path / "a.flac", "Hi | there", "ann"),
        Clip(tmp_path / "sub/b.wav", "Grüße"),
    )
    assert read_corpus(tmp_path / "metadata.csv") == corpus


def test_rows_of_ljspeech_prefer_the_normalised_text(tmp_path):
    touch(tmp_path, "wavs/LJ1.wav", "wavs/LJ2.wav")
    (tmp_path / "metadata.csv").write_text('LJ1|"in 1455|"in fourteen fifty-five\nLJ2|plain|\n')
    assert [clip.text for clip in read_corpus(tmp_path).clips] == [
        '"in fourteen fifty-five',
        "plain",
    ]
    assert read_corpus(tmp_path).clips[0].audio == tmp_path / "wavs/LJ1.wav"


def test_a_jsonl_manifest_resolves_paths_beside_itself(tmp_path):
    touch(tmp_path, "a.flac")
    manifest = write_jsonl(
        tmp_path / "m.jsonl",
        {"audio": "a.flac", "text": "one"},
        {
            "audio": str(tmp_path / "a.flac"),
            "text": "two",
            "speaker": "s",
            "start": 1,
            "duration": 2.5,
        },
    )
    assert read_corpus(manifest).clips == (
        Clip(tmp_path / "a.flac", "one"),
        Clip(tmp_path / "a.flac", "two", "s", 1.0, 2.5),
    )


def test_a_row_without_its_file_is_skipped_and_reported(tmp_path):
    touch(tmp_path, "a.wav")
    (tmp_path / "metadata.csv").write_text("a.wav|s|one\ngone.wav|s|two\n")
    corpus = read_corpus(tmp_path)
    assert [clip.text for clip in corpus.clips] == ["one"]
    assert len(corpus.skipped) == 1
    assert "metadata.csv:2" in corpus.skipped[0]
    assert "gone.wav" in corpus.skipped[0]
    with pytest.raises(TrainError, match=r"metadata\.csv:2: no file .*gone\.wav"):
        read_corpus(tmp_path, strict=True)


@pytest.mark.parametrize("row", ["a.wav|only two", "a.wav", "|s|text", "a.wav|s|"])
def test_a_malformed_csv_row_is_named_by_line(tmp_path, row):
    touch(tmp_path, "a.wav")
    (tmp_path / "metadata.csv").write_text(f"a.wav|s|fine\n{row}\n")
    with pytest.raises(TrainError, match=r"metadata\.csv:2: "):
        read_corpus(tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "3",
        "[" * 100_000,
        '{"text": "x"}',
        '{"audio": "", "text": "x"}',
        '{"audio": 3, "text": "x"}',
        '{"audio": "a.wav", "text": ["x"]}',
        '{"audio": "a.wav", "text": " "}',
        '{"audio": "a\\u0000.wav", "text": "x"}',
        '{"audio": "a.wav", "text": "\\ud800"}',
        '{"audio": "a.wav", "text": "x", "start": -1}',
        '{"audio": "a.wav", "text": "x", "start": "0"}',
        '{"audio": "a.wav", "text": "x", "duration": 0}',
        '{"audio": "a.wav", "text": "x", "duration": NaN}',
        '{"audio": "a.wav", "text": "x", "duration": 1' + "0" * 400 + "}",
        '{"audio": "a.wav", "text": "x", "duration": true}',
    ],
)
def test_a_malformed_jsonl_row_is_named_by_line(tmp_path, row):
    touch(tmp_path, "a.wav")
    manifest = tmp_path / "m.jsonl"
    manifest.write_text('{"audio": "a.wav", "text": "x"}\n' + row + "\n")
    with pytest.raises(TrainError, match=r"m\.jsonl:2: ") as caught:
        read_corpus(manifest)
    assert len(str(caught.value)) < 300 + len(str(manifest))


def test_text_that_is_not_utf8_is_named_by_line(tmp_path):
    touch(tmp_path, "a.wav")
    (tmp_path / "metadata.csv").write_bytes(b"a.wav|s|ok\na.wav|s|\xe9t\xe9\n")
    with pytest.raises(TrainError, match=r"metadata\.csv:2: not UTF-8"):
        read_corpus(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    touch(tmp_path, "a.wav")
    (tmp_path / "metadata.csv").write_bytes(b"\xef\xbb\xbfa.wav|s|ok\n")
    assert read_corpus(tmp_path).clips[0].audio.name == "a.wav"


@pytest.mark.parametrize("name", ["nowhere", "nowhere.jsonl", "file.txt"])
def test_a_place_without_a_corpus_is_refused(tmp_path, name):
    touch(tmp_path, "file.txt")
    with pytest.raises(TrainError, match=name):
        read_corpus(tmp_path / name)


def test_a_corpus_of_missing_files_only_is_refused(tmp_path):
    (tmp_path / "metadata.csv").write_text("gone.wav|s|two\n")
    with pytest.raises(TrainError, match="no existing audio"):
        read_corpus(tmp_path)
