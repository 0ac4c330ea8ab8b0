"""`sled data`: a corpus becomes cuts, cuts become codes, and both can be looked into."""

import json
import sys

import pytest

SLED = [sys.executable, "-m", "sled_cli"]


@pytest.fixture
def made(sled, corpus, codec_folder, tmp_path, monkeypatch):
    """Prepare and encode the tiny corpus in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    prepared = sled("data", "prepare", "folder", corpus, "cuts.jsonl", "--json")
    assert prepared.code == 0, prepared.err
    encoded = sled("data", "encode", "cuts.jsonl", "codes", "--codec", codec_folder, "--json")
    assert encoded.code == 0, encoded.err
    return prepared, encoded


def test_a_corpus_becomes_cuts_and_codes(made):
    prepared, encoded = made
    assert prepared.json["cuts"] == 6
    assert prepared.json["left_out"] == {"no such file": 1}
    assert "left out 1: no such file" in prepared.err
    assert {k: encoded.json[k] for k in ("clips", "shards", "made", "left_out")} == {
        "clips": 6, "shards": 1, "made": 1, "left_out": 0,
    }  # fmt: skip


def test_what_is_encoded_is_not_encoded_again(made, sled, codec_folder):
    again = sled("data", "encode", "cuts.jsonl", "codes", "--codec", codec_folder, "--json")
    assert again.json["made"] == 0


def test_a_model_is_trained_from_the_codes(made, sled, tiny_training):
    outcome = sled("train", "offline", "codes", "--out", "run", "--json", *tiny_training)
    assert outcome.code == 0, outcome.err
    assert outcome.json["finished"] is True


def test_stats_are_tables_json_and_a_picture(made, sled, tmp_path):
    shown = sled("data", "stats", "cuts.jsonl", "--png", "lengths.png")
    assert shown.code == 0, shown.err
    assert "cuts.jsonl: 6 clips" in shown.out
    assert "1 speaker" in shown.out
    assert "█" in shown.out
    assert (tmp_path / "lengths.png").read_bytes()[:4] == b"\x89PNG"
    for place in ("cuts.jsonl", "codes"):
        facts = sled("data", "stats", place, "--json").json
        assert (facts["clips"], facts["speakers"]) == (6, 1)
        assert facts["seconds"]["max"] == pytest.approx(0.65, abs=0.02)


def test_validate_says_what_is_wrong_and_where(made, sled, tmp_path):
    assert sled("data", "validate", "cuts.jsonl", "--audio").code == 0
    assert sled("data", "validate", "codes").code == 0
    lines = (tmp_path / "cuts.jsonl").read_text().splitlines()
    row = json.loads(lines[0])
    row["recording"]["sources"][0]["source"] = "gone.wav"
    (tmp_path / "bad.jsonl").write_text("\n".join([lines[1], "{", json.dumps(row), lines[1]]))
    outcome = sled("data", "validate", "bad.jsonl")
    assert outcome.code == 2
    shown = outcome.out.splitlines()
    assert len(shown) == 3
    assert "bad.jsonl:2: not a JSON object" in shown[0]
    assert "bad.jsonl:3: no such file" in shown[1]
    assert "1 cuts bear the id of another" in shown[2]
    assert outcome.err == (
        "sled: error: bad.jsonl: 3 problems among 4 clips; mend or remove them\n"
    )


def test_filters_and_limits_are_heard(sled, corpus, tmp_path):
    arguments = ("data", "prepare", "folder", corpus, tmp_path / "x.jsonl", "--json", "-q")
    assert sled(*arguments, "--min-seconds", "0.5").json["cuts"] == 4
    assert sled(*arguments, "--limit-hours", "0.0003").json["cuts"] in (1, 2)
    assert sled(*arguments, "--max-chars", "3").code == 2


@pytest.mark.parametrize(("rank", "processes"), [("2", "2"), ("x", "2"), (None, "0")])
def test_an_impossible_share_is_refused(sled, monkeypatch, rank, processes):
    monkeypatch.setenv("WORLD_SIZE", processes)
    if rank is not None:
        monkeypatch.setenv("RANK", rank)
    outcome = sled("data", "encode", "cuts.jsonl", "more")
    assert outcome.code == 2
    assert "RANK" in outcome.err


def test_each_process_takes_its_part(made, sled, codec_folder, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    parts = ("data", "encode", "cuts.jsonl", "parts", "--codec", codec_folder, "--shard-clips", "2")
    monkeypatch.setenv("RANK", "1")
    first = sled(*parts)
    assert (first.code, first.err) == (0, "")
    monkeypatch.setenv("RANK", "0")
    assert sled(*parts, "--json").json["clips"] == 6
