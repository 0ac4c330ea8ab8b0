"""The cache: decoding piece by piece, in rows of different lengths, equals one pass."""

import pytest
import torch
from sled_model import KVCache, ModelError, SledConfig

CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(params=[4, 2, 1], ids=lambda groups: f"{groups}-key-value-heads")
def model(request, tiny_config, randomised):
    fields = {**tiny_config.to_dict(), "num_key_value_heads": request.param}
    return randomised(SledConfig(**fields))


def inputs(rows: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, length, 16, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
@pytest.mark.parametrize("pieces", [[12], [1] * 12, [5, 1, 1, 3, 2]])
def test_pieces_equal_one_pass(model, pieces):
    x = inputs(3, 12)
    cache = KVCache.allocate(model.config, 3, 12)
    hidden = torch.cat([model.backbone(part, cache) for part in x.split(pieces, dim=1)], dim=1)
    torch.testing.assert_close(hidden, model.backbone(x), **CLOSE)
    assert cache.lengths == [12, 12, 12]


@torch.no_grad()
def test_rows_of_different_lengths_see_only_their_own_past(model):
    lengths, x = [2, 7, 4], inputs(3, 12)
    cache = KVCache.allocate(model.config, 3, 12)
    model.backbone(x[:, :7], cache, counts=lengths)
    assert cache.lengths == lengths
    for step in range(5):
        following = torch.stack([x[row, length + step] for row, length in enumerate(lengths)])
        hidden = model.backbone(following[:, None], cache)
    for row, length in enumerate(lengths):
        alone = model.backbone(x[row : row + 1, : length + 5])[0, -1]
        torch.testing.assert_close(hidden[row, 0], alone, **CLOSE)


@torch.no_grad()
def test_several_elements_at_once_in_rows_of_different_lengths(model):
    lengths, counts, x = [2, 7], [4, 1], inputs(2, 12)
    cache = KVCache.allocate(model.config, 2, 12)
    model.backbone(x[:, :7], cache, counts=lengths)
    following = torch.stack([x[row, length : length + 4] for row, length in enumerate(lengths)])
    hidden = model.backbone(following, cache, counts=counts)
    assert cache.lengths == [6, 8]
    for row, (length, count) in enumerate(zip(lengths, counts, strict=True)):
        alone = model.backbone(x[row : row + 1, : length + count])[0, length:]
        torch.testing.assert_close(hidden[row, :count], alone, **CLOSE)


@torch.no_grad()
def test_selected_rows_go_on_by_themselves(model):
    x = inputs(2, 6)
    cache = KVCache.allocate(model.config, 2, 8)
    model.backbone(x[:, :5], cache)
    chosen = cache.select([1, 1])
    hidden = model.backbone(x[1:2, 5:].expand(2, -1, -1), chosen)
    alone = model.backbone(x[1:2])[:, 5:]
    torch.testing.assert_close(hidden, alone.expand(2, -1, -1), **CLOSE)
    assert (chosen.lengths, cache.lengths) == ([6, 6], [5, 5])


@torch.no_grad()
def test_a_reset_row_starts_anew(model):
    cache = KVCache.allocate(model.config, 2, 8)
    model.backbone(inputs(2, 5, seed=1), cache)
    cache.reset([0])
    assert cache.lengths == [0, 5]
    fresh = inputs(2, 3, seed=2)
    hidden = model.backbone(fresh, cache)
    torch.testing.assert_close(hidden[:1], model.backbone(fresh[:1]), **CLOSE)
    cache.reset()
    assert cache.lengths == [0, 0]


def test_the_buffers_are_allocated_once(model):
    cache = KVCache.allocate(model.config, 1, 8)
    before = cache.keys.data_ptr()
    with torch.no_grad():
        for step in range(8):
            model.backbone(inputs(1, 1, seed=step), cache)
    assert cache.keys.data_ptr() == before
    assert cache.capacity == 8


def test_too_much_for_the_cache_is_an_error_that_names_the_limit(model):
    cache = KVCache.allocate(model.config, 1, 8)
    with pytest.raises(ModelError, match="limit of 8"):
        model.backbone(inputs(1, 9), cache)


@pytest.mark.parametrize("capacity", [0, 65])
def test_a_cache_cannot_be_larger_than_the_models_positions(tiny_config, capacity):
    with pytest.raises(ModelError, match="1 to 64"):
        KVCache.allocate(tiny_config, 1, capacity)


def test_the_number_of_rows_is_fixed(model):
    cache = KVCache.allocate(model.config, 2, 8)
    with pytest.raises(ModelError, match="holds 2 rows"):
        model.backbone(inputs(3, 1), cache)
    with pytest.raises(ModelError, match="at least one row"):
        KVCache.allocate(model.config, 0, 8)


@torch.no_grad()
def test_texts_are_read_by_plainly_causal_attention(model, monkeypatch):
    """Without a mask the fastest kernels apply; elements that follow others need one."""
    seen, attend = [], torch.nn.functional.scaled_dot_product_attention

    def watched(*tensors, attn_mask, is_causal, **options):
        seen.append((attn_mask is None, is_causal))
        return attend(*tensors, attn_mask=attn_mask, is_causal=is_causal, **options)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
    cache = KVCache.allocate(model.config, 2, 12)
    model.backbone(inputs(2, 5), cache, counts=[5, 3])
    assert set(seen) == {(True, True)}
    seen.clear()
    model.backbone(inputs(2, 5), cache)
    assert set(seen) == {(False, False)}
