import pytest
import torch
from sled_model import SledConfig, SledModel
from sled_train import OptimRecipe, TrainError, dry_run, train
from sled_train._muon import MuonAdamW, hidden_matrices
from sled_train._optim import build_optimizer, set_learning_rate

MUON = "optim.kind=muon"


@pytest.fixture
def model():
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    torch.manual_seed(0)
    return SledModel(SledConfig(**sizes, num_attention_heads=2, diffloss_d=1, diffloss_w=32))


def moved(model, recipe, rate=None):
    """What one update does to every parameter whose gradient is random."""
    optimizer = build_optimizer(model, recipe)
    if rate is not None:
        set_learning_rate(optimizer, rate)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.randn_like(p)
    optimizer.step()
    return {name: p.detach() - before[name] for name, p in model.named_parameters()}


def test_only_matrices_between_hidden_states_are_muons(model):
    names = {id(p): name for name, p in model.named_parameters()}
    hidden = {names[id(p)] for p in hidden_matrices(model)}
    assert {name for name in hidden if ".0." in name} == {
        "backbone.layers.0.attention.qkv.weight",
        "backbone.layers.0.attention.output.weight",
        "backbone.layers.0.feed_forward.gate_up.weight",
        "backbone.layers.0.feed_forward.down.weight",
        "head.blocks.0.modulation.weight",
        "head.blocks.0.inner.weight",
        "head.blocks.0.outer.weight",
    }
    assert not any("embedding" in name or "latent" in name or "norm" in name for name in hidden)


def test_an_update_moves_all_directions_of_a_hidden_matrix_about_alike(model):
    recipe = OptimRecipe(kind="muon", lr=1e-3, weight_decay=0.0)
    delta = moved(model, recipe)["backbone.layers.0.feed_forward.down.weight"]
    singular = torch.linalg.svdvals(delta) / (1e-3 * 0.2 * 48**0.5)
    assert 0.5 < singular.min() < singular.max() < 1.5


def test_it_is_about_as_large_as_adamws(model):
    recipe = OptimRecipe(kind="muon", lr=1e-3, weight_decay=0.0)
    delta = moved(model, recipe)["backbone.layers.0.attention.qkv.weight"]
    assert delta.square().mean().sqrt() == pytest.approx(0.2e-3, rel=0.3)


def test_all_else_moves_as_by_adamw(model):
    options = {"lr": 1e-3, "weight_decay": 0.1}
    state = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(1)
    muon = moved(model, OptimRecipe(kind="muon", **options))
    model.load_state_dict(state)
    torch.manual_seed(1)
    adamw = moved(model, OptimRecipe(**options))
    hidden = {id(p) for p in hidden_matrices(model)}
    for name, p in model.named_parameters():
        assert torch.equal(muon[name], adamw[name]) == (id(p) not in hidden), name


def test_one_rate_is_that_of_both(model):
    still = moved(model, OptimRecipe(kind="muon", lr=1.0), rate=0.0)
    assert all(not delta.any() for delta in still.values())


def test_without_hidden_matrices_to_train_it_is_adamw(model):
    for p in hidden_matrices(model):
        p.requires_grad_(False)
    assert not isinstance(build_optimizer(model, OptimRecipe(kind="muon")), MuonAdamW)


def test_a_run_ended_and_resumed_gives_the_weights_of_an_uninterrupted_one(make_recipe):
    options = (MUON, "run.precision=bf16", "run.steps=6", "run.save_every=3")
    whole = train(make_recipe(*options, run="whole"), quiet=True)
    broken = train(make_recipe(*options, run="broken"), quiet=True)
    for left in (broken.run / "checkpoints" / "step-6", broken.run / "final"):
        for file in left.iterdir():
            file.unlink()
        left.rmdir()
    again = train(make_recipe(*options, run="broken"), quiet=True)
    assert again.finished
    first, second = (SledModel.from_pretrained(r.final).state_dict() for r in (whole, again))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("before", "after"), [((), (MUON,)), ((MUON,), ())])
def test_a_run_is_not_resumed_with_the_other_kind(make_recipe, before, after):
    train(make_recipe("run.steps=1", *before), quiet=True)
    with pytest.raises(TrainError, match=r"another optim\.kind: restore it"):
        train(make_recipe("run.steps=2", *after), quiet=True)


@pytest.mark.parametrize("override", ["run.precision=bf16-pure", "run.parallel=fsdp"])
def test_what_it_does_not_go_with_is_refused(make_recipe, override):
    with pytest.raises(TrainError, match=r"optim\.kind=muon .*: set run\.p.*optim\.kind=adamw"):
        make_recipe(MUON, override)


def test_its_state_is_smaller(make_recipe):
    plain, muon = (dry_run(make_recipe(*options)) for options in ((), (MUON,)))
    assert plain.state_gb * 3 / 4 < muon.state_gb < plain.state_gb
