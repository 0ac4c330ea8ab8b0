"""Corrupted corpora, cuts, archives, audio and shards: one clear line each, nothing written.

There are more than 200 of them; a test fails with the list of those that were not refused well.
"""

import copy
import gzip
import json
import math
import re
import shutil

import pytest
import torch
from sled_codec import write_audio

RATE = 16_000
ROW = {"audio": "a.wav", "text": "one"}
HUGE = 10**400


@pytest.fixture
def place(tmp_path, monkeypatch, make_tone):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_audio("a.wav", make_tone(1.0), RATE)
    return tmp_path


def snapshot(folder):
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def complaint(sled, place, *arguments):
    """Run, and return what is wrong with the way it was refused, or None."""
    before = snapshot(place)
    outcome = sled(*arguments)
    if outcome.code != 2:
        return f"exit code {outcome.code}: {outcome.err[-300:]}"
    if not re.fullmatch(r"sled: error: [^\n]{10,600}\n", outcome.err):
        return f"not one line: {outcome.err[-300:]}"
    return None if snapshot(place) == before else "something was written"


def all_refused(results):
    wrong = {name: words for name, words in results.items() if words is not None}
    assert not wrong, wrong


def changed(tree, path, value):
    tree = copy.deepcopy(tree)
    node = tree
    for key in path[:-1]:
        node = node[key]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return tree


@pytest.fixture
def cut(sled, place):
    (place / "rows.jsonl").write_text(json.dumps(ROW))
    assert sled("data", "prepare", "jsonl", "rows.jsonl", "good.jsonl", "-q").code == 0
    return json.loads((place / "good.jsonl").read_text())


WRONG_ROWS = [
    *[changed(ROW, ["audio"], v) for v in (..., None, "", " ", 3, [], {}, True, "a\0.wav")],
    *[changed(ROW, ["text"], v) for v in (..., None, "", "\t", 3, ["x"], {}, False, "\ud800")],
    *[{**ROW, "start": v} for v in (-1, "0", [0], math.nan, math.inf, HUGE, True, 50)],
    *[{**ROW, "duration": v} for v in (0, -2, "1", [1], math.nan, -math.inf, HUGE, True)],
    *[{**ROW, "speaker": v} for v in (3, [1], {"a": 1}, True, "\ud800")],
]  # fmt: skip


def test_rows_of_wrong_types_and_impossible_times(sled, place):
    assert len(WRONG_ROWS) == 39
    results = {}
    for row in WRONG_ROWS:
        (place / "m.jsonl").write_text(json.dumps(ROW) + "\n" + json.dumps(row) + "\n")
        found = complaint(sled, place, "data", "prepare", "jsonl", "m.jsonl", "out.jsonl")
        results[f"{row!r:.80}"] = found
    all_refused(results)


WRONG_CUTS = [
    *[(["id"], v) for v in (..., None, 3, "", [])],
    *[(["start"], v) for v in (..., None, "0", -1.0, math.nan, 1e9, [], True)],
    *[(["duration"], v) for v in (..., None, "1", 0, -1.0, math.nan, 1e300, HUGE, {})],
    *[(["channel"], v) for v in (..., None, "left", 0.5, {})],
    *[(["type"], v) for v in (..., "Clip", 3)],
    *[(["supervisions"], v) for v in (None, [], "none", [3], [{}], 7)],
    *[(["supervisions", 0, "text"], v) for v in (..., None, "", 3, ["x"], "\ud800")],
    *[(["supervisions", 0, "custom"], v) for v in (3, "x")],
    *[(["recording"], v) for v in (None, 3, {}, [], "a.wav")],
    *[(["recording", "sources"], v) for v in (..., None, [], 3, [3], [{}])],
    *[(["recording", "sources", 0, "source"], v) for v in (..., None, 3, "a\0.wav")],
    *[(["recording", "duration"], v) for v in (..., None, "1", -1, math.nan, 0.1)],
    *[(["recording", "sampling_rate"], v) for v in (..., None, "16k", -1, 0)],
]  # fmt: skip


@pytest.mark.parametrize("command", ["prepare", "encode"])
def test_cuts_of_wrong_types_and_missing_fields(sled, place, cut, codec_folder, command):
    assert len(WRONG_CUTS) == 70
    results = {}
    for path, value in WRONG_CUTS if command == "prepare" else WRONG_CUTS[::5]:
        bad = cut
        if path[-1] == "custom":  # counts only where there is no text
            bad = changed(bad, ["supervisions", 0, "text"], None)
        line = json.dumps(changed(bad, path, value))
        (place / "m.jsonl").write_text(json.dumps(cut) + "\n" + line + "\n")
        prepare = ("data", "prepare", "jsonl", "m.jsonl", "out.jsonl", "--strict")
        encode = ("data", "encode", "m.jsonl", "out", "--codec", codec_folder)
        arguments = prepare if command == "prepare" else encode
        results[f"{path} {value!r:.40}"] = complaint(sled, place, *arguments)
    all_refused(results)


def test_lines_that_are_no_json_and_no_text(sled, place, cut):
    whole = json.dumps(cut).encode()
    broken = [whole[: len(whole) * n // 16] for n in range(1, 16)]
    broken += [b"[", b"3", b"null", b'"x"', b"[" * 50_000, b"{" * 9, b"\xff\xfe{\x00}\x00", b"\x00"]
    broken += [whole.replace(b"one", b"caf\xe9"), whole.replace(b'"text"', b'"te\xc3"'), b"{}"]
    results = {}
    for number, line in enumerate(broken):
        (place / "m.jsonl").write_bytes(whole + b"\n" + line + b"\n")
        for kind in ("jsonl", "libriheavy"):
            found = complaint(sled, place, "data", "prepare", kind, "m.jsonl", "out.jsonl")
            results[f"{kind} {number}: {line[-40:]!r}"] = found
    assert len(results) == 52
    all_refused(results)


def test_tables_with_missing_columns_and_other_text(sled, place):
    rows = [b"a.wav", b"a.wav|x", b"|s|x", b"a.wav|s|", b"a.wav|s| ", b"||", b"a.wav,s,x"]
    rows += [b"a.wav|s|\xe9t\xe9", b"\xff\xfea\x00", b"a\x00.wav|s|x", b"a.wav\ts\tx"]
    results = {}
    for row in rows:
        (place / "metadata.csv").write_bytes(b"a.wav|s|fine\n" + row + b"\n")
        for kind in ("folder", "ljspeech"):
            found = complaint(sled, place, "data", "prepare", kind, place, "out.jsonl")
            results[f"{kind} {row!r}"] = found
    assert len(results) == 22
    all_refused(results)


def test_archives_that_are_cut_short_or_no_archives(sled, place, cut, codec_folder):
    whole = gzip.compress(b"".join(json.dumps(cut).encode() + b"\n" for _ in range(50)))
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    archives = [whole[: len(whole) * n // 8] for n in range(1, 8)]
    archives += [bytes(flipped), b"", b"\x1f\x8b", json.dumps(cut).encode()]
    results = {}
    for number, raw in enumerate(archives):
        (place / "m.jsonl.gz").write_bytes(raw)
        found = complaint(sled, place, "data", "prepare", "jsonl", "m.jsonl.gz", "out.jsonl")
        results[f"prepare {number}"] = found
        encode = ("data", "encode", "m.jsonl.gz", "out", "--codec", codec_folder)
        results[f"encode {number}"] = complaint(sled, place, *encode)
    assert len(results) == 22
    all_refused(results)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_audio_that_was_cut_short(sled, place, codec_folder, make_tone, suffix):
    noise = 0.1 * torch.randn(RATE * 3, generator=torch.Generator().manual_seed(0))
    audio = place / f"b{suffix}"
    write_audio(audio, noise, RATE)
    (place / "m.jsonl").write_text(json.dumps({**ROW, "audio": audio.name}))
    assert sled("data", "prepare", "jsonl", "m.jsonl", "b.jsonl", "-q").code == 0
    whole = audio.read_bytes()
    results = {}
    for share in range(8):
        audio.write_bytes(whole[: len(whole) * share // 10])
        strict = ("data", "encode", "b.jsonl", "out", "--codec", codec_folder, "--strict")
        results[f"strict {share}"] = complaint(sled, place, *strict)
        results[f"skipped {share}"] = complaint(sled, place, *strict[:-1])
    audio.write_bytes(b"no audio at all")
    strict = ("data", "prepare", "jsonl", "m.jsonl", "c.jsonl")
    results["prepare"] = complaint(sled, place, *strict, "--strict")
    results["nothing left"] = complaint(sled, place, *strict)
    assert len(results) == 18
    all_refused(results)


def test_shards_and_indexes_that_are_damaged(sled, place, corpus, codec_folder):
    codes = place / "codes"
    sled("data", "prepare", "folder", corpus, "cuts.jsonl", "-q")
    assert sled("data", "encode", "cuts.jsonl", codes, "--codec", codec_folder, "-q").code == 0
    results = {}

    train = ("train", "offline", codes, "--out", "run", "--codec", codec_folder)

    def attempt(name, path, raw, *command):
        whole = path.read_bytes()
        path.write_bytes(raw)
        results[name] = complaint(sled, place, *(command or ("data", "stats", codes)))
        path.write_bytes(whole)

    shard, summary, table = (
        codes / n for n in ("codes-000000.safetensors", "index.json", "index.npy")
    )
    for share in range(8):
        attempt(f"shard {share}", shard, shard.read_bytes()[: shard.stat().st_size * share // 8])
        attempt(f"table {share}", table, table.read_bytes()[: table.stat().st_size * share // 8])
        attempt(
            f"index {share}", summary, summary.read_bytes()[: summary.stat().st_size * share // 8]
        )
    facts = json.loads(summary.read_text())
    for key in facts:
        if key not in ("left_out", "table", "cuts"):
            for value in (None, -3, "x", []):
                raw = json.dumps({**facts, key: value}).encode()
                attempt(f"{key} {value}", summary, raw, *(train if key == "codec" else ()))
    attempt("no list", summary, b"[]")
    attempt("deep", summary, b"[" * 50_000)
    shard.unlink()
    results["no shard"] = complaint(sled, place, "data", "stats", codes)
    shutil.rmtree(codes)
    codes.mkdir()
    results["empty"] = complaint(sled, place, "data", "stats", codes)
    assert len(results) == 60
    all_refused(results)
