"""Saved and loaded = before; what is damaged or foreign is refused by name."""

import json

import pytest
import safetensors.torch
import torch
from sled_codec import EMBEDDED, Codec, CodecError
from torch import nn


def same_audio(one, other, noise):
    codes = one.encode(noise(3000), 24_000)
    return torch.equal(codes, other.encode(noise(3000), 24_000)) and torch.equal(
        one.decode(one.latents(codes)), other.decode(other.latents(codes))
    )


def test_saved_and_loaded_is_as_before(codec, tiny_folder, noise):
    loaded = Codec.from_pretrained(tiny_folder)
    assert loaded.config == codec.config
    assert loaded.fingerprint == codec.fingerprint
    assert same_audio(codec, loaded, noise)


def test_a_folder_is_also_found_by_its_files(codec, tiny_folder):
    for name in ("codec.json", "codec.safetensors"):
        assert Codec.from_pretrained(tiny_folder / name).fingerprint == codec.fingerprint


def test_float16_halves_the_file_and_is_float32_again_once_loaded(codec, tiny_folder, tmp_path):
    codec.save_pretrained(tmp_path / "half", dtype=torch.float16)
    loaded = Codec.from_pretrained(tmp_path / "half")
    sizes = [
        (folder / "codec.safetensors").stat().st_size for folder in (tiny_folder, tmp_path / "half")
    ]
    assert sizes[1] < 0.75 * sizes[0]
    for name, value in loaded.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, codec.state_dict()[name].half().float())


def test_the_embedded_codec_has_the_frame_of_the_24_khz_model():
    embedded = Codec.from_pretrained(EMBEDDED)
    assert (embedded.sample_rate, embedded.hop_length, embedded.latent_size) == (24_000, 320, 128)
    assert (embedded.config.n_codebooks, embedded.config.codebook_size) == (8, 1024)
    latents = embedded.latents(embedded.encode(torch.zeros(3200), 24_000))
    assert embedded.decode(latents).shape == (3200,)


def test_the_fingerprint_tells_sizes_and_weights_apart(codec, random_weights):
    changed = random_weights(codec.config)
    changed["codebooks.tables"][0, 0, 0] += 1
    assert Codec.from_state_dict(changed, codec.config).fingerprint != codec.fingerprint
    assert len(codec.fingerprint) == 64


def test_training_on_does_not_change_a_codec_that_was_made(codec, random_weights):
    live = {name: nn.Parameter(value) for name, value in random_weights(codec.config).items()}
    made = Codec.from_state_dict(live, codec.config)
    with torch.no_grad():
        for value in live.values():
            value.add_(1)
    assert all(torch.equal(made.state_dict()[n], v) for n, v in codec.state_dict().items())


def rewrite(folder, change):
    path = folder / "codec.safetensors"
    state = safetensors.torch.load_file(path)
    change(state)
    safetensors.torch.save_file(state, path)


DAMAGES = {
    "missing": lambda state: state.pop("decoder.model.0.conv.conv.bias"),
    "surplus": lambda state: state.update({"decoder.model.99.weight": torch.zeros(1)}),
    "shape": lambda state: state.update({"encoder.model.0.conv.conv.bias": torch.zeros(3)}),
    "NaN": lambda state: state["codebooks.tables"].fill_(float("nan")),
}
NAMED = {
    "missing": r"'decoder\.model\.0\.conv\.conv\.bias' is missing",
    "surplus": r"'decoder\.model\.99\.weight' belongs to no part",
    "shape": r"'encoder\.model\.0\.conv\.conv\.bias' has shape \[3\], not \[4\]",
    "NaN": r"'codebooks\.tables' holds NaN",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_key_that_does_not_fit_is_named_with_its_folder(tiny_folder, damage):
    rewrite(tiny_folder, DAMAGES[damage])
    with pytest.raises(CodecError, match=NAMED[damage]) as error:
        Codec.from_pretrained(tiny_folder)
    assert str(tiny_folder) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kept", [0, 4, 100, 5000])
def test_a_truncated_file_is_refused(tiny_folder, kept):
    path = tiny_folder / "codec.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CodecError, match="damaged or cut short") as error:
        Codec.from_pretrained(tiny_folder)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_weights_are_named(tiny_folder):
    (tiny_folder / "codec.safetensors").unlink()
    with pytest.raises(CodecError, match=r"codec\.safetensors: no such file"):
        Codec.from_pretrained(tiny_folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"widht": 3}'])
def test_a_damaged_config_is_refused_with_its_path(tiny_folder, content):
    (tiny_folder / "codec.json").write_bytes(content)
    with pytest.raises(CodecError, match=r"codec\.json: ") as error:
        Codec.from_pretrained(tiny_folder)
    assert "\n" not in str(error.value)


def test_a_config_of_another_size_does_not_load_the_weights(tiny_folder):
    values = json.loads((tiny_folder / "codec.json").read_text())
    values["dimension"] = 17
    (tiny_folder / "codec.json").write_text(json.dumps(values))
    with pytest.raises(CodecError, match="has shape"):
        Codec.from_pretrained(tiny_folder)


def test_a_folder_without_a_codec_is_refused(tmp_path):
    with pytest.raises(CodecError, match="not a codec folder"):
        Codec.from_pretrained(tmp_path)


@pytest.mark.parametrize("source", ["/nowhere/at/all", "./x/y", "codec.th", "a/b.th", "x y"])
def test_a_source_that_is_not_there_is_refused_with_what_would_work(source):
    with pytest.raises(CodecError, match=r"no such folder or file.*hub id"):
        Codec.from_pretrained(source)


@pytest.mark.parametrize("device", ["gpu", "cuda:99", ""])
def test_a_device_that_is_not_there_is_refused(tiny_folder, device):
    with pytest.raises(CodecError, match=f"device '{device}'") as error:
        Codec.from_pretrained(tiny_folder, device=device)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_codec_is_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(CodecError, match="not a codec file"):
        Codec.from_pretrained(tmp_path / "a.wav")


@pytest.mark.parametrize("content", [b"", b"no pickle", b"PK\x03\x04 no zip"])
def test_a_th_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "a.th").write_bytes(content)
    with pytest.raises(CodecError, match="not a readable torch checkpoint") as error:
        Codec.from_pretrained(tmp_path / "a.th")
    assert "\n" not in str(error.value)


class Malicious:
    def __reduce__(self):
        return (pytest.fail, ("code in a checkpoint must not run",))


@pytest.mark.parametrize("content", [[1, 2], {}, {"a": 1}, {"model": {"b": "c"}}, Malicious()])
def test_a_th_file_without_weights_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.th")
    with pytest.raises(CodecError, match=r"a\.th"):
        Codec.from_pretrained(tmp_path / "a.th")


def test_a_disk_that_fills_up_leaves_the_old_codec(codec, tiny_folder, monkeypatch, tiny_config):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Codec.from_random(tiny_config, seed=9).save_pretrained(tiny_folder)
    assert sorted(path.name for path in tiny_folder.iterdir()) == [
        "codec.json",
        "codec.safetensors",
    ]
    assert Codec.from_pretrained(tiny_folder).fingerprint == codec.fingerprint
