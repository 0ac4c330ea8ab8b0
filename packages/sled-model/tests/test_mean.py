"""The mean of several draws: of fixed noise, whatever the company, and of the least error."""

import pytest
import torch
from sled_model import MeanDraw, SledModel, pack_weights


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def model(tiny_config, randomised):
    return randomised(tiny_config)


@torch.inference_mode()
def draws(model, states, count, seed=1):
    noise = normal(count, model.config.noise_channels, seed=seed)
    return model.sample(states[:, None], noise)


def test_it_is_near_the_mean_of_a_great_many(model):
    states = normal(5, model.config.hidden_size)
    wanted = draws(model, states, 20_000).mean(1)
    chance = (draws(model, states, 1)[:, 0] - wanted).norm()
    errors = [float((MeanDraw(model, count)(states) - wanted).norm()) for count in (2, 16, 256)]
    assert errors[2] < errors[1] < chance / 2
    assert errors[2] < chance / 10


def test_it_is_the_same_every_time_and_for_each_state_alone(model):
    states = normal(300, model.config.hidden_size)
    whole = MeanDraw(model, 16)(states)
    assert whole.shape == (300, model.config.vae_embed_dim)
    torch.testing.assert_close(MeanDraw(model, 16)(states[37:38]), whole[37:38])


def test_without_chance_it_is_what_is_drawn(model):
    model.head.zero_outputs()  # then nothing hangs on the noise
    states = normal(3, model.config.hidden_size)
    torch.testing.assert_close(MeanDraw(model, 7)(states), draws(model, states, 1)[:, 0])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_it_has_the_dtype_of_the_weights(model, dtype):
    states = normal(3, model.config.hidden_size).to(dtype)
    exact = MeanDraw(model, 16)(states.float())
    found = MeanDraw(model.to(dtype), 16)(states)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), exact, rtol=0.05, atol=0.1)


def test_packed_weights_give_nearly_the_same(model, tmp_path):
    states = normal(3, model.config.hidden_size)
    exact = MeanDraw(model, 16)(states)
    model.save_pretrained(tmp_path)
    packed = SledModel.from_pretrained(tmp_path)
    pack_weights(packed, "bf16")
    torch.testing.assert_close(MeanDraw(packed, 16)(states), exact, rtol=0.05, atol=0.1)
