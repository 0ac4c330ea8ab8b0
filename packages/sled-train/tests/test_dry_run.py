"""`dry_run` says what a run would be, and leaves no trace."""

import json
from dataclasses import replace

import pytest
import torch
from sled_model import SledModel
from sled_train import TrainError, dry_run, train
from sled_train._dry_run import activation_bytes


@pytest.fixture
def recipe(make_recipe):
    return make_recipe("data.batch_frames=200", "run.steps=30")


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_it_says_what_the_run_then_does(recipe, tmp_path):
    plan = dry_run(recipe)
    assert files(tmp_path) == []
    result = train(replace(recipe, run=replace(recipe.run, steps=6)), quiet=True)
    state = json.loads((result.run / "checkpoints/step-6/trainer.json").read_text())
    assert (plan.clips, plan.first_step, plan.steps) == (12, 0, 30)
    assert plan.hours_per_step == pytest.approx(state["frames"] / 6 / 25 / 3600, rel=0.2)
    assert plan.hours_seen == pytest.approx(plan.epochs * plan.hours)
    after = dry_run(recipe)
    model = SledModel.from_pretrained(result.final)
    assert after.first_step == 6
    assert after.vocab_size == model.config.vocab_size
    assert after.parameters == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("precision", ["fp32", "bf16", "bf16-pure"])
def test_memory_of_the_state_follows_the_precision(make_recipe, precision):
    plan = dry_run(make_recipe(f"run.precision={precision}"))
    each = {"fp32": 16, "bf16": 18, "bf16-pure": 10}[precision]
    assert plan.state_gb == pytest.approx(plan.parameters * each / 1e9)
    assert plan.memory_gb == plan.state_gb + plan.activations_gb


def test_cut_up_weights_share_the_memory(make_recipe, monkeypatch):
    recipe = make_recipe("run.parallel=fsdp")
    alone = dry_run(recipe).state_gb
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert dry_run(recipe).state_gb == pytest.approx(alone / 4)


def test_activations_grow_with_layers_blocks_and_width_and_shrink_with_bfloat16(make_recipe):
    base = activation_bytes(make_recipe())
    two, three = (activation_bytes(make_recipe(f"model.num_hidden_layers={n}")) for n in (2, 3))
    assert base < two < three
    assert three - two == pytest.approx(two - base)
    assert activation_bytes(make_recipe("model.diffloss_d=2")) > base
    assert activation_bytes(make_recipe("run.checkpointing=true")) < 0.9 * base
    assert 0.4 * base < activation_bytes(make_recipe("run.precision=bf16-pure")) < 0.8 * base


def test_measuring_leaves_the_random_numbers_alone(make_recipe):
    before = torch.random.get_rng_state()
    activation_bytes(make_recipe())
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("override", "message"),
    [("data.train=null", "data.train is not set"), ("data.min_seconds=5", "no clip has")],
)
def test_what_does_not_fit_is_refused(make_recipe, override, message):
    with pytest.raises(TrainError, match=message):
        dry_run(make_recipe(override))
