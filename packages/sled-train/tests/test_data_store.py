"""`Store`: what is read is checked, and training from it is training from the corpus."""

import json
import zlib

import pytest
import torch
from sled_codec import Codec
from sled_train import TrainError, train
from sled_train.data import (
    ClipRow,
    EncodeOptions,
    Store,
    encode,
    is_store,
    prepare,
    validate,
    write_codes,
)
from sled_train.data import _encode as encode_module


@pytest.fixture(scope="session")
def cuts(corpus_folder, tmp_path_factory):
    return prepare("folder", corpus_folder, tmp_path_factory.mktemp("stored") / "cuts.jsonl").path


@pytest.fixture
def store(cuts, codec, tmp_path):
    """The codes of the twelve tones, in three shards."""
    encode(cuts, tmp_path / "codes", codec, options=EncodeOptions(shard_clips=5))
    return Store(tmp_path / "codes")


def flip(path, at):
    raw = bytearray(path.read_bytes())
    raw[at] ^= 4
    path.write_bytes(raw)


def test_a_damaged_clip_is_found_when_it_is_read(store):
    path = store.folder / "codes-000000.safetensors"
    place = int(store._table[2]["codes"])
    flip(path, place + 1)
    again = Store(store.folder)
    assert len(again.codes(1)) == again.frames[1]
    with pytest.raises(TrainError, match=r"codes-000000\.safetensors is damaged \(clip 2"):
        again.codes(2)
    flip(path, place + 1)
    flip(path, int(store._table[3]["row"]) + 3)
    with pytest.raises(TrainError, match="is damaged"):
        again.row(3)


def test_every_flipped_byte_of_a_shard_is_found_by_validate(store):
    path = store.folder / "codes-000001.safetensors"
    assert list(validate(store.folder)) == []
    size = path.stat().st_size
    for at in range(0, size, max(1, size // 40)):
        flip(path, at)
        problems = list(validate(store.folder))
        assert problems, at
        assert all("\n" not in line for line in problems)
        flip(path, at)
    assert list(validate(store.folder)) == []


def test_a_shard_cut_short_is_found_at_once(store):
    path = store.folder / "codes-000002.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TrainError, match=r"codes-000002\.safetensors is missing or cut short"):
        Store(store.folder)


def test_the_checks_are_of_the_stored_bytes(store):
    entry = store._table[0]
    raw = (store.folder / "codes-000000.safetensors").read_bytes()
    begin, length = int(entry["codes"]), int(entry["frames"]) * 16
    assert zlib.crc32(raw[begin : begin + length]) == entry["codes_crc"]
    row = raw[int(entry["row"]) :][: int(entry["row_bytes"])]
    assert json.loads(row)["text"] == "one"


def test_training_from_codes_is_training_from_the_corpus(make_recipe, corpus_folder, store):
    direct = train(make_recipe("run.steps=3", run="direct"), quiet=True)
    cached = train(
        make_recipe("run.steps=3", f"data.train={store.folder}", run="cached"), quiet=True
    )
    for name in ("loss", "energy", "stop", "grad_norm", "padding"):
        assert cached.losses[name] == pytest.approx(direct.losses[name], rel=1e-6), name
    assert not (cached.run / "codes").exists()


def test_training_from_codes_never_reads_audio(make_recipe, store, monkeypatch):
    def never(*_, **__):
        raise AssertionError("audio was read")

    monkeypatch.setattr("sled_train.data._audio.read_audio", never)
    monkeypatch.setattr(Codec, "encode_batch", never)
    assert train(make_recipe("run.steps=1", f"data.train={store.folder}"), quiet=True).finished


def test_a_cuts_file_is_trained_on_as_it_is(make_recipe, cuts):
    result = train(make_recipe("run.steps=1", f"data.train={cuts}"), quiet=True)
    assert result.finished
    assert 0 <= result.losses["padding"] < 1


def test_an_index_of_others_makes_no_folder_of_codes(store, tmp_path):
    (tmp_path / "index.json").write_text('{"pages": 3}')
    assert not is_store(tmp_path)
    assert is_store(store.folder)


def test_codes_that_no_codebook_has_are_found_by_validate(store):
    index = store.folder / "index.json"
    told = json.loads(index.read_text())
    assert told["codebook_size"] == 16
    most = max(int(store.codes(clip).max()) for clip in range(len(store)))
    index.write_text(json.dumps({**told, "codebook_size": most}))
    problems = list(validate(store.folder))
    assert problems
    assert all(f"..{most}, outside 0..{most - 1}" in problem for problem in problems)


def test_codes_of_another_codec_are_not_trained_on(make_recipe, store, codec, tmp_path):
    Codec.from_random(codec.config, seed=1).save_pretrained(tmp_path / "other")
    recipe = make_recipe(f"data.train={store.folder}", f"data.codec={tmp_path / 'other'}")
    with pytest.raises(TrainError, match="name the codec it was encoded with"):
        train(recipe, quiet=True)


def test_two_starts_of_a_run_encode_once(make_recipe, monkeypatch):
    recipe = make_recipe("run.steps=1")
    train(recipe, quiet=True)
    monkeypatch.setattr(encode_module, "write_shard", None)
    assert train(recipe, quiet=True).finished


def clips_of(store):
    return ((store.row(clip), store.codes(clip)) for clip in range(len(store)))


def test_codes_from_elsewhere_are_stored_like_our_own(store, codec, tmp_path):
    summary = write_codes(clips_of(store), tmp_path / "copy", codec, shard_clips=5)
    copy = Store(tmp_path / "copy")
    assert copy.summary == summary
    assert list(validate(copy.folder)) == []
    for (row, codes), (other, same) in zip(clips_of(store), clips_of(copy), strict=True):
        assert row == other
        assert torch.equal(codes, same)
    with pytest.raises(TrainError, match="give a new folder"):
        write_codes(clips_of(store), copy.folder, codec)


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        (torch.zeros(3, 2), r"must be \[frames, 8\], not \[3, 2\]"),
        (torch.zeros(0, 8), "must be"),
        (torch.full((3, 8), 16), "from 0 to 15"),
        (torch.full((3, 8), -1), "from 0 to 15"),
        (None, "no clips"),
    ],
)
def test_codes_that_do_not_fit_leave_nothing(store, codec, tmp_path, codes, says):
    clips = [] if codes is None else [*clips_of(store), (ClipRow("x", "one", "", "x.wav"), codes)]
    with pytest.raises(TrainError, match=says):
        write_codes(clips, tmp_path / "new", codec, shard_clips=4)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["codes"]
