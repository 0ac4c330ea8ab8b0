"""The networks as they are run equal the ``encodec`` package's own modules on the same weights."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_codec import Codec, CodecConfig
from sled_codec._batch import decode_each, encode_each

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
SMALL = {"n_filters": 2, "dimension": 8, "codebook_size": 8}
CONFIGS = {
    "tiny": CodecConfig(n_filters=4, dimension=16, codebook_size=32),
    "deep": CodecConfig(**SMALL, ratios=(3, 5), n_residual_layers=3, lstm_layers=1),
    "no stride": CodecConfig(**SMALL, ratios=(1, 2), kernel_size=2, n_residual_layers=4),
    "wide": CodecConfig(n_filters=16, dimension=40, codebook_size=8, ratios=(2,), kernel_size=5),
    "zeros left": CodecConfig(**SMALL, ratios=(4, 2), pad_mode="constant", lstm_layers=0),
    "first left": CodecConfig(**SMALL, ratios=(4, 3), pad_mode="replicate", true_skip=True),
}


@pytest.fixture(scope="module", params=CONFIGS.values(), ids=CONFIGS.keys())
def any_codec(request):
    return Codec.from_random(request.param)


@torch.no_grad()
@settings(max_examples=6)
@given(frames=st.integers(1, 140))
def test_decoding(any_codec, noise, frames):
    latents = noise(frames, any_codec.latent_size, seed=frames)
    expected = any_codec.decoder(latents.t()[None])[0, 0]
    torch.testing.assert_close(any_codec.decode(latents), expected, **CLOSE)


@torch.no_grad()
@settings(max_examples=6)
@given(frames=st.integers(0, 139), rest=st.integers(1, 320))
def test_encoding(any_codec, noise, frames, rest):
    """Any length: also one sample more than a piece, or one fewer than a stride."""
    hop = any_codec.hop_length
    wave = noise(frames * hop + min(rest, hop), seed=rest)
    expected = any_codec.encoder(wave[None, None])[0].t()
    (encoded,) = encode_each(any_codec._encoding, [wave], hop, in_one_pass=False)
    torch.testing.assert_close(encoded, expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("seconds", [0.1, 1])
def test_at_full_size(noise, seconds):
    codec = Codec.from_random(CodecConfig())
    wave = noise(int(24_000 * seconds) + 7)
    (encoded,) = encode_each(codec._encoding, [wave], 320, in_one_pass=False)
    torch.testing.assert_close(encoded, codec.encoder(wave[None, None])[0].t(), **CLOSE)
    (decoded,) = decode_each(codec._decoding, [encoded], 320, in_one_pass=False)
    torch.testing.assert_close(decoded, codec.decoder(encoded.t()[None])[0, 0], **CLOSE)


def test_weights_that_are_loaded_later_are_the_ones_that_run(tiny_config, noise):
    first, second = (Codec.from_random(tiny_config, seed=seed) for seed in (1, 2))
    before = first.decode(noise(9, 16))
    first.load_state_dict(second.state_dict())
    assert not torch.equal(first.decode(noise(9, 16)), before)
    assert torch.equal(first.decode(noise(9, 16)), second.decode(noise(9, 16)))
    assert torch.equal(first.encode(noise(5000), 24_000), second.encode(noise(5000), 24_000))


def test_what_runs_is_no_part_of_what_is_saved(tiny_config, noise):
    codec = Codec.from_random(tiny_config)
    names = list(codec.state_dict())
    codec.decode(noise(9, 16))
    codec.encode(noise(999), 24_000)
    assert list(codec.state_dict()) == names
