"""Model folders: saved and loaded is as before, and whatever does not fit is named."""

import json
import resource
import shutil
from contextlib import contextmanager

import pytest
import torch
from safetensors.torch import load_file, save_file
from sled_model import ModelError, OfflineLayout, SledConfig, SledModel


@pytest.fixture
def folder(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def edit_weights(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")


def edit_config(folder, **fields):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_saved_and_loaded_is_as_before(tiny_model, folder):
    loaded = SledModel.from_pretrained(folder)
    assert not loaded.training
    x = torch.randn(2, 9, 16)
    assert torch.equal(loaded.backbone(x), tiny_model.backbone(x))
    for (name, ours), theirs in zip(
        tiny_model.state_dict().items(), loaded.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs), name


@pytest.mark.parametrize("kind", ["offline", "streaming"])
def test_a_published_checkpoint_is_written_back_as_it_was(kind, parity, tmp_path):
    SledModel.from_pretrained(parity / kind).save_pretrained(tmp_path)
    ours, theirs = (load_file(each / "model.safetensors") for each in (tmp_path, parity / kind))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    config, published = (
        json.loads((each / "config.json").read_text()) for each in (tmp_path, parity / kind)
    )
    skipped = {"transformers_version", "rope_scaling"}
    assert {name: config.get(name) for name in published.keys() - skipped} == {
        name: published[name] for name in published.keys() - skipped
    }


@pytest.mark.parametrize("groups", [1, 2])
def test_grouped_heads_survive_saving(groups, tiny_config, randomised, tmp_path):
    model = randomised(SledConfig(**{**tiny_config.to_dict(), "num_key_value_heads": groups}))
    model.save_pretrained(tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    assert stored["model.layers.0.self_attn.k_proj.weight"].shape == (4 * groups, 16)
    x = torch.randn(1, 5, 16)
    assert torch.equal(SledModel.from_pretrained(tmp_path).backbone(x), model.backbone(x))


def test_weights_may_be_stored_in_another_dtype(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path, dtype=torch.bfloat16)
    assert json.loads((tmp_path / "config.json").read_text())["torch_dtype"] == "bfloat16"
    assert SledModel.from_pretrained(tmp_path).dtype == torch.float32
    assert SledModel.from_pretrained(tmp_path, dtype="auto").dtype == torch.bfloat16
    assert SledModel.from_pretrained(tmp_path, dtype="bfloat16").dtype == torch.bfloat16
    with pytest.raises(ModelError, match="int8"):
        SledModel.from_pretrained(tmp_path, dtype="int8")


def test_a_loaded_model_trains(folder, make_batch):
    model = SledModel.from_pretrained(folder)
    batch = make_batch([3], [4], model.config)
    model.loss(batch, OfflineLayout(), generator=torch.Generator()).total.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize(
    "name", ["eos_head.weight", "model.layers.1.self_attn.k_proj.weight", "bceloss.pos_weight"]
)
def test_a_missing_tensor_is_named(name, folder):
    edit_weights(folder, lambda tensors: tensors.pop(name))
    with pytest.raises(ModelError, match=f"{name} is missing"):
        SledModel.from_pretrained(folder)


def test_a_surplus_tensor_is_named(folder):
    edit_weights(folder, lambda tensors: tensors.update(extra=torch.zeros(1)))
    with pytest.raises(ModelError, match="extra is surplus"):
        SledModel.from_pretrained(folder)


def test_a_misshapen_tensor_is_named(folder):
    edit_weights(folder, lambda tensors: tensors.update({"z_proj.bias": torch.zeros(3)}))
    with pytest.raises(ModelError, match=r"z_proj.bias has shape \(3,\), not \(16,\)"):
        SledModel.from_pretrained(folder)


def test_weights_of_another_size_are_refused(folder):
    edit_config(folder, num_hidden_layers=3)
    with pytest.raises(ModelError, match=r"model.layers.2.* is missing .and \d+ more"):
        SledModel.from_pretrained(folder)


@pytest.mark.parametrize("kept", [0, 5, 200, -100])
def test_a_truncated_file_is_refused(kept, folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelError, match="damaged"):
        SledModel.from_pretrained(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(name, folder):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        SledModel.from_pretrained(folder)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        SledModel.from_pretrained(tmp_path / "nowhere")


def test_a_hub_id_that_is_not_in_the_cache(tmp_path):
    with pytest.raises(ModelError, match=r"someone/some-model: cannot get config.json"):
        SledModel.from_pretrained("someone/some-model", cache_dir=tmp_path, local_files_only=True)


def test_a_hub_id_that_is_in_the_cache(folder, tmp_path):
    repository = tmp_path / "hub" / "models--someone--some-model"
    shutil.copytree(folder, repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    model = SledModel.from_pretrained(
        "someone/some-model", cache_dir=tmp_path / "hub", local_files_only=True
    )
    assert model.config.hidden_size == 16


@contextmanager
def full_disk(size: int):
    """No file may grow beyond `size` bytes while this is open."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_an_os_error_and_leaves_the_old_files_and_nothing_else(tiny_model, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(OSError, match="too large"), full_disk(4096):
        tiny_model.save_pretrained(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
