"""The flat pass over one element a row equals the layers' own, whatever the rows' lengths."""

import pytest
import torch
from sled_model import KVCache, SledConfig, Stepper
from sled_model._backbone import rotate
from sled_model._norm import UnitNorm

LENGTHS = ([5, 5, 5], [2, 5, 3])


def hidden_states(model, lengths, *, flat):
    """Three steps after a prefill; with gradients on, the layers themselves are run."""
    generator = torch.Generator().manual_seed(0)
    dtype, rows = model.dtype, len(lengths)
    x = torch.randn(rows, 8, 16, generator=generator).to(dtype)
    cache = KVCache.allocate(model.config, rows, 8, dtype=dtype)
    with torch.no_grad():
        model.backbone(x[:, :5], cache, lengths)
    states = []
    for step in range(5, 8):
        with torch.set_grad_enabled(not flat):
            states.append(model.backbone(x[:, step : step + 1], cache).detach())
        for buffer in (cache.keys, cache.values):
            buffer.detach_()
    assert cache.lengths == [length + 3 for length in lengths]
    return torch.cat(states, dim=1)


@pytest.mark.parametrize("lengths", LENGTHS, ids=["equal", "ragged"])
@pytest.mark.parametrize("groups", [4, 2, 1])
def test_flat_equals_layer_by_layer(tiny_config, randomised, lengths, groups):
    model = randomised(SledConfig(**{**tiny_config.to_dict(), "num_key_value_heads": groups}))
    flat = hidden_states(model, lengths, flat=True)
    layers = hidden_states(model, lengths, flat=False)
    torch.testing.assert_close(flat, layers, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("lengths", LENGTHS, ids=["equal", "ragged"])
def test_so_does_a_model_in_bf16(tiny_config, randomised, lengths):
    model = randomised(tiny_config).to(torch.bfloat16)
    flat = hidden_states(model, lengths, flat=True)
    layers = hidden_states(model, lengths, flat=False)
    torch.testing.assert_close(flat, layers, rtol=0.1, atol=0.1)


def test_the_input_is_left_as_it_was(tiny_model):
    x = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    with torch.inference_mode():
        tiny_model.backbone(x, KVCache.allocate(tiny_model.config, 2, 4))
    assert torch.equal(x, before)


@pytest.mark.parametrize("lengths", LENGTHS, ids=["equal", "ragged"])
def test_a_stepper_is_the_backbone_on_one_element(tiny_model, lengths):
    generator = torch.Generator().manual_seed(0)
    past, x = (torch.randn(3, length, 16, generator=generator) for length in (5, 1))
    found = []
    for step in (tiny_model.backbone, Stepper(tiny_model.backbone)):
        cache = KVCache.allocate(tiny_model.config, 3, 8)
        with torch.inference_mode():
            tiny_model.backbone(past, cache, lengths)
            given = x if step is tiny_model.backbone else x[:, 0].clone()
            found.append(step(given, cache, [1, 0, 1]).view(3, 16))
        assert cache.lengths == [
            length + real for length, real in zip(lengths, [1, 0, 1], strict=True)
        ]
    assert torch.equal(*found)


def test_matrices_turn_as_the_tables_do(tiny_model):
    rotary, size = tiny_model.backbone.rotary, tiny_model.config.head_dim
    x = torch.randn(3, 2, 1, size, generator=torch.Generator().manual_seed(0))
    places = torch.tensor([0, 7, 63])
    turned = x[:, :, 0] @ rotary.matrices(places)
    torch.testing.assert_close(turned, rotate(x, *rotary(places[:, None]))[:, :, 0])


def test_norms_of_few_operations_are_those_of_torch(tiny_model):
    norm, x = (
        tiny_model.backbone.norm,
        torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
        * torch.tensor([[1e-4], [1.0], [1e3]]),
    )
    wanted = torch.nn.functional.rms_norm(x, (16,), norm.weight, norm.eps)
    with torch.no_grad():
        torch.testing.assert_close(norm(x), wanted)
        unit = UnitNorm(16, norm.eps)
        torch.testing.assert_close(unit(x) * 4 * norm.weight, wanted)
