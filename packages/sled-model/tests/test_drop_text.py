"""Text dropping: whole samples lose their text, which is then really absent."""

import pytest
import torch
from sled_model import Batch, OfflineLayout, StreamingLayout, drop_text


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def batch(tiny_config, make_batch) -> Batch:
    return make_batch([3, 6, 5], [4, 2, 3], tiny_config)


def test_probability_zero_changes_nothing(batch):
    assert drop_text(batch, OfflineLayout(), 0.0, generator()) is batch


def test_offline_keeps_the_last_text_token_alone(batch):
    dropped = drop_text(batch, OfflineLayout(), 1.0, generator())
    assert dropped.text_lengths.tolist() == [1, 1, 1]
    assert dropped.text_ids[:, 0].tolist() == [
        int(ids[text - 1])
        for ids, text in zip(batch.text_ids, batch.text_lengths.tolist(), strict=True)
    ]
    assert dropped.text_ids.shape == (3, 1)


def test_streaming_keeps_a_single_end_of_text(batch):
    dropped = drop_text(batch, StreamingLayout(2, 3), 1.0, generator())
    assert dropped.text_ids.tolist() == [[2], [2], [2]]


def test_a_dropped_sample_trains_as_one_that_never_had_text(batch, tiny_model):
    dropped = drop_text(batch, OfflineLayout(), 1.0, generator())
    ends = batch.text_ids.gather(1, batch.text_lengths[:, None] - 1)
    bare = Batch(ends, torch.ones(3, dtype=torch.int64), batch.latents, batch.frame_lengths)
    losses = [
        tiny_model.loss(each, OfflineLayout(), generator=generator()).total
        for each in (dropped, bare)
    ]
    torch.testing.assert_close(*losses)


def test_the_rate_is_the_probability_and_the_generator_decides(tiny_config, make_batch):
    batch = make_batch([3] * 1000, [1] * 1000, tiny_config)
    first, again, other = (
        drop_text(batch, OfflineLayout(), 0.1, generator(seed)).text_lengths for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert 60 < int((first == 1).sum()) < 140


def test_the_given_batch_is_left_as_it_was(batch):
    before = batch.text_ids.clone()
    drop_text(batch, OfflineLayout(), 1.0, generator())
    assert torch.equal(batch.text_ids, before)
