import json
import resource
import shutil

import pytest
import torch
from sled_model import SledModel, Tokenizer
from sled_train import TrainError, list_checkpoints, train
from sled_train._checkpoint import (
    Progress,
    Speaker,
    remove_leftovers,
    save_checkpoint,
    whole_folder,
)


@pytest.fixture
def finished(make_recipe):
    recipe = make_recipe("run.keep_last=2")
    return recipe, train(recipe, quiet=True)


def test_the_last_checkpoints_are_kept_and_load_as_models(finished):
    _, result = finished
    checkpoints = list_checkpoints(result.run)
    assert [path.name for path in checkpoints] == ["step-4", "step-6"]
    for folder in (*checkpoints, result.final):
        model = SledModel.from_pretrained(folder)
        assert model.config.vocab_size == Tokenizer.from_pretrained(folder).vocab_size
        assert model.config.codec_fingerprint
    last, final = (
        SledModel.from_pretrained(f).state_dict() for f in (checkpoints[-1], result.final)
    )
    assert all(torch.equal(last[name], final[name]) for name in last)
    assert not list(result.run.rglob("*.part*"))


def test_half_written_checkpoints_are_ignored_and_removed(finished):
    recipe, result = finished
    checkpoints = result.run / "checkpoints"
    shutil.copytree(checkpoints / "step-6", checkpoints / ".part-step-8-0a")
    half = checkpoints / "step-10"
    half.mkdir()
    (half / "config.json").write_text("{}")
    assert list_checkpoints(result.run)[-1].name == "step-6"
    remove_leftovers(result.run)
    assert not (checkpoints / ".part-step-8-0a").exists()
    assert train(recipe, quiet=True).step == 6


@pytest.mark.parametrize("name", ["trainer.json", "optimizer.safetensors", "model.safetensors"])
def test_a_damaged_checkpoint_is_named(finished, name):
    recipe, result = finished
    file = list_checkpoints(result.run)[-1] / name
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(ValueError, match=name) as caught:
        train(recipe, quiet=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.hidden_size=64", "hidden_size 32, now it is 64"),
        ("run.seed=1", "seed 0, now it is 1"),
        ("data.max_seconds=0.5", "corpus 12 clips"),
        ("layout.kind=streaming", "stream_n"),
    ],
)
def test_a_run_is_not_resumed_as_something_else(finished, make_recipe, override, message):
    with pytest.raises(TrainError, match=message):
        train(make_recipe(override), quiet=True)


def test_a_folder_is_whole_or_not_there(tmp_path):
    def fill_the_disk():
        with whole_folder(tmp_path / "a") as folder:
            (folder / "file").write_text("x")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        fill_the_disk()
    assert list(tmp_path.iterdir()) == []
    for text in ("old", "new"):
        with whole_folder(tmp_path / "a") as folder:
            (folder / "file").write_text(text)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a/file").read_text() == "new"


def test_a_full_disk_is_an_os_error_and_leaves_no_checkpoint(finished):
    _, result = finished
    model = SledModel.from_pretrained(result.final)
    speaker = Speaker(model, model.state_dict(), Tokenizer.from_pretrained(result.final))
    size = max(file.stat().st_size for file in result.final.iterdir()) + 1000
    state = {"exp_avg/weight": torch.zeros(size)}
    before = sorted(result.run.rglob("*"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            save_checkpoint(result.run, speaker, state, Progress(8, 0, {}, ""), keep_last=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert sorted(result.run.rglob("*")) == before


def test_the_trainer_state_is_plain_json(finished):
    _, result = finished
    state = json.loads((list_checkpoints(result.run)[-1] / "trainer.json").read_text())
    assert (state["step"], state["seed"]) == (6, 0)
    assert state["frames"] > state["clips"] > 6
