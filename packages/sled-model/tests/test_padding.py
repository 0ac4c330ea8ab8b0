"""Padding and company change nothing: a sample's loss is what it is alone."""

import pytest
import torch
from sled_model import Batch, ModelError, OfflineLayout, StreamingLayout

LAYOUTS = [OfflineLayout(), StreamingLayout(2, 3)]
TEXTS, FRAMES = [3, 9, 5], [11, 4, 7]


def row_of(batch: Batch, row: int) -> Batch:
    """Cut one sample out, without any padding."""
    text, frames = int(batch.text_lengths[row]), int(batch.frame_lengths[row])
    return Batch(
        batch.text_ids[row : row + 1, :text],
        batch.text_lengths[row : row + 1],
        batch.latents[row : row + 1, :frames],
        batch.frame_lengths[row : row + 1],
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_more_padding_gives_the_same_loss_and_gradients(layout, tiny_model, make_batch):
    results = []
    for extra in (0, 13):
        batch = make_batch(TEXTS, FRAMES, tiny_model.config, extra=extra)
        tiny_model.zero_grad()
        losses = tiny_model.loss(batch, layout, generator=torch.Generator().manual_seed(1))
        losses.total.backward()
        results.append([losses.total.detach(), *(p.grad.clone() for p in tiny_model.parameters())])
    torch.testing.assert_close(results[0], results[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_batch_is_the_weighted_mean_of_its_samples(layout, tiny_model, make_batch):
    batch = make_batch(TEXTS, FRAMES, tiny_model.config)
    shape = (2, sum(FRAMES), tiny_model.config.noise_channels)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    together = tiny_model.loss(batch, layout, noise=noise)
    alone = [
        tiny_model.loss(row_of(batch, row), layout, noise=part)
        for row, part in enumerate(noise.split(FRAMES, dim=1))
    ]
    energy = sum(each.energy * each.frames for each in alone) / together.frames
    stop = sum(each.stop * each.stops for each in alone) / together.stops
    torch.testing.assert_close(energy, together.energy)
    torch.testing.assert_close(stop, together.stop)
    torch.testing.assert_close(energy + stop, together.total)
    assert (together.frames, together.stops) == (sum(FRAMES), sum(FRAMES) + len(FRAMES))


@pytest.mark.parametrize(
    ("field", "value"),
    [("text_lengths", [3, 10, 5]), ("text_lengths", [0, 9, 5]), ("frame_lengths", [12, 4, 7])],
)
def test_lengths_beyond_the_padding_are_refused(field, value, tiny_model, make_batch):
    batch = make_batch(TEXTS, FRAMES, tiny_model.config)
    wrong = Batch(**{**vars(batch), field: torch.tensor(value)})
    with pytest.raises(ModelError, match="lengths must lie between"):
        tiny_model.loss(wrong, OfflineLayout(), generator=torch.Generator())


def test_a_sample_longer_than_the_positions_is_refused(tiny_model, make_batch):
    batch = make_batch([5], [60], tiny_model.config)
    with pytest.raises(ModelError, match="64 positions"):
        tiny_model.loss(batch, OfflineLayout(), generator=torch.Generator())


def test_the_loss_needs_noise_from_somewhere(tiny_model, make_batch):
    with pytest.raises(ModelError, match="generator"):
        tiny_model.loss(make_batch([2], [2], tiny_model.config), OfflineLayout())
