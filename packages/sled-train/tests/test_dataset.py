"""What of a store is trained on, and how it is batched."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sled_model import Tokenizer
from sled_train import DataRecipe, TrainError
from sled_train._dataset import Limits, build_dataset, texts_of
from sled_train.data import Store, encode, prepare

FREE = Limits(DataRecipe(min_seconds=0.0, max_seconds=60.0), 25.0, 256)


@pytest.fixture(scope="module")
def store(corpus_folder, codec, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    cuts = prepare("folder", corpus_folder, folder / "cuts.jsonl").path
    encode(cuts, folder / "codes", codec)
    return Store(folder / "codes")


@pytest.fixture(scope="module")
def tokenizer(store):
    return Tokenizer.train(store.texts(), 270)


@pytest.fixture(scope="module")
def data(store, tokenizer):
    return build_dataset(store, np.arange(len(store)), tokenizer, FREE)[0]


def test_a_batch_holds_each_clip_as_it_is_alone(data, codec):
    device = torch.device("cpu")
    clips = [3, 0, 11]
    batch = data.collate(clips, codec, device)
    batch.check()
    assert batch.frame_lengths.tolist() == data.frames[clips].tolist()
    for row, clip in enumerate(clips):
        alone = data.collate([clip], codec, device)
        frames, tokens = int(alone.frame_lengths[0]), int(alone.text_lengths[0])
        assert torch.equal(batch.latents[row, :frames], alone.latents[0])
        assert torch.equal(batch.text_ids[row, :tokens], alone.text_ids[0])
        assert torch.equal(alone.latents[0], codec.latents(data.codes(clip)))
        assert batch.text_ids[row, tokens:].tolist() == [1] * (batch.text_ids.shape[1] - tokens)


def test_a_share_of_the_clips_keeps_its_order_and_its_texts(store, tokenizer):
    places = np.array([7, 2, 9])
    data, skipped = build_dataset(store, places, tokenizer, FREE)
    assert skipped == []
    assert [data.row(i).id for i in range(3)] == ["7", "2", "9"]
    assert list(texts_of(store, places)) == [store.row(i).text for i in (7, 2, 9)]
    assert data.frames.tolist() == store.frames[places].tolist()


@pytest.mark.parametrize("most", [12, 16, 20, 24, 256])
@pytest.mark.parametrize("seconds", [(0.0, 60.0), (0.3, 0.6)])
def test_exactly_the_clips_that_do_not_fit_are_left_out(store, tokenizer, most, seconds):
    recipe = DataRecipe(min_seconds=seconds[0], max_seconds=seconds[1])
    limits = Limits(recipe, 25.0, most)
    sizes = [
        (f, len(tokenizer.encode(t))) for f, t in zip(store.frames, store.texts(), strict=True)
    ]
    fitting = [i for i, (f, t) in enumerate(sizes) if limits.misfit(int(f), t) is None]
    if not fitting:
        with pytest.raises(TrainError, match="no clip is left"):
            build_dataset(store, np.arange(len(store)), tokenizer, limits)
        return
    data, skipped = build_dataset(store, np.arange(len(store)), tokenizer, limits)
    assert data.chosen.tolist() == fitting
    assert len(skipped) == len(store) - len(fitting)


def test_a_text_is_not_read_where_its_clip_surely_fits(store, tokenizer, monkeypatch):
    monkeypatch.setattr(Store, "row", None)
    assert len(build_dataset(store, np.arange(len(store)), tokenizer, FREE)[0]) == len(store)


def test_a_corpus_is_told_from_another_by_clips_and_frames(data, store, tokenizer):
    fewer = replace(data, chosen=data.chosen[:-1])
    assert data.fingerprint() == f"12 clips, {store.summary.frames} frames"
    assert fewer.fingerprint() != data.fingerprint()
