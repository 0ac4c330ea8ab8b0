import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sled_codec import write_audio
from sled_model import SledModel
from sled_train import TrainError, list_checkpoints, train
from sled_train._build import build_config

MACHINE = {"frames_per_s", "memory_gb"}


def log(result, kind="train"):
    rows = [json.loads(line) for line in (result.run / "progress.jsonl").read_text().splitlines()]
    return [{k: v for k, v in r.items() if k not in MACHINE} for r in rows if r["kind"] == kind]


def weights(folder):
    return SledModel.from_pretrained(folder).state_dict()


def asking_to_stop(number):
    """Stand in for the voice at an evaluation: ask for a stop, as a terminal or scheduler does."""

    def speak(*_, **__):
        os.kill(os.getpid(), number)
        return []

    return speak


def test_a_tiny_corpus_is_learned(make_recipe):
    result = train(
        make_recipe("run.steps=80", "optim.lr=3e-3", "run.save_every=80", "data.batch_frames=1000"),
        quiet=True,
    )
    rows = log(result)
    assert result.finished
    assert rows[-1]["loss"] < 0.6 * rows[0]["loss"]
    assert rows[-1]["energy"] < 0.8 * rows[0]["energy"]
    assert rows[-1]["energy"] == pytest.approx(rows[-1]["attraction"] - rows[-1]["repulsion"])


def test_checkpointing_gives_the_same_losses(make_recipe):
    kept = train(make_recipe("run.steps=2", run="kept"), quiet=True)
    again = train(make_recipe("run.steps=2", "run.checkpointing=true", run="again"), quiet=True)
    for one, other in zip(log(kept), log(again), strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_and_resumed_run_gives_the_losses_of_an_uninterrupted_one(make_recipe, number):
    options = ("run.steps=8", "run.eval_every=3", "data.eval_fraction=0.2", "run.save_every=100")
    whole = train(make_recipe(*options, run="whole"), quiet=True)
    broken = train(make_recipe(*options, run="broken"), quiet=True, speak=asking_to_stop(number))
    assert (broken.finished, broken.step, broken.final) == (False, 3, None)
    resumed = train(make_recipe(*options, run="broken"), quiet=True)
    assert resumed.finished
    assert log(resumed) == log(whole)
    assert log(resumed, "eval") == log(whole, "eval")
    expected, got = weights(whole.final), weights(resumed.final)
    assert all(torch.equal(expected[name], got[name]) for name in expected)


def test_what_was_logged_after_the_last_checkpoint_is_forgotten(make_recipe):
    result = train(make_recipe(), quiet=True)
    before = log(result)
    with (result.run / "progress.jsonl").open("a") as file:
        file.write('{"step": 7, "kind": "train"}\n{"step": 8, "ki')
    assert log(train(make_recipe(), quiet=True)) == before


def test_a_finished_run_that_is_run_again_tells_its_last_losses(make_recipe):
    options = ("run.steps=2", "data.eval_fraction=0.2", "run.eval_every=2")
    first, again = (train(make_recipe(*options), quiet=True) for _ in range(2))
    assert again.final == first.final
    assert again.losses.items() >= first.losses.items()
    assert again.evaluation == first.evaluation


def test_micro_batches_give_the_loss_and_gradient_of_the_whole_batch(make_recipe):
    # The head's outputs start at zero, so that at the first step its noise does not matter.
    exact = ("run.steps=1", "model.training_cfg=0", "data.batch_frames=1000", "model.dropout=0")
    dry = (*exact, "model.attention_dropout=0", "model.activation_dropout=0")
    whole = train(make_recipe(*dry, run="whole"), quiet=True)
    split = train(make_recipe(*dry, "data.micro_frames=60", run="split"), quiet=True)
    for name in ("loss", "energy", "stop", "grad_norm"):
        assert split.losses[name] == pytest.approx(whole.losses[name], rel=1e-4)


@pytest.mark.parametrize("layout", ["offline", "streaming"])
def test_mixed_precision_trains_with_float32_weights(make_recipe, layout):
    result = train(
        make_recipe("run.precision=bf16", f"layout.kind={layout}", "layout.m=3", "layout.n=1"),
        quiet=True,
    )
    model = SledModel.from_pretrained(result.final)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert (model.config.stream_m or 0) == (3 if layout == "streaming" else 0)
    assert all(0 < row["loss"] < 100 for row in log(result))


def test_fine_tuning_starts_from_a_model_and_keeps_its_sizes_and_tokenizer(make_recipe):
    first = train(make_recipe(run="first"), quiet=True)
    init = f"run.init_from={first.final}"
    second = make_recipe(init, "model.hidden_size=64", "run.steps=1", "optim.lr=1e-9", run="second")
    result = train(second, quiet=True)
    before, after = weights(first.final), weights(result.final)
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    assert (result.final / "vocab.json").read_bytes() == (first.final / "vocab.json").read_bytes()
    first.final.rename(first.run / "moved")
    assert train(second, quiet=True).finished


def test_the_model_names_its_codec_so_that_it_is_found_from_everywhere(
    make_recipe, codec_folder, monkeypatch
):
    monkeypatch.chdir(codec_folder.parent)
    codec = f"data.codec={codec_folder.name}"
    config = SledModel.from_pretrained(
        train(make_recipe(codec, "run.steps=1"), quiet=True).final
    ).config
    assert config.codec == str(codec_folder)
    assert build_config(make_recipe("data.codec=embedded"), 270).codec == "embedded"
    assert build_config(make_recipe("data.codec=owner/name"), 270).codec == "owner/name"


def test_held_out_texts_are_spoken_and_logged(make_recipe, corpus_folder):
    heard = []

    def speak(model, tokenizer, codec, texts, seed):
        assert not model.training
        heard.append((list(texts), seed))
        return [torch.zeros(800) for _ in texts]

    options = ("run.tensorboard=true", "run.eval_audio=2", "run.eval_every=3")
    result = train(make_recipe(*options, f"data.eval={corpus_folder}"), quiet=True, speak=speak)
    assert heard == [(["one", "two"], 0)] * 2
    assert [row["step"] for row in log(result, "eval")] == [3, 6]
    assert result.evaluation["loss"] == log(result, "eval")[-1]["loss"]
    assert len(list((result.run / "tensorboard").iterdir())) == 1


def test_a_voice_that_fails_does_not_end_the_training(make_recipe):
    def speak(*_, **__):
        raise ValueError("nothing to say")

    options = ("data.eval_fraction=0.2", "run.eval_every=3")
    assert train(make_recipe(*options), quiet=True, speak=speak).finished


def spoil(monkeypatch, change):
    """Let `change(model, batch, energy)` replace the energy of every loss."""
    whole = SledModel.loss

    def loss(self, batch, *args, **kwargs):
        losses = whole(self, batch, *args, **kwargs)
        return replace(losses, energy=change(self, batch, losses.energy))

    monkeypatch.setattr(SledModel, "loss", loss)


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_micro_batch(
    make_recipe, monkeypatch
):
    def nan_for_the_longest(_, batch, energy):
        return energy * float("nan") if max(batch.frame_lengths) == 19 else energy

    spoil(monkeypatch, nan_for_the_longest)
    recipe = make_recipe("data.batch_frames=1000", "data.micro_frames=40")
    with pytest.raises(TrainError, match=r"step 1: loss nan.*/11\.wav"):
        train(recipe, quiet=True)
    run = Path(recipe.run.out)
    named = [Path(line).name for line in (run / "failed_batch.txt").read_text().splitlines()]
    assert "11.wav" in named
    assert len(named) < 4
    assert list_checkpoints(run) == []


def test_a_gradient_that_is_not_finite_stops_the_run_and_names_the_batch(make_recipe, monkeypatch):
    def steep(model, _, energy):
        return energy + (model.stop.weight.sum() * 0).sqrt()  # worth 0, but infinitely steep

    spoil(monkeypatch, steep)
    recipe = make_recipe()
    with pytest.raises(TrainError, match=r"step 1: grad_norm nan.*\.wav"):
        train(recipe, quiet=True)
    assert (Path(recipe.run.out) / "failed_batch.txt").read_text().count(".wav") > 1


def test_clips_that_cannot_be_used_are_left_out_and_listed(make_recipe, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, seconds in {"good": 0.5, "short": 0.05, "long": 9.0}.items():
        write_audio(folder / f"{name}.wav", torch.zeros(int(8000 * seconds)), 8000)
    (folder / "bad.wav").write_bytes(b"no audio")
    names = ("good", "short", "long", "bad", "gone")
    (folder / "metadata.csv").write_text("".join(f"{name}.wav|s|one\n" for name in names))
    options = (f"data.train={folder}", "data.max_seconds=5", "run.steps=1")
    result = train(make_recipe(*options), quiet=True)
    listed = (result.run / "skipped.txt").read_text()
    assert len(result.skipped) == 4
    assert all(f"{name}.wav" in listed for name in names[1:])
    with pytest.raises(TrainError, match=r"metadata\.csv:4: .*bad\.wav"):
        train(make_recipe(f"data.train={folder}", "data.strict=true", run="strict"), quiet=True)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.train=null", "data.train is not set"),
        ("run.out=null", "run.out is not set"),
        ("model.vae_embed_dim=8", "have 16 numbers"),
        ("data.min_seconds=5", "no clip is left"),
        ("data.vocab_size=10", "vocab_size"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused_in_one_line(make_recipe, override, message):
    with pytest.raises(ValueError, match=message) as caught:
        train(make_recipe(override), quiet=True)
    assert "\n" not in str(caught.value)
