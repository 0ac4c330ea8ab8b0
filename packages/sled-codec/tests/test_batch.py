"""A batch of different lengths gives each recording what it gets alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_codec import Codec, CodecConfig
from sled_codec._batch import decode_each, encode_each

lengths = st.lists(st.integers(1, 3000), min_size=1, max_size=4)
few = settings(max_examples=8)


@few
@given(lengths=lengths)
def test_a_batch_of_waves_is_each_wave_alone(codec, noise, lengths):
    waves = [noise(n, seed=i) for i, n in enumerate(lengths)]
    together = codec.encode_batch(waves, 24_000)
    assert all(
        torch.equal(codes, codec.encode(wave, 24_000))
        for codes, wave in zip(together, waves, strict=True)
    )


@few
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_a_batch_of_latents_is_each_alone(codec, noise, lengths):
    latents = [noise(n, 16, seed=i) for i, n in enumerate(lengths)]
    together = codec.decode_batch(latents)
    assert all(
        torch.equal(wave, codec.decode(each)) for wave, each in zip(together, latents, strict=True)
    )


CONFIGS = [
    CodecConfig(n_filters=4, dimension=16, codebook_size=32),
    CodecConfig(n_filters=2, dimension=8, codebook_size=8, ratios=(3, 5), n_residual_layers=3),
    CodecConfig(n_filters=2, dimension=8, codebook_size=8, pad_mode="constant", lstm_layers=0),
    CodecConfig(n_filters=2, dimension=8, codebook_size=8, pad_mode="replicate", true_skip=True),
]


@pytest.fixture(scope="module", params=CONFIGS)
def any_codec(request):
    return Codec.from_random(request.param)


@few
@given(lengths=lengths)
def test_one_pass_over_padded_waves_is_each_wave_alone(any_codec, noise, lengths):
    """As accelerators run it: the same up to the order of sums."""
    waves = [noise(n, seed=i) for i, n in enumerate(lengths)]
    hop = any_codec.hop_length
    with torch.no_grad():
        together = encode_each(any_codec._encoding, waves, hop, in_one_pass=True)
        alone = encode_each(any_codec._encoding, waves, hop, in_one_pass=False)
    for one, other in zip(together, alone, strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other, atol=1e-5)


@few
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_one_pass_over_padded_latents_is_each_alone(any_codec, noise, lengths):
    latents = [noise(n, any_codec.latent_size, seed=i) for i, n in enumerate(lengths)]
    hop = any_codec.hop_length
    with torch.no_grad():
        together = decode_each(any_codec._decoding, latents, hop, in_one_pass=True)
        alone = decode_each(any_codec._decoding, latents, hop, in_one_pass=False)
    for one, other in zip(together, alone, strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other, atol=1e-5)


def test_an_empty_batch_gives_an_empty_list(codec):
    assert codec.encode_batch([], 24_000) == []
    assert codec.decode_batch([]) == []


def test_a_batch_leaves_its_inputs_as_they_were(any_codec, noise):
    waves = [noise(n) for n in (5000, 3333)]
    copies = [wave.clone() for wave in waves]
    with torch.no_grad():
        encode_each(any_codec._encoding, waves, any_codec.hop_length, in_one_pass=True)
    assert all(torch.equal(wave, copy) for wave, copy in zip(waves, copies, strict=True))
