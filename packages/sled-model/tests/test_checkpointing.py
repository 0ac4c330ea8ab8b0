"""Layers computed again for their gradient: the same numbers, less kept."""

import pytest
import torch
from sled_model import KVCache, OfflineLayout, SledConfig


def loss_and_gradients(model, batch, *, checkpointing):
    model.train()
    model.zero_grad()
    model.backbone.checkpointing = checkpointing
    torch.manual_seed(0)
    kept = 0

    def keep(tensor):
        nonlocal kept
        kept += tensor.numel()
        return tensor

    with torch.random.fork_rng(), torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        generator = torch.Generator().manual_seed(0)
        loss = model.loss(batch, OfflineLayout(), generator=generator).total
    loss.backward()
    return loss.detach(), [p.grad.clone() for p in model.parameters()], kept


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_loss_and_gradients_are_the_same_and_less_is_kept(
    tiny_config, randomised, make_batch, dropout
):
    fields = dict.fromkeys(("dropout", "attention_dropout", "activation_dropout"), dropout)
    model = randomised(SledConfig(**{**tiny_config.to_dict(), **fields}))
    batch = make_batch([5, 3], [9, 14], tiny_config)
    loss, gradients, kept = loss_and_gradients(model, batch, checkpointing=False)
    same, also, fewer = loss_and_gradients(model, batch, checkpointing=True)
    assert torch.equal(loss, same)
    for one, other in zip(gradients, also, strict=True):
        torch.testing.assert_close(one, other)
    assert fewer < 0.7 * kept


def test_decoding_takes_no_notice(tiny_model):
    tiny_model.backbone.checkpointing = True
    x = torch.randn(2, 3, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        cached = tiny_model.backbone(x, KVCache.allocate(tiny_model.config, 2, 4))
        torch.testing.assert_close(cached, tiny_model.backbone(x))
