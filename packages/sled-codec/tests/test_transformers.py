"""Equal to ``transformers.EncodecModel``, and read from the folders it saves.

The package itself does not need transformers; where it is not installed these tests are left out.
"""

import warnings

import pytest
import torch
from sled_codec import Codec, CodecConfig, CodecError

transformers = pytest.importorskip("transformers")


@torch.no_grad()
def build(noise, **sizes):
    """Return a random model, loud enough and with codebooks coarse enough for codes to vary."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.EncodecModel(transformers.EncodecConfig(**sizes)).eval()
    for index, layer in enumerate(model.quantizer.layers):
        embed = layer.codebook.embed
        embed.copy_(noise(*embed.shape, seed=index) / 2)
    for name, value in model.named_parameters():
        if name.endswith("weight.original0"):
            value.mul_(1.8)
    return model


@pytest.fixture(scope="module")
def folder(noise, tmp_path_factory):
    place = tmp_path_factory.mktemp("transformers")
    build(noise).save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def reference(folder):
    return transformers.EncodecModel.from_pretrained(folder).eval()


@pytest.fixture(scope="module")
def loaded(folder):
    return Codec.from_pretrained(folder)


@torch.no_grad()
@pytest.mark.parametrize("samples", [1, 319, 321, 3000, 24_017])
def test_codes_latents_and_audio_are_those_of_transformers(reference, loaded, noise, samples):
    wave = noise(samples)
    encoded = reference.encode(wave[None, None], bandwidth=6.0)
    ours = loaded.encode(wave, 24_000)
    assert torch.equal(ours, encoded.audio_codes[0, 0].t())
    latents = reference.quantizer.decode(encoded.audio_codes[0].transpose(0, 1))[0].t()
    assert (loaded.latents(ours) - latents).abs().max() <= 1e-5
    audio = reference.decode(encoded.audio_codes, encoded.audio_scales).audio_values[0, 0]
    assert (loaded.decode(latents) - audio).abs().max() <= 1e-4


def test_the_codes_of_that_comparison_tell_something(loaded, noise):
    codes = loaded.encode(noise(24_017), 24_000)
    assert all(codes[:, k].unique().numel() >= 16 for k in range(8))


def test_the_sizes_are_those_of_the_24_khz_model(loaded):
    assert loaded.config == CodecConfig()


TINY = {"num_filters": 4, "hidden_size": 16, "codebook_size": 32, "upsampling_ratios": [4, 2]}


@torch.no_grad()
def test_another_size_loads_too(noise, tmp_path):
    model = build(noise, **TINY, num_residual_layers=2, num_lstm_layers=1, use_conv_shortcut=False)
    model.save_pretrained(tmp_path)
    codec = Codec.from_pretrained(tmp_path)
    codes = codec.encode(noise(999), codec.sample_rate)
    theirs = model.encode(noise(999)[None, None], bandwidth=24.0).audio_codes[0, 0, :8].t()
    assert torch.equal(codes, theirs)


def old_spelling(state):
    return {
        key.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for key, value in state.items()
    }


def test_a_pickled_folder_in_the_old_spelling_is_the_same_codec(noise, tmp_path):
    model = build(noise, **TINY)
    model.save_pretrained(tmp_path)
    expected = Codec.from_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(old_spelling(model.state_dict()), tmp_path / "pytorch_model.bin")
    assert Codec.from_pretrained(tmp_path).fingerprint == expected.fingerprint
    assert same_weights(Codec.from_pretrained(tmp_path), expected)


def same_weights(one, other):
    return all(torch.equal(one.state_dict()[n], v) for n, v in other.state_dict().items())


def test_a_folder_without_weights_is_refused(noise, tmp_path):
    build(noise, **TINY).config.save_pretrained(tmp_path)
    with pytest.raises(CodecError, match=r"neither model\.safetensors nor"):
        Codec.from_pretrained(tmp_path)


def test_another_kind_of_model_is_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers.LlamaConfig().save_pretrained(tmp_path)
    with pytest.raises(CodecError, match=r"config\.json: model_type is 'llama'"):
        Codec.from_pretrained(tmp_path)
