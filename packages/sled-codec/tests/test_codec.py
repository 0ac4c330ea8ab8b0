"""Waves to codes, codes to latents, latents to waves: shapes, units, refusals."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_codec import Codec, CodecError


@settings(max_examples=10)
@given(samples=st.integers(1, 2000))
def test_every_started_hop_is_a_frame(codec, samples):
    codes = codec.encode(torch.zeros(samples), 24_000)
    assert codes.shape == (-(-samples // codec.hop_length), 8)
    assert codes.dtype == torch.int64


@given(codes=st.lists(st.lists(st.integers(0, 31), min_size=8, max_size=8), max_size=9))
def test_a_latent_is_the_sum_of_its_codebook_vectors(codec, codes):
    codes = torch.tensor(codes, dtype=torch.int64).reshape(-1, 8)
    tables = codec.codebooks.tables
    expected = torch.zeros(len(codes), codec.latent_size)
    for k in range(8):
        expected += tables[k][codes[:, k]]
    latents = codec.latents(codes)
    assert latents.dtype == torch.float32
    assert torch.allclose(latents, expected, atol=1e-6)
    for stored in (torch.int16, torch.uint8):
        assert torch.equal(codec.latents(codes.to(stored)), latents)


def test_latents_keep_leading_dimensions(codec):
    codes = torch.randint(0, 32, (2, 3, 8))
    assert torch.equal(codec.latents(codes)[1, 2], codec.latents(codes[1, 2]))


@settings(max_examples=8)
@given(frames=st.integers(1, 10))
def test_every_frame_is_a_hop_of_samples(codec, frames):
    wave = codec.decode(torch.zeros(frames, codec.latent_size))
    assert wave.shape == (frames * codec.hop_length,)
    assert wave.dtype == torch.float32


def test_what_is_decoded_depends_on_the_past_alone(codec, noise):
    latents = noise(40, codec.latent_size)
    changed = latents.clone()
    changed[25:] += 1
    first, second = codec.decode(latents), codec.decode(changed)
    assert torch.equal(first[: 25 * 320], second[: 25 * 320])
    assert not torch.allclose(first[25 * 320 :], second[25 * 320 :])


def test_codes_vary_with_the_input(codec, noise):
    codes = codec.encode(noise(24_000), 24_000)
    assert all(codes[:, k].unique().numel() > 4 for k in range(8))


def test_channels_are_averaged(codec, noise):
    stereo = noise(2, 5000)
    assert torch.equal(codec.encode(stereo, 24_000), codec.encode(stereo.mean(0), 24_000))


def test_another_rate_is_resampled(codec, noise):
    assert codec.encode(noise(8_000), 8_000).shape == (75, 8)
    assert codec.encode(noise(44_100), 44_100).shape == (75, 8)


def test_integer_samples_count_by_the_full_scale_of_their_type(codec, noise):
    pcm = (noise(4000).clamp(-1, 1) * 32767).round()
    expected = codec.encode(pcm / 32768, 24_000)
    assert torch.equal(codec.encode(pcm.to(torch.int16), 24_000), expected)
    assert torch.equal(codec.encode((pcm * 65536).to(torch.int32), 24_000), expected)


def test_nothing_that_is_returned_hangs_on_a_graph(codec, noise):
    latents = noise(5, codec.latent_size).requires_grad_()
    assert not codec.decode(latents).requires_grad
    assert not codec.decode(latents).is_inference()
    assert not any(p.requires_grad for p in codec.parameters())


def test_random_weights_depend_on_the_seed_alone(tiny_config):
    before = torch.random.get_rng_state()
    first, second = (Codec.from_random(tiny_config, seed=3) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != Codec.from_random(tiny_config, seed=4).fingerprint


@pytest.mark.parametrize(
    ("wave", "named"),
    [
        (torch.zeros(0), "no samples"),
        (torch.zeros(2, 0), "no samples"),
        (torch.tensor(0.0), "must be"),
        (torch.zeros(1, 1, 5), "must be"),
        (torch.tensor([0.0, float("nan")]), "NaN"),
        (torch.tensor([0.0, float("inf")]), "NaN"),
        (torch.zeros(5, dtype=torch.complex64), "complex"),
        (torch.zeros(5, dtype=torch.bool), "bool"),
        ([0.0, 0.0], "list"),
    ],
)
def test_a_wave_that_is_none_is_refused(codec, wave, named):
    with pytest.raises(CodecError, match=named):
        codec.encode(wave, 24_000)


@pytest.mark.parametrize("rate", [0, -5, 1.5])
def test_a_sample_rate_that_is_none_is_refused(codec, rate):
    with pytest.raises(CodecError, match="sample rate"):
        codec.encode(torch.zeros(100), rate)


@pytest.mark.parametrize(
    ("codes", "named"),
    [
        (torch.zeros(5, 7, dtype=torch.int64), r"\[\.\.\., 8\]"),
        (torch.zeros(()), r"\[\.\.\., 8\]"),
        (torch.zeros(5, 8), "integers"),
        (torch.zeros(5, 8, dtype=torch.bool), "integers"),
        (torch.full((5, 8), -1), "-1"),
        (torch.full((5, 8), 32), "32"),
        ([[0] * 8], "list"),
    ],
)
def test_codes_that_are_none_are_refused(codec, codes, named):
    with pytest.raises(CodecError, match=named):
        codec.latents(codes)


@pytest.mark.parametrize(
    ("latents", "named"),
    [
        (torch.zeros(0, 16), "no frames"),
        (torch.zeros(5, 128), r"\[frames, 16\]"),
        (torch.zeros(16), r"\[frames, 16\]"),
        (torch.zeros(1, 5, 16), r"\[frames, 16\]"),
        (torch.zeros(5, 16, dtype=torch.int64), "int64"),
        (torch.full((5, 16), float("nan")), "NaN"),
        (None, "NoneType"),
    ],
)
def test_latents_that_are_none_are_refused(codec, latents, named):
    with pytest.raises(CodecError, match=named):
        codec.decode(latents)
