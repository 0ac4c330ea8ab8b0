import pytest
import torch
from sled_train import OptimRecipe
from sled_train._optim import (
    build_optimizer,
    learning_rate,
    load_optimizer_tensors,
    optimizer_tensors,
)
from torch import nn


@pytest.mark.parametrize(
    ("step", "share"), [(0, 0.25), (1, 0.5), (3, 1.0), (4, 1.0), (8, 0.5), (11, 0.125), (12, 0)]
)
def test_the_rate_warms_up_and_decays_linearly(step, share):
    recipe = OptimRecipe(lr=2.0, warmup_steps=4)
    assert learning_rate(step, recipe, steps=12) == pytest.approx(2.0 * share)


def test_without_warm_up_the_first_rate_is_the_full_one():
    assert learning_rate(0, OptimRecipe(lr=2.0, warmup_steps=0), steps=4) == 2.0


def test_only_matrices_decay():
    model = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))
    groups = build_optimizer(model, OptimRecipe(weight_decay=0.3)).param_groups
    assert [(group["weight_decay"], len(group["params"])) for group in groups] == [
        (0.3, 1),
        (0.0, 3),
    ]


def test_the_optimizer_state_survives_as_named_tensors():
    def step(model, optimizer):
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    model, other = nn.Linear(3, 2), nn.Linear(3, 2)
    optimizer = build_optimizer(model, OptimRecipe())
    step(model, optimizer)
    other.load_state_dict(model.state_dict())
    restored = build_optimizer(other, OptimRecipe())
    tensors = {k: v.clone() for k, v in optimizer_tensors(optimizer, model).items()}
    assert "exp_avg/weight" in tensors
    load_optimizer_tensors(restored, other, tensors)
    step(model, optimizer)
    step(other, restored)
    assert torch.equal(model.weight, other.weight)
