"""Equal to the ``encodec`` package, and read from its checkpoints, whole or in training."""

import warnings

import pytest
import torch
from encodec import EncodecModel
from sled_codec import Codec, CodecError


def without_deprecation(make):
    """Call ``make`` without torch's word on the old spelling of weight normalisation."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*weight_norm.*")
        return make()


@pytest.fixture(scope="module")
@torch.no_grad()
def reference(noise):
    """Return Meta's 24 kHz model with random weights, loud enough for its codes to vary."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = without_deprecation(lambda: EncodecModel.encodec_model_24khz(pretrained=False))
    for index, layer in enumerate(model.quantizer.vq.layers):
        layer._codebook.embed.copy_(noise(1024, 128, seed=index) / 2)
    for name, value in model.named_parameters():
        if name.endswith("weight_g"):
            value.mul_(1.8)
    model.set_target_bandwidth(6.0)
    return model.eval()


@pytest.fixture(scope="module")
def loaded(reference, tmp_path_factory):
    path = tmp_path_factory.mktemp("meta") / "encodec_24khz.th"
    torch.save(reference.state_dict(), path)
    return Codec.from_pretrained(path)


@torch.no_grad()
def test_codes_latents_and_audio_are_those_of_meta(reference, loaded, noise):
    wave = noise(24_017)
    codes, _ = reference.encode(wave[None, None])[0]
    ours = loaded.encode(wave, 24_000)
    assert torch.equal(ours, codes[0].t())
    assert all(ours[:, k].unique().numel() >= 16 for k in range(8))
    latents = reference.quantizer.decode(codes.transpose(0, 1))[0].t()
    assert (loaded.latents(ours) - latents).abs().max() <= 1e-5
    audio = reference.decode([(codes, None)])[0, 0]
    assert (loaded.decode(latents) - audio).abs().max() <= 1e-4


@torch.no_grad()
@pytest.mark.parametrize("samples", [1, 2, 5, 319, 320, 321, 2000])
def test_short_recordings_too(reference, loaded, noise, samples):
    wave = noise(samples)
    codes, _ = reference.encode(wave[None, None])[0]
    assert torch.equal(loaded.encode(wave, 24_000), codes[0].t())
    audio = reference.decode([(codes, None)])[0, 0]
    assert (loaded.decode(loaded.latents(codes[0].t())) - audio).abs().max() <= 1e-4


@pytest.mark.parametrize("nest", ["best_state", "model", "state_dict"])
def test_a_nested_checkpoint_is_the_same_codec(reference, loaded, tmp_path, nest):
    torch.save({nest: reference.state_dict(), "epoch": 3}, tmp_path / "a.th")
    assert Codec.from_pretrained(tmp_path / "a.th").fingerprint == loaded.fingerprint


def test_the_new_spelling_of_weight_norm_is_the_same_codec(reference, loaded):
    spelled = {
        key.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): value
        for key, value in reference.state_dict().items()
    }
    made = Codec.from_state_dict(spelled, loaded.config)
    assert all(torch.equal(made.state_dict()[n], v) for n, v in loaded.state_dict().items())


def test_folded_weights_are_the_same_codec(reference, loaded, tmp_path):
    loaded.save_pretrained(tmp_path)
    again = Codec.from_pretrained(tmp_path)
    assert all(torch.equal(again.state_dict()[n], v) for n, v in loaded.state_dict().items())


@pytest.mark.parametrize(
    ("key", "change", "named"),
    [
        ("encoder.model.0.conv.conv.weight_g", None, "without the other half"),
        ("encoder.model.0.conv.conv.weight_g", torch.zeros(3, 1, 1), "weight_g has shape"),
        ("encoder.model.0.conv.conv.bias", None, "conv.bias' is missing"),
        ("encoder.model.0.conv.conv.extra", torch.zeros(1), "conv.extra' belongs to no part"),
        ("quantizer.vq.layers.7._codebook.embed", None, "codebook 7 of 8 is missing"),
        ("quantizer.vq.layers.0._codebook.embed", torch.zeros(2, 2), "codebook 0 has shape"),
        ("quantizer.vq.layers.0._codebook.extra", torch.zeros(1), "belongs to no part"),
    ],
)
def test_a_key_that_does_not_fit_is_named(reference, loaded, key, change, named):
    state = dict(reference.state_dict())
    state.pop(key, None)
    if change is not None:
        state[key] = change
    with pytest.raises(CodecError, match=named):
        Codec.from_state_dict(state, loaded.config)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "a.th")
    with pytest.raises(CodecError, match="missing"):
        Codec.from_pretrained(tmp_path / "a.th")
