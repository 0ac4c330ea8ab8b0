"""The flat pass over one element a row equals the layers' own, whatever the rows' lengths."""

import pytest
import torch
from sled_model import KVCache, SledConfig

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
    torch.testing.assert_close(flat, layers, rtol=1e-5, atol=1e-6)


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
