import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_train import TrainError
from sled_train._sampler import BatchSampler, cut_micro, derive_seed, padding_share

lengths = st.lists(st.integers(1, 400), min_size=1, max_size=60)


@settings(deadline=None)
@given(lengths, st.integers(1, 900), st.integers(1, 4))
def test_an_epoch_visits_every_clip_once_within_the_budget(lengths, frames, bucket):
    batches = list(BatchSampler(lengths, frames, seed=0, bucket=bucket).batches(3))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or 1 <= sum(lengths[i] for i in batch) <= frames


def test_the_seed_and_the_epoch_decide_the_order():
    sampler, same = (BatchSampler(range(1, 51), 100, seed=1, bucket=2) for _ in range(2))
    assert [sampler.next() for _ in range(30)] == [same.next() for _ in range(30)]
    assert list(sampler.batches(0)) != list(sampler.batches(1))
    other = BatchSampler(range(1, 51), 100, seed=2, bucket=2)
    assert list(sampler.batches(0)) != list(other.batches(0))


def test_a_restored_sampler_goes_on_across_an_epoch_border():
    sampler = BatchSampler([10] * 10, 30, seed=0)
    [sampler.next() for _ in range(3)]
    restored = BatchSampler([10] * 10, 30, seed=0)
    restored.restore(sampler.state())
    assert [restored.next() for _ in range(9)] == [sampler.next() for _ in range(9)]


def test_a_position_that_another_budget_does_not_have_is_refused():
    sampler = BatchSampler([10] * 10, 10, seed=0)
    [sampler.next() for _ in range(8)]
    with pytest.raises(TrainError, match=r"data\.batch_frames"):
        BatchSampler([10] * 10, 50, seed=0).restore(sampler.state())


@pytest.mark.parametrize("other", [{"batch_frames": 300}, {"bucket": 4}])
def test_other_batches_are_refused_amid_an_epoch_and_taken_at_its_end(other):
    sizes = {"batch_frames": 150, "bucket": 1}
    sampler = BatchSampler([40] * 24, **sizes, seed=0)
    sampler.next()
    with pytest.raises(TrainError, match=rf"data.{next(iter(other))} "):
        BatchSampler([40] * 24, **(sizes | other), seed=0).restore(sampler.state())
    while sampler.cursor:
        sampler.next()
    BatchSampler([40] * 24, **(sizes | other), seed=0).restore(sampler.state())


def test_no_epoch_ends_with_a_tiny_batch():
    sizes = [len(batch) for batch in BatchSampler([1] * 17, 16, seed=0).batches(0)]
    assert sorted(sizes) == [8, 9]


def test_buckets_hold_clips_of_like_length():
    lengths = [1 + i * 7 % 64 for i in range(64)]

    def spread(bucket):
        batches = BatchSampler(lengths, 256, seed=0, bucket=bucket).batches(0)
        return sum(max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in batches)

    assert spread(8) < 0.3 * spread(1)


def test_no_batch_holds_the_longest_clips_of_one_bucket_beside_the_shortest_of_the_next():
    lengths = np.random.default_rng(0).integers(100, 1000, 2000)
    sampler = BatchSampler(lengths, 3000, seed=0, bucket=8)
    shares = [padding_share([batch], lengths) for batch in sampler.batches(0)]
    assert max(shares) < 0.5


@settings(deadline=None)
@given(lengths, st.integers(1, 1000))
def test_micro_batches_keep_to_the_budget_of_padded_frames(lengths, budget):
    micros = cut_micro(range(len(lengths)), np.array(lengths), budget)
    assert sorted(i for micro in micros for i in micro) == list(range(len(lengths)))
    for micro in micros:
        assert len(micro) == 1 or len(micro) * max(lengths[i] for i in micro) <= budget


def test_the_share_of_padding_is_noted_with_every_batch():
    lengths = np.array([10, 5, 8, 8])
    assert padding_share([[0, 1], [2, 3]], lengths) == pytest.approx(5 / 36)
    sampler = BatchSampler(lengths, 100, seed=0)
    assert sampler.micro_batches([0, 1, 2, 3], 20) == [[0, 2], [3, 1]]
    assert sampler.padding == pytest.approx(5 / 36)
    assert BatchSampler([7] * 4, 100, seed=0).micro_batches(range(4), 14) == [[0, 1], [2, 3]]


def test_a_million_clips_are_ordered_in_a_moment():
    lengths = np.random.default_rng(0).integers(100, 2000, 1_000_000)
    epoch = BatchSampler(lengths, 576_000, seed=0, bucket=16).batches(0)
    assert np.array_equal(np.sort(epoch.order), np.arange(1_000_000))


def test_derived_seeds_differ_by_purpose_and_place():
    places = [("noise", 1, 11), ("noise", 11, 1), ("text", 1, 11), ("noise", 1, 12)]
    seeds = {derive_seed(0, *place) for place in places} | {derive_seed(1, *places[0])}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)
