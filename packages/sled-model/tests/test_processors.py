"""On processors with narrower vectors, or none of oneDNN's kernels, the same is computed."""

import os
import platform
import subprocess
import sys

import pytest
import torch
from sled_model import Drawer, KVCache, ModelError, SledConfig, Stepper, pack_weights
from sled_model import _native as native
from sled_model import _pack as pack

NEAR = {"fp32": 1e-5, "bf16": 0.02, "int8": 0.03}
# Neither a whole number of vectors or tiles; grouped heads that are wider than a vector.
SIZES = {"hidden_size": 72, "intermediate_size": 100, "num_attention_heads": 2}
NARROWER = ("-mno-avx512f", "-mno-avx2", "-mno-avx", "")

needs_native = pytest.mark.skipif(
    native.load_native().library is None, reason=f"no native code: {native.load_native().state}"
)


@pytest.fixture(autouse=True)
def _small_maps_too(monkeypatch):
    monkeypatch.setattr(pack, "_SMALLEST_INT8", 0)


@pytest.fixture
def model(tiny_config, randomised):
    return randomised(SledConfig(**{**tiny_config.to_dict(), **SIZES, "num_key_value_heads": 1}))


@pytest.fixture
def without_onednn(monkeypatch):
    monkeypatch.setattr(pack, "_missing_in_onednn", lambda _kind: "not on this processor")


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def distance(one, other):
    return float((one - other).norm() / other.norm())


@torch.inference_mode()
def spoken(model, rows):
    """States of three steps after a prefill of ragged rows, and latents drawn from the last."""
    cache = KVCache.allocate(model.config, rows, 20, dtype=model.cache_dtype or model.dtype)
    model.backbone(noise(rows, 17, 72), cache, [17 - n % 3 for n in range(rows)])
    step, draw = Stepper(model.backbone), Drawer(model.head)
    hidden = [step(noise(rows, 72, seed=n), cache) for n in (1, 2, 3)]
    modulations = torch.cat(model.head.modulations(noise(rows, 5)), dim=1)
    return torch.stack(hidden), draw(hidden[-1], modulations)


def assert_near(found, wanted, most):
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == torch.float32
        assert distance(one, other) < most


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="options of compilers for x86-64")
@pytest.mark.usefixtures("without_onednn")
@pytest.mark.parametrize("narrower", NARROWER)
@pytest.mark.parametrize("weights", NEAR)
def test_native_code_is_right_for_any_vectors(
    model, monkeypatch, tmp_path_factory, weights, narrower
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp()))
    with monkeypatch.context() as patch:
        patch.setenv("SLED_NATIVE", "0")
        wanted = {rows: spoken(model, rows) for rows in range(1, 6)}
    monkeypatch.setenv("CXX", f"c++ {narrower}")
    packed = pack_weights(model, weights)
    assert Stepper(packed.backbone)._native is not None
    for rows, expected in wanted.items():
        assert_near(spoken(packed, rows), expected, NEAR[weights])


@needs_native
@pytest.mark.parametrize("weights", ["bf16", "int8"])
def test_weights_are_packed_without_onednn_where_there_is_native_code(
    model, without_onednn, weights
):
    wanted = spoken(model, 3)
    assert_near(spoken(pack_weights(model, weights), 3), wanted, NEAR[weights])


@needs_native
@pytest.mark.parametrize("weights", ["bf16", "int8"])
def test_more_rows_than_native_code_takes_go_by_operations(
    model, monkeypatch, without_onednn, weights
):
    packed = pack_weights(model, weights)
    found = spoken(packed, 33)
    monkeypatch.setenv("SLED_NATIVE", "0")
    assert_near(found, spoken(packed, 33), 1e-5)


def test_with_neither_the_error_says_what_is_missing(model, monkeypatch, without_onednn):
    monkeypatch.setenv("SLED_NATIVE", "0")
    with pytest.raises(ModelError, match=r"no kernels for int8 here \(oneDNN: not on .*; native"):
        pack_weights(model, "int8")


@needs_native
@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="oneDNN limits itself on x86-64")
def test_a_processor_of_which_onednn_has_but_avx2():
    tests = "test_pack.py", "test_native.py", "test_mean.py"
    here = os.path.dirname(__file__)  # noqa: PTH120 (as pytest is told)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", *(f"{here}/{each}" for each in tests)],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout
