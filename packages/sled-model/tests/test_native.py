"""Native code says what operations do, each row alone, and is not missed where it is absent."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from sled_model import Drawer, KVCache, ModelError, SledConfig, Stepper, native_state, pack_weights
from sled_model import _native as native
from sled_model import _pack as pack
from sled_model._native_maps import Keeper
from sled_model._native_step import MOST_ROWS

needs_native = pytest.mark.skipif(
    native.load_native().library is None, reason=f"no native code: {native.load_native().state}"
)
# Whole tiles and vectors, and neither; grouped heads.
SHAPES = {
    "tiny": {},
    "grouped": {"num_key_value_heads": 2},
    "odd": {
        "hidden_size": 40,
        "intermediate_size": 52,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    },
    "wide": {"hidden_size": 128, "intermediate_size": 192, "num_key_value_heads": 1},
}


@pytest.fixture
def shaped(tiny_config, randomised):
    def make(shape, **more):
        return randomised(SledConfig(**{**tiny_config.to_dict(), **SHAPES[shape], **more}))

    return make


def stepper(model, monkeypatch, *, on):
    with monkeypatch.context() as patch:
        patch.setenv("SLED_NATIVE", str(int(on)))
        made = Stepper(model.backbone)
    assert (made._native is not None) == on
    return made


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def states(model, step, lengths, counts=None, steps=3):
    """Hidden states of some steps after a prefill, for rows of these lengths."""
    width = model.config.hidden_size
    cache = KVCache.allocate(
        model.config, len(lengths), max(lengths) + steps, dtype=model.cache_dtype or model.dtype
    )
    found = []
    with torch.inference_mode():
        rows = [noise(max(lengths), width, seed=row) for row in range(len(lengths))]
        model.backbone(torch.stack(rows), cache, lengths)
        for n in range(steps):
            x = torch.stack([noise(width, seed=100 * n + row) for row in range(len(lengths))])
            found.append(step(x, cache, counts))
    return torch.stack(found)


def distance(one, other):
    return float((one - other).norm() / other.norm())


def assert_equals(one, other):
    """Sums that are taken in another order were up to 1e-5 apart on the machines tried."""
    torch.testing.assert_close(one, other, rtol=5e-5, atol=5e-5)


@needs_native
@pytest.mark.parametrize("lengths", [[7], [4, 4], [6, 2, 9], [3, 1, 4, 1, 5, 9, 2, 6]], ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_float32_is_what_operations_give(shaped, monkeypatch, shape, lengths):
    model = shaped(shape)
    found, wanted = (
        states(model, stepper(model, monkeypatch, on=on), lengths) for on in (True, False)
    )
    assert_equals(found, wanted)


@needs_native
@pytest.mark.parametrize("shape", SHAPES)
def test_so_it_is_of_weights_that_were_stored_as_bf16_which_it_reads_as_such(
    shaped, monkeypatch, shape
):
    model = shaped(shape)
    qkv = model.backbone.layers[0].attention.qkv
    assert Keeper().map(qkv).weight == qkv.weight.data_ptr()
    model.to(torch.bfloat16).float()
    assert Keeper().map(qkv).weight != qkv.weight.data_ptr()
    assert Keeper(copies=False).map(qkv).weight == qkv.weight.data_ptr()
    found, wanted = (
        states(model, stepper(model, monkeypatch, on=on), [6, 2, 9]) for on in (True, False)
    )
    assert_equals(found, wanted)


@needs_native
def test_so_are_rows_that_pad(shaped, monkeypatch):
    model = shaped("tiny")
    lengths, counts = [5, 8, 2], [1, 0, 1]
    found, wanted = (
        states(model, stepper(model, monkeypatch, on=on), lengths, counts) for on in (True, False)
    )
    assert_equals(found[:, [0, 2]], wanted[:, [0, 2]])


@needs_native
def test_and_rows_within_a_larger_cache(shaped, monkeypatch):
    model = shaped("grouped")
    whole = KVCache.allocate(model.config, 5, 32)
    kept = [noise(*whole.keys.shape, seed=seed) for seed in (1, 2)]
    found = []
    for on in (True, False):
        whole.keys.copy_(kept[0]), whole.values.copy_(kept[1])
        part = KVCache(whole.keys[:, 1:3, :, :20], whole.values[:, 1:3, :, :20], [12, 19])
        with torch.inference_mode():
            hidden = stepper(model, monkeypatch, on=on)(noise(2, 16), part)
        found.append((hidden, whole.keys.clone(), whole.values.clone()))
    for one, other in zip(*found, strict=True):
        assert_equals(one, other)


@needs_native
@pytest.mark.parametrize("weights", ["fp32", "bf16", "int8"])
def test_a_row_is_the_same_in_any_company(shaped, monkeypatch, weights):
    monkeypatch.setattr(pack, "_SMALLEST_INT8", 0)
    model = pack_weights(shaped("wide"), weights)
    step = stepper(model, monkeypatch, on=True)
    together = states(model, step, [5, 5, 5, 5, 5], steps=1)[:, 0]
    # The prefill's kernels round otherwise for other numbers of rows, so it is done alike.
    cache = KVCache.allocate(model.config, 5, 6, dtype=model.cache_dtype or torch.float32)
    with torch.inference_mode():
        rows = [noise(5, 128, seed=row) for row in range(5)]
        model.backbone(torch.stack(rows), cache, [5] * 5)
        alone = step(noise(128, seed=0)[None].clone(), cache.select([0]))
    assert torch.equal(together, alone)


@needs_native
@pytest.mark.parametrize("weights", ["bf16", "int8"])
def test_packed_weights_are_no_further_from_float32_than_by_operations(
    shaped, monkeypatch, weights
):
    monkeypatch.setattr(pack, "_SMALLEST_INT8", 0)
    lengths = [6, 2, 9]
    exact = shaped("wide")
    wanted = states(exact, stepper(exact, monkeypatch, on=False), lengths)
    model = pack_weights(exact, weights)
    ours, theirs = (
        distance(states(model, stepper(model, monkeypatch, on=on), lengths), wanted)
        for on in (True, False)
    )
    assert 0 < ours < 1.05 * theirs


@needs_native
@pytest.mark.parametrize("weights", ["fp32", "bf16", "int8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_draw_is_the_heads(shaped, monkeypatch, shape, weights):
    monkeypatch.setattr(pack, "_SMALLEST_INT8", 0)
    model = pack_weights(shaped(shape), weights)
    with torch.inference_mode():
        z = noise(3, model.config.hidden_size)
        modulations = torch.cat(model.head.modulations(noise(3, 5, seed=1)), dim=1)
        draw = Drawer(model.head)
        assert draw._native is not None
        found, alone = draw(z, modulations), draw(z[1:2], modulations[1:2])
        monkeypatch.setenv("SLED_NATIVE", "0")
        wanted = Drawer(model.head)(z, modulations)
    assert torch.equal(found[1:2], alone)
    assert distance(found, wanted) < {"fp32": 1e-5, "bf16": 0.02, "int8": 0.05}[weights]


@needs_native
def test_threads_change_nothing(shaped, monkeypatch):
    model = shaped("odd")
    step, before = stepper(model, monkeypatch, on=True), torch.get_num_threads()
    wanted = states(model, step, [3, 5])
    try:
        for threads in (2, 3):
            torch.set_num_threads(threads)
            assert_equals(states(model, step, [3, 5]), wanted)
    finally:
        torch.set_num_threads(before)


@needs_native
def test_many_rows_and_full_caches_are_as_they_were(shaped, monkeypatch):
    model = shaped("tiny")
    step, many = stepper(model, monkeypatch, on=True), [3] * (MOST_ROWS + 1)
    wanted = states(model, stepper(model, monkeypatch, on=False), many)
    assert torch.equal(states(model, step, many), wanted)
    with pytest.raises(ModelError, match="1 \\+ 1 positions exceed its limit of 1"):
        step(noise(1, 16), KVCache(torch.zeros(2, 1, 4, 1, 4), torch.zeros(2, 1, 4, 1, 4), [1]))


@needs_native
def test_what_is_not_float32_on_a_cpu_is_left_to_operations(tiny_model):
    assert Stepper(tiny_model.backbone)._native is not None
    assert Stepper(tiny_model.to(torch.bfloat16).backbone)._native is None


@pytest.fixture
def builds(tmp_path, monkeypatch):
    """An empty cache, and a compiler that gives the library that is there already."""
    library, made = Path(native.load_native().library._name), []
    if not library.is_file():
        pytest.skip("the library that is there is not kept in a cache")
    whole = library.read_bytes()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def compiled(compiler, files, folder):
        made.append(folder)
        (folder / "native.so").write_bytes(whole)
        return folder / "native.so"

    monkeypatch.setattr(native, "_compile", compiled)
    return made


def build():
    return native._built(native._compiler(""), "a version", native._cache_folder())


@needs_native
def test_a_library_is_built_once_and_anew_if_it_is_damaged(builds):
    assert build().sled_step
    assert build().sled_step
    assert len(builds) == 1
    (library,) = native._cache_folder().iterdir()
    whole = library.read_bytes()
    library.unlink()  # This process still has it.
    library.write_bytes(whole[: len(whole) // 2])
    with ThreadPoolExecutor(2) as two:
        assert all(made.sled_step for made in two.map(lambda _: build(), range(2)))
    assert list(native._cache_folder().iterdir()) == [library]
    assert native._is_whole(library)


@needs_native
def test_without_a_cache_to_write_to_the_process_has_its_own(builds, tmp_path):
    (tmp_path / "cache").write_text("no folder")
    assert build().sled_step
    assert build().sled_step
    assert len(builds) == 2


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"SLED_NATIVE": "0"}, "off"),
        ({"CXX": "", "PATH": "/nowhere"}, "no C++ compiler"),
        ({"CXX": "/nowhere/c++ -v"}, "No such file"),
        ({"CXX": "false"}, "false: failed"),
        ({"CXX": "echo"}, "cannot be loaded|No such file"),
    ],
    ids=str,
)
def test_where_nothing_can_be_built_it_says_why(
    tmp_path, tiny_model, monkeypatch, variables, reason
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SLED_NATIVE", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert native.load_native().library is None
    assert any(each in native_state() for each in reason.split("|"))
    assert Stepper(tiny_model.backbone)._native is None
    assert Drawer(tiny_model.head)._native is None
    if pack._missing_in_onednn(pack.Bf16Linear) is None:
        assert pack_weights(tiny_model, "bf16").backbone.layers[0].attention.qkv.tiles is None
    assert not list(tmp_path.rglob("*.so"))
