"""Packed weights: near the float32 model, row by row, and refused where they cannot be."""

import pytest
import torch
from sled_model import WEIGHTS, KVCache, ModelError, pack_weights
from sled_model import _pack as pack

NEAR = {"bf16": 0.02, "int8": 0.06}


@pytest.fixture(autouse=True)
def _small_maps_too(monkeypatch):
    """Let int8 have the maps of a tiny model, which it would leave to bf16."""
    monkeypatch.setattr(pack, "_SMALLEST_INT8", 0)


def inputs(rows, length, seed=0):
    return torch.randn(rows, length, 16, generator=torch.Generator().manual_seed(seed))


@torch.inference_mode()
def spoken(model, rows=3):
    """Hidden states and latents after a prefill of ragged rows and three steps."""
    cache = KVCache.allocate(model.config, rows, 20, dtype=model.cache_dtype or model.dtype)
    model.backbone(inputs(rows, 6), cache, [6 - n for n in range(rows)])
    hidden = [model.backbone(inputs(rows, 1, seed=n), cache)[:, 0] for n in (1, 2, 3)]
    noise = torch.randn(rows, 5, generator=torch.Generator().manual_seed(0))
    return torch.stack(hidden), model.sample(hidden[-1], noise)


def distance(one, other):
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize("weights", NEAR)
def test_packed_weights_give_nearly_the_numbers_of_the_model(tiny_model, weights):
    wanted = spoken(tiny_model)
    for found, expected in zip(spoken(pack_weights(tiny_model, weights)), wanted, strict=True):
        assert found.dtype == torch.float32
        assert 0 < distance(found, expected) < NEAR[weights]


def test_float32_weights_are_left_as_they_are(tiny_model):
    wanted = spoken(tiny_model)
    for found, expected in zip(spoken(pack_weights(tiny_model, "fp32")), wanted, strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize("weights", NEAR)
def test_a_row_does_not_hang_on_the_rows_beside_it(tiny_model, weights):
    packed = pack_weights(tiny_model, weights)
    together, alone = spoken(packed, rows=3)[0], spoken(packed, rows=1)[0]
    assert distance(together[:, :1], alone) < NEAR[weights] / 4


def test_a_row_of_zeros_stays_one():
    linear = torch.nn.utils.skip_init(torch.nn.Linear, 8, 4)
    with torch.no_grad():
        linear.weight.fill_(0.5)
        linear.bias.fill_(2.0)
        packed = pack._maker(pack.Int8Linear, "int8")(linear)
        assert torch.equal(packed(torch.zeros(2, 8)), torch.full((2, 4), 2.0))


def test_packing_draws_no_random_numbers(tiny_model):
    before = torch.random.get_rng_state()
    pack_weights(tiny_model, "int8")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_there_are_no_other_weights_than_those_compared_here():
    assert set(WEIGHTS) == {"fp32", *NEAR}


@pytest.mark.parametrize("weights", ["int4", "", "float32"])
def test_unknown_weights_are_refused(tiny_model, weights):
    with pytest.raises(ModelError, match="is not one of fp32, bf16, int8"):
        pack_weights(tiny_model, weights)


def test_a_model_of_another_dtype_is_refused(tiny_model):
    with pytest.raises(ModelError, match="packed from float32"):
        pack_weights(tiny_model.to(torch.bfloat16), "int8")


def test_a_machine_without_the_kernels_is_an_error_before_anything_changes(tiny_model, monkeypatch):
    def missing(*_):
        raise RuntimeError("no such operator\nwith details")

    monkeypatch.setenv("SLED_NATIVE", "0")
    wanted = spoken(tiny_model)
    monkeypatch.setattr(pack.Int8Linear, "_product", missing)
    with pytest.raises(
        ModelError, match=r"no kernels for int8 here \(oneDNN: .*; native code: off"
    ):
        pack_weights(tiny_model, "int8")
    assert torch.equal(spoken(tiny_model)[0], wanted[0])


def test_maps_too_small_for_int8_kernels_are_bf16(tiny_model):
    packed = pack_weights(tiny_model, "int8", smallest_int8=12)
    assert isinstance(packed.backbone.layers[0].attention.qkv, pack.Int8Linear)
    assert isinstance(packed.head.blocks[0].inner, pack.Int8Linear)
    assert isinstance(packed.head.noise_in, pack.Bf16Linear)
    assert isinstance(packed.head.output, pack.Bf16Linear)


def test_the_cache_of_packed_weights_is_bf16(tiny_model):
    assert tiny_model.cache_dtype is None
    assert pack_weights(tiny_model, "int8").cache_dtype is torch.bfloat16


def test_a_norm_absorbed_by_the_next_map_changes_nothing(tiny_model):
    x = inputs(3, 4)
    with torch.no_grad():
        wanted = tiny_model.backbone(x)
        for layer in tiny_model.backbone.layers:
            pack._absorb_norms(layer)
        torch.testing.assert_close(tiny_model.backbone(x), wanted)
