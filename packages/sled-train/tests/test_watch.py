"""What a run leaves to be looked at: curves, sounds, pictures, versions, the best model."""

import json
import math
import sys
import types
from importlib.metadata import version

import numpy as np
import pytest
import torch
from sled_model import SledModel
from sled_train import TrainError, train
from sled_train._boards import TensorBoard, spectrogram
from sled_train._checkpoint import list_checkpoints
from sled_train._record import Meter
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

EVALUATED = ("data.eval_fraction=0.2", "run.eval_every=2", "run.eval_audio=1")


def rows(result, kind):
    lines = (result.run / "progress.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


def speak(model, tokenizer, codec, texts, seed):
    return [torch.zeros(800) for _ in texts]


def test_every_step_says_what_there_is_to_watch(make_recipe):
    result = train(make_recipe(*EVALUATED), quiet=True)
    parts = {"loss", "energy", "attraction", "repulsion", "stop", "stop_recall", "stop_precision"}
    machine = {"grad_norm", "lr", "padding", "frames_per_s", "memory_gb"}
    for row in rows(result, "train"):
        assert row.keys() == {"step", "kind"} | parts | machine
        assert row["energy"] == pytest.approx(row["attraction"] - row["repulsion"])
        assert 0 <= row["stop_recall"] <= 1
        assert 0 <= row["stop_precision"] <= 1
        assert 0 <= row["padding"] < 1
        assert row["frames_per_s"] > 0
        assert row["memory_gb"] > 0.01
    assert all(row.keys() == {"step", "kind"} | parts for row in rows(result, "eval"))


def test_the_run_folder_says_with_what_it_was_made(make_recipe):
    result = train(make_recipe("run.steps=1"), quiet=True)
    found = json.loads((result.run / "versions.json").read_text())
    assert found["packages"]["torch"] == version("torch")
    assert found["processes"] == 1
    assert "precision: fp32" in (result.run / "recipe.yaml").read_text()


def test_the_best_model_is_kept_and_survives_a_resume(make_recipe):
    options = (*EVALUATED, "optim.lr=1e-2")
    result = train(make_recipe(*options, "run.steps=4"), quiet=True)
    result = train(make_recipe(*options, "run.steps=12", "optim.lr=1.0"), quiet=True)
    evaluations = {row["step"]: row["loss"] for row in rows(result, "eval")}
    best = min(evaluations, key=evaluations.get)
    state = json.loads((result.run / "checkpoints/step-12/trainer.json").read_text())
    assert (state["best_step"], state["best_loss"]) == (best, evaluations[best])
    assert best < 12
    kept, last = (
        SledModel.from_pretrained(result.run / name).state_dict() for name in ("best", "final")
    )
    assert not all(torch.equal(kept[name], last[name]) for name in kept)


def test_a_loss_that_is_no_number_is_never_the_lowest(make_recipe, monkeypatch):
    losses = iter([5.0, math.nan, 7.0])
    monkeypatch.setattr(
        "sled_train._loop.evaluate", lambda *_: {"loss": next(losses), "energy": 0.0}
    )
    result = train(make_recipe(*EVALUATED), quiet=True)
    state = json.loads((result.run / "checkpoints/step-6/trainer.json").read_text())
    assert (state["best_step"], state["best_loss"]) == (2, 5.0)


def test_losses_of_another_held_out_set_do_not_compare(make_recipe):
    first = train(make_recipe("data.eval_fraction=0.2", "run.eval_every=2"), quiet=True)
    path = list_checkpoints(first.run)[-1] / "trainer.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "best_loss": -1.0}))
    same = ("data.eval_fraction=0.2", "run.eval_every=1")
    train(make_recipe(*same, "run.steps=7"), quiet=True)
    state = json.loads((list_checkpoints(first.run)[-1] / "trainer.json").read_text())
    assert (state["best_loss"], state["best_step"] == 7) == (-1.0, False)
    path = list_checkpoints(first.run)[-1] / "trainer.json"
    path.write_text(json.dumps({**state, "held_out": "another"}))
    train(make_recipe(*same, "run.steps=8"), quiet=True)
    state = json.loads((list_checkpoints(first.run)[-1] / "trainer.json").read_text())
    assert state["best_step"] == 8


def test_tensorboard_holds_sound_and_spectrogram_of_held_out_texts(make_recipe):
    options = ("run.tensorboard=true", "run.steps=2")
    result = train(make_recipe(*EVALUATED, *options), quiet=True, speak=speak)
    logs = b"".join(path.read_bytes() for path in (result.run / "tensorboard").iterdir())
    for name in (b"speech/0", b"speech/0/spectrogram", b"reconstruction/0", b"train/stop_recall"):
        assert name in logs


def test_tensorboard_shows_a_step_once_after_a_kill(tmp_path):
    for second, loss in enumerate((1.0, 2.0)):
        board = TensorBoard(tmp_path, start=0)
        board.scalars(1, {"loss": loss})
        board.close()
        # They are read in the order of their names, which begin with the second of their making.
        (made,) = set(tmp_path.iterdir()) - set(tmp_path.glob("*.made"))
        made.rename(tmp_path / f"events.out.tfevents.{second}.made")
    (shown,) = EventAccumulator(str(tmp_path)).Reload().Scalars("loss")
    assert (shown.step, shown.value) == (1, 2.0)


def test_a_spectrogram_shows_a_tone_where_it_is():
    time = torch.arange(8000) / 8000
    picture = spectrogram(torch.sin(2 * torch.pi * 1000 * time))
    assert picture.dtype == np.uint8
    assert picture.shape[0] == 513
    assert picture.shape[2] == 3
    row = int(picture.sum(axis=(1, 2)).argmax())
    assert 512 - row == 128  # 1 kHz of 4 kHz, counted from the foot
    assert spectrogram(torch.zeros(3)).shape[0] == 513


def test_frames_a_second_leave_out_what_lies_between_steps(monkeypatch):
    clock = iter([0.0, 2.0, 10.0, 12.0])
    monkeypatch.setattr("sled_train._record.time.perf_counter", lambda: next(clock))
    meter = Meter(torch.device("cpu"))
    for _ in range(2):
        with meter.running():
            meter.seen(100)
    assert meter.read()["frames_per_s"] == 50


def test_weights_and_biases_is_told_the_same(make_recipe, monkeypatch):
    told, closed = [], []
    run = types.SimpleNamespace(log=lambda values, step: told.append((step, values)))
    run.finish = lambda: closed.append(True)
    fake = types.ModuleType("wandb")
    fake.__spec__ = types.SimpleNamespace(name="wandb")
    fake.init = lambda **options: told.append(("init", options)) or run
    fake.config = types.SimpleNamespace(update=lambda *_, **__: None)
    fake.Audio = fake.Image = lambda value, **_: value
    monkeypatch.setitem(sys.modules, "wandb", fake)
    result = train(
        make_recipe(*EVALUATED, "run.steps=2", "run.wandb=voices"), quiet=True, speak=speak
    )
    assert told[0][1]["project"] == "voices"
    assert told[0][1]["resume"] == "allow"
    names = {name for _, values in told[1:] for name in values}
    assert {"train/loss", "eval/loss", "speech/0", "speech/0/spectrogram", "text/0"} <= names
    assert closed == [True]
    assert result.finished


def test_without_wandb_nothing_is_begun(make_recipe, monkeypatch):
    monkeypatch.setattr("sled_train._boards.find_spec", lambda _: None)
    recipe = make_recipe("run.wandb=voices")
    with pytest.raises(TrainError, match=r"sled-train\[wandb\]"):
        train(recipe, quiet=True)
