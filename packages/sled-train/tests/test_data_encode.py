"""`encode`: every cut once, in shards that are finished or absent."""

import subprocess
import sys
import time

import pytest
import torch
from lhotse import CutSet
from sled_codec import Codec, read_audio, write_audio
from sled_train import TrainError
from sled_train.data import EncodeOptions, Store, encode, prepare

SMALL = EncodeOptions(shard_clips=5, window=3, batch_seconds=1.0, readers=2)


@pytest.fixture(scope="session")
def cuts(corpus_folder, tmp_path_factory):
    """The cuts of the twelve tones, in three shards of at most five."""
    return prepare("folder", corpus_folder, tmp_path_factory.mktemp("cuts") / "cuts.jsonl").path


@pytest.fixture
def store(cuts, codec, tmp_path):
    encode(cuts, tmp_path / "codes", codec, options=SMALL)
    return Store(tmp_path / "codes")


def files(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_the_store_holds_what_the_codec_says(store, codec, corpus_folder):
    assert len(store) == 12
    assert len(store.summary.shards) == 3
    for clip in range(len(store)):
        codes, row = store.codes(clip), store.row(clip)
        assert codes.dtype == torch.int16
        assert torch.equal(codes.long(), codec.encode(*read_audio(row.audio)))
        assert store.frames[clip] == len(codes)
        assert (row.id, row.speaker) == (str(clip), "tone")
    assert store.left_out() == ()
    assert store.summary.hours == pytest.approx(sum(store.frames) / 25 / 3600, rel=1e-6)


class Killed(BaseException):
    pass


def test_a_killed_encoding_goes_on_without_redoing_shards(cuts, codec, tmp_path, monkeypatch):
    def die(count, seen=[]):  # noqa: B006
        seen.append(count)
        if len(seen) == 5:  # windows of 3, 2, 3, 2, 2 clips: in the third shard
            raise Killed

    out = tmp_path / "codes"
    with pytest.raises(Killed):
        encode(cuts, out, codec, options=SMALL, advance=die)
    (out / ".codes-000002-0a0b.part.safetensors").write_bytes(b"half")
    (out / ".codes-000000.lock").touch()  # by who was killed when the shard was whole
    with pytest.raises(TrainError, match=r"no index\.json"):
        Store(out)
    before = files(out)
    done = encode(cuts, out, codec, options=SMALL)
    assert (done.made, done.found) == (1, 2)
    after = files(out)
    assert all(after[name] == before[name] for name in before if not name.startswith("."))
    whole = encode(cuts, tmp_path / "whole", codec, options=SMALL)
    assert files(tmp_path / "whole") == after
    assert whole.summary == done.summary
    again = encode(cuts, out, codec, options=SMALL)
    assert (again.made, again.found, again.summary) == (0, 3, done.summary)


def test_a_folder_half_made_anew_says_so_and_is_finished_by_the_next(cuts, codec, tmp_path, store):
    lines = cuts.read_bytes().splitlines(keepends=True)
    (tmp_path / "other.jsonl").write_bytes(b"".join([*lines[5:10], *lines[5:]]))

    def die(count, seen=[]):  # noqa: B006
        seen.append(count)
        if len(seen) == 3:  # windows of 3, 2, 5 clips: the first shard is new
            raise Killed

    with pytest.raises(Killed):
        encode(tmp_path / "other.jsonl", store.folder, codec, options=SMALL, advance=die)
    with pytest.raises(TrainError, match=r"no index\.json"):
        Store(store.folder)
    assert encode(tmp_path / "other.jsonl", store.folder, codec, options=SMALL).made == 0
    assert Store(store.folder).row(0).id == "5"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_processes_share_the_shards_and_the_last_one_writes_the_index(
    cuts, codec, tmp_path, order, store
):
    out = tmp_path / "shared"
    results = [encode(cuts, out, codec, share=(rank, 2), options=SMALL) for rank in order]
    assert sorted(result.made for result in results) == [1, 2]
    assert results[0].summary is None
    assert results[1].summary == store.summary
    assert files(out) == files(store.folder)


def test_a_packed_cuts_file_gives_the_same_codes(cuts, codec, tmp_path, store):
    packed = prepare("jsonl", cuts, tmp_path / "cuts.jsonl.gz").path
    encode(packed, tmp_path / "packed", codec, options=SMALL)
    assert files(tmp_path / "packed") == files(store.folder)


def test_a_folder_belongs_to_one_codec(cuts, codec, codec_folder, store):
    other = Codec.from_random(codec.config, seed=1)
    with pytest.raises(TrainError, match=f"codes of codec {codec.fingerprint[:12]}"):
        encode(cuts, store.folder, other, options=SMALL)


def copied(folder, target):
    target.mkdir()
    for number in range(3):
        wave, rate = read_audio(folder / f"{number}.wav")
        write_audio(target / f"{number}.wav", wave, rate)
        (target / f"{number}.txt").write_text(f"text {number}")
    return target


def test_changed_audio_and_changed_cuts_are_encoded_anew(corpus_folder, codec, tmp_path):
    source = copied(corpus_folder, tmp_path / "audio")
    options = EncodeOptions(shard_clips=1)
    out = tmp_path / "codes"

    def run():
        cuts = prepare("folder", source, tmp_path / "cuts.jsonl").path
        return encode(cuts, out, codec, options=options)

    assert run().made == 3
    write_audio(source / "1.wav", torch.zeros(3000), 8000)
    done = run()
    assert (done.made, done.found) == (1, 2)
    assert Store(out).frames[1] == -(-3000 // codec.hop_length)
    (source / "2.txt").write_text("another")
    assert run().made == 1
    assert Store(out).row(2).text == "another"
    (source / "2.wav").unlink()
    assert run().summary.clips == 2
    assert len(list(out.glob("codes-*"))) == 2


def test_it_tells_and_may_be_stopped_within_a_shard(cuts, codec, tmp_path):
    told = []
    options = EncodeOptions(shard_clips=12, window=5)
    stopped = encode(
        cuts, tmp_path / "a", codec, options=options, stop=lambda: bool(told), advance=told.append
    )
    assert (stopped.made, stopped.summary, told) == (0, None, [5])
    told.clear()
    encode(cuts, tmp_path / "b", codec, options=options, advance=told.append)
    assert told == [5, 5, 2]


@pytest.mark.parametrize("seconds", [0.0, float("nan"), float("inf")])
def test_a_batch_that_cannot_be_is_refused(cuts, codec, tmp_path, seconds):
    with pytest.raises(TrainError, match="batch_seconds"):
        encode(cuts, tmp_path / "codes", codec, options=EncodeOptions(batch_seconds=seconds))
    assert not (tmp_path / "codes").exists()


def test_who_ends_first_leaves_alone_what_others_are_writing(cuts, codec, tmp_path, store):
    """The lines did not change, so that the first to end takes the other's old shards for new."""
    others = store.folder / ".codes-000001-0a0b.part.safetensors"
    beyond = store.folder / ".codes-000009-0a0b.part.safetensors"
    for partial in (others, beyond):
        partial.write_bytes(b"half")
    (store.folder / "codes-000000.safetensors").unlink()
    assert encode(cuts, store.folder, codec, share=(0, 2), options=SMALL).made == 1
    assert others.exists()
    assert not beyond.exists()


def test_unreadable_and_tiny_audio_is_counted_listed_and_left_out(cuts, codec, tmp_path):
    folder = tmp_path / "audio"
    folder.mkdir()
    for name, samples in {"good": 4000, "short": 8000, "tiny": 300}.items():
        write_audio(folder / f"{name}.flac", torch.rand(samples) - 0.5, 8000)
        (folder / f"{name}.txt").write_text(name)
    manifest = prepare("folder", folder, tmp_path / "cuts.jsonl").path
    whole = (folder / "short.flac").read_bytes()
    (folder / "short.flac").write_bytes(whole[: len(whole) // 2])
    done = encode(manifest, tmp_path / "codes", codec)
    assert (done.summary.clips, done.summary.left_out) == (1, 2)
    lines = Store(tmp_path / "codes").left_out()
    assert "short.flac" in lines[0]
    assert "tiny.flac: shorter than one frame" in lines[1]
    with pytest.raises(TrainError, match=r"short\.flac"):
        encode(manifest, tmp_path / "strict", codec, strict=True)
    assert not (tmp_path / "strict").exists()


def test_lhotse_composes_what_plain_reading_cannot(cuts, codec, tmp_path):
    first, second = list(CutSet.from_file(cuts))[:2]
    made = [first.perturb_speed(1.1), first.append(second), first.resample(4000)]
    CutSet.from_cuts(made).to_file(tmp_path / "mixed.jsonl")
    encode(tmp_path / "mixed.jsonl", tmp_path / "codes", codec)
    store = Store(tmp_path / "codes")
    assert store.left_out() == ()
    seconds = store.frames / codec.frame_rate
    assert seconds.tolist() == pytest.approx([c.duration for c in made], abs=1 / 25)
    assert store.row(1).text == "one two"


def test_what_the_codec_can_reach_is_refused_before_anything_is_written(cuts, codec, tmp_path):
    (tmp_path / "bad.jsonl").write_bytes(cuts.read_bytes() + b'{"id": "x"}\n')
    with pytest.raises(TrainError, match=r"bad\.jsonl:13: "):
        encode(tmp_path / "bad.jsonl", tmp_path / "a" / "b", codec)
    assert not (tmp_path / "a").exists()


PROGRAM = """
import sys
from sled_codec import Codec
from sled_train.data import EncodeOptions, encode
encode(sys.argv[1], sys.argv[2], Codec.from_pretrained(sys.argv[3]),
       options=EncodeOptions(shard_clips=1, window=1))
"""


@pytest.mark.slow
def test_kill_9_loses_no_finished_shard(cuts, codec, codec_folder, tmp_path):
    out = tmp_path / "codes"
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, cuts, out, codec_folder]
    with subprocess.Popen(list(map(str, command))) as process:
        while not list(out.glob("codes-*")):
            assert process.poll() is None
            time.sleep(0.001)
        process.kill()
    finished = {p.name: p.stat().st_mtime_ns for p in out.glob("codes-*")}
    options = EncodeOptions(shard_clips=1, window=1)
    done = encode(cuts, out, codec, options=options)
    assert done.found == len(finished)
    assert all((out / name).stat().st_mtime_ns == then for name, then in finished.items())
    assert len(Store(out)) == 12
    assert not list(out.glob(".codes-*.part*"))
