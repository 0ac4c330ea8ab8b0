"""A blurred past: noise on what is read, none on what is to be predicted, none for padding."""

import pytest
import torch
from sled_model import Batch, ModelError, OfflineLayout, blur_past


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def batch(tiny_config, make_batch) -> Batch:
    return make_batch([3, 6, 5], [4, 2, 3], tiny_config)


def test_no_strength_changes_nothing(batch):
    assert blur_past(batch, 0.0, generator()) is batch


def test_targets_stay_and_the_past_is_blurred(batch):
    blurred = blur_past(batch, 1.0, generator())
    assert blurred.latents is batch.latents
    assert (blurred.past[0, :4] != batch.latents[0, :4]).all()
    assert (blurred.past[1, 2:] == batch.latents[1, 2:]).all()


def test_each_sample_has_its_own_strength_up_to_the_given_one(tiny_config, make_batch):
    batch = make_batch([1] * 200, [60] * 200, tiny_config)
    blurred = blur_past(batch, 2.0, generator())
    spread = (blurred.past - batch.latents).std(dim=(1, 2))
    assert spread.min() < 0.1
    assert 1.8 < spread.max() < 2.2
    assert spread.mean().item() == pytest.approx(1.0, abs=0.15)


def test_padding_takes_no_noise_from_the_samples(batch):
    wide = torch.nn.functional.pad(batch.latents, (0, 0, 0, 7))
    padded = Batch(batch.text_ids, batch.text_lengths, wide, batch.frame_lengths)
    first, second = (blur_past(each, 1.0, generator()).past for each in (batch, padded))
    torch.testing.assert_close(first, second[:, : first.shape[1]])


def test_a_blurred_past_moves_the_loss_through_what_is_read_alone(batch, tiny_model):
    blurred = blur_past(batch, 1.0, generator())
    same = Batch(
        batch.text_ids, batch.text_lengths, batch.latents, batch.frame_lengths, batch.latents
    )
    losses = [
        tiny_model.loss(each, OfflineLayout(), generator=generator()).total.item()
        for each in (batch, same, blurred)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_a_past_of_another_shape_is_refused(batch, tiny_model):
    wrong = Batch(
        batch.text_ids,
        batch.text_lengths,
        batch.latents,
        batch.frame_lengths,
        batch.latents[:, :1],
    )
    with pytest.raises(ModelError, match="past"):
        tiny_model.loss(wrong, OfflineLayout(), generator=generator())
