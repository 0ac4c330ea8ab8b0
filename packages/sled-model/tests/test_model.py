"""The model as built: size, initial weights, dropout, dtypes, and the transformers shell."""

import pytest
import torch
from sled_model import OfflineLayout, SledConfig, SledModel, guide
from transformers import AutoConfig, AutoModel


def test_the_published_size():
    with torch.device("meta"):
        model = SledModel(SledConfig())
    assert sum(parameter.numel() for parameter in model.parameters()) == 203_631_744


def test_fresh_weights(tiny_config):
    wide = SledConfig(**{**tiny_config.to_dict(), "hidden_size": 64, "intermediate_size": 512})
    model = SledModel(wide)
    for weight in (
        model.backbone.layers[0].feed_forward.gate_up.weight,
        model.text_embedding.weight,
    ):
        assert 0.018 < float(weight.detach().std()) < 0.022
    assert not model.latent_in.bias.any()
    zeroed = [model.head.output, model.head.modulation, model.head.blocks[0].modulation]
    assert not any(linear.weight.any() or linear.bias.any() for linear in zeroed)


def test_a_fresh_head_draws_zero(tiny_config):
    model = SledModel(tiny_config)
    assert not model.sample(torch.randn(3, 16), torch.randn(3, 5)).any()


def test_the_head_broadcasts_draws_over_conditions(tiny_model):
    z, noise = torch.randn(7, 16), torch.randn(3, 7, 5)
    together = tiny_model.sample(z, noise)
    assert together.shape == (3, 7, 6)
    torch.testing.assert_close(together[1], tiny_model.sample(z, noise[1]))


@pytest.mark.parametrize("where", ["attention_dropout", "activation_dropout", "dropout"])
def test_each_dropout_acts_in_training_only(where, tiny_config, randomised):
    model = randomised(SledConfig(**{**tiny_config.to_dict(), where: 0.5}))
    x = torch.randn(2, 8, 16)
    assert torch.equal(model.backbone(x), model.backbone(x))
    model.train()
    assert not torch.equal(model.backbone(x), model.backbone(x))


def test_bfloat16_weights_and_autocast_both_train(tiny_model, make_batch):
    batch, generator = make_batch([3], [5], tiny_model.config), torch.Generator()
    with torch.autocast("cpu", torch.bfloat16):
        mixed = tiny_model.loss(batch, OfflineLayout(), generator=generator).total
    pure = tiny_model.to(torch.bfloat16).loss(batch, OfflineLayout(), generator=generator).total
    assert mixed.dtype == pure.dtype == torch.float32
    pure.backward()
    torch.testing.assert_close(pure, mixed, rtol=0.1, atol=0.1)


def test_guidance():
    conditional, unconditional = torch.randn(4), torch.randn(4)
    torch.testing.assert_close(guide(conditional, unconditional, 1.0), conditional)
    torch.testing.assert_close(guide(conditional, unconditional, 0.0), unconditional)
    further = conditional + (conditional - unconditional)
    torch.testing.assert_close(guide(conditional, unconditional, 2.0), further)


def test_the_auto_classes_know_the_model_type(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), SledConfig)
    loaded = AutoModel.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert isinstance(loaded, SledModel)
    assert loaded.dtype == torch.bfloat16
    assert isinstance(AutoModel.from_config(tiny_model.config), SledModel)
