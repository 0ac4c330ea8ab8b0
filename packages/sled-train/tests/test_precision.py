"""float32, mixed, and pure bfloat16 with compensated updates."""

import json
import os
import re
import signal

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file
from sled_model import SledModel
from sled_train import OptimRecipe, TrainError, list_checkpoints, train
from sled_train._objective import Counts
from sled_train._optim import build_optimizer
from sled_train._precision import bytes_per_parameter
from sled_train._setup import setup
from sled_train._stop import StopSignal
from torch import nn


def losses(result):
    rows = [json.loads(line) for line in (result.run / "progress.jsonl").read_text().splitlines()]
    return [(row["step"], row["loss"], row.get("grad_norm")) for row in rows]


def dtypes(tensors):
    return {tensor.dtype for tensor in tensors}


def moved(*, compensate: bool, dtype: torch.dtype) -> float:
    """How far a weight of 1 goes in 200 steps of 1e-3 down a constant slope."""
    layer = nn.Linear(1, 1, bias=False, dtype=dtype)
    nn.init.ones_(layer.weight)
    recipe = OptimRecipe(lr=1e-3, weight_decay=0.0, compensate=compensate)
    optimizer = build_optimizer(layer, recipe)
    for _ in range(200):
        layer.weight.grad = torch.ones_like(layer.weight)
        optimizer.step()
    return 1.0 - layer.weight.item()


def test_small_updates_vanish_in_bfloat16_unless_compensated():
    assert moved(compensate=True, dtype=torch.float32) == pytest.approx(0.2, rel=1e-3)
    assert moved(compensate=True, dtype=torch.bfloat16) == pytest.approx(0.2, rel=0.02)
    assert moved(compensate=False, dtype=torch.bfloat16) == 0.0


def test_pure_bfloat16_keeps_weights_and_optimizer_in_bfloat16(make_recipe):
    result = train(make_recipe("run.precision=bf16-pure"), quiet=True)
    stored = load_file(result.final / "model.safetensors")
    assert dtypes(stored.values()) == {torch.bfloat16}
    state = load_file(list_checkpoints(result.run)[-1] / "optimizer.safetensors")
    kinds = {name.partition("/")[0] for name in state}
    assert kinds == {"exp_avg", "exp_avg_sq", "kahan_comp", "step"}
    assert dtypes(t for name, t in state.items() if "step" not in name) == {torch.bfloat16}
    assert SledModel.from_pretrained(result.final, dtype="auto").dtype == torch.bfloat16


@pytest.mark.parametrize("precision", ["fp32", "bf16", "bf16-pure"])
def test_latents_and_losses_are_float32(make_recipe, precision):
    state = setup(make_recipe(f"run.precision={precision}"), Console(quiet=True), StopSignal())
    batch = state.data.collate([0, 1], state.codec, state.device)
    counts = Counts.of(batch.frame_lengths.tolist())
    total, parts = state.objective(batch, torch.Generator().manual_seed(0), counts)
    assert (batch.latents.dtype, total.dtype, parts.dtype) == (torch.float32,) * 3
    expected = torch.bfloat16 if precision == "bf16-pure" else torch.float32
    assert dtypes(state.model.parameters()) == {expected}


@pytest.mark.parametrize("precision", ["bf16", "bf16-pure"])
def test_a_resumed_run_gives_the_losses_of_an_uninterrupted_one(make_recipe, precision):
    def terminate(*_, **__):
        os.kill(os.getpid(), signal.SIGTERM)
        return []

    options = (f"run.precision={precision}", "run.eval_every=3", "data.eval_fraction=0.2")
    whole = train(make_recipe(*options, run="whole"), quiet=True)
    assert train(make_recipe(*options, run="broken"), quiet=True, speak=terminate).step == 3
    assert losses(train(make_recipe(*options, run="broken"), quiet=True)) == losses(whole)


PURE = "run.precision=bf16-pure"
PLAIN = "optim.compensate=false"


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        ((PURE,), (), "run.precision"),
        ((PURE, PLAIN), (), "run.precision"),
        ((PLAIN,), (PURE, PLAIN), "run.precision"),
        ((), (PURE,), "run.precision"),
        ((PURE,), (PURE, PLAIN), "optim.compensate"),
        ((PURE, PLAIN), (PURE,), "optim.compensate"),
    ],
)
def test_a_run_is_not_resumed_with_another_kind_of_optimizer(make_recipe, before, after, differs):
    train(make_recipe("run.steps=1", *before), quiet=True)
    with pytest.raises(TrainError, match=f"another {re.escape(differs)}:"):
        train(make_recipe("run.steps=2", *after), quiet=True)


@pytest.mark.parametrize(
    ("precision", "compensated", "expected"),
    [("fp32", True, 16), ("bf16", True, 18), ("bf16-pure", True, 10), ("bf16-pure", False, 8)],
)
def test_bytes_of_a_parameter_in_training(precision, compensated, expected):
    assert bytes_per_parameter(precision, compensated=compensated) == expected
