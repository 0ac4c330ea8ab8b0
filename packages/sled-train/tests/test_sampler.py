from hypothesis import given, settings
from hypothesis import strategies as st
from sled_train._sampler import BatchSampler, cut_micro, derive_seed

lengths = st.lists(st.integers(1, 400), min_size=1, max_size=60)


@settings(deadline=None)
@given(lengths, st.integers(1, 20), st.integers(1, 4), st.none() | st.integers(1, 900))
def test_an_epoch_visits_every_clip_once_within_the_limits(lengths, size, bucket, frames):
    sampler = BatchSampler(lengths, size, seed=0, batch_frames=frames, bucket=bucket)
    batches = sampler.epoch_batches(3)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= size
        assert frames is None or len(batch) == 1 or sum(lengths[i] for i in batch) <= frames


def test_the_seed_and_the_epoch_decide_the_order():
    sampler, same = (BatchSampler(list(range(50)), 4, seed=1, bucket=2) for _ in range(2))
    assert [sampler.next() for _ in range(30)] == [same.next() for _ in range(30)]
    assert sampler.epoch_batches(0) != sampler.epoch_batches(1)
    assert sampler.epoch_batches(0) != BatchSampler(list(range(50)), 4, seed=2).epoch_batches(0)


def test_a_restored_sampler_goes_on_across_an_epoch_border():
    sampler = BatchSampler(list(range(10)), 3, seed=0)
    [sampler.next() for _ in range(3)]
    restored = BatchSampler(list(range(10)), 3, seed=0)
    restored.restore(sampler.state())
    assert [restored.next() for _ in range(9)] == [sampler.next() for _ in range(9)]


def test_no_epoch_ends_with_a_tiny_batch():
    sizes = [len(batch) for batch in BatchSampler([1] * 17, 16, seed=0).epoch_batches(0)]
    assert sorted(sizes) == [8, 9]


def test_buckets_hold_clips_of_like_length():
    lengths = [i * 7 % 64 for i in range(64)]

    def spread(bucket):
        batches = BatchSampler(lengths, 8, seed=0, bucket=bucket).epoch_batches(0)
        return sum(max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in batches)

    assert spread(8) < 0.3 * spread(1)


@settings(deadline=None)
@given(lengths, st.integers(1, 1000))
def test_micro_batches_keep_to_the_budget_of_padded_positions(lengths, budget):
    micros = cut_micro(range(len(lengths)), lengths, budget)
    assert sorted(i for micro in micros for i in micro) == list(range(len(lengths)))
    for micro in micros:
        assert len(micro) == 1 or len(micro) * max(lengths[i] for i in micro) <= budget


def test_derived_seeds_differ_by_purpose_and_place():
    places = [("noise", 1, 11), ("noise", 11, 1), ("text", 1, 11), ("noise", 1, 12)]
    seeds = {derive_seed(0, *place) for place in places} | {derive_seed(1, *places[0])}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)
