"""The scores: their formulas, their estimators, and gradients where draws coincide."""

import pytest
import torch
from sled_model import Losses, OfflineLayout, SledConfig, SledModel
from sled_model._losses import energy_distance, gaussian_distance, score, stop_loss


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_two_draws_give_the_formula_of_the_paper():
    draws, target = normal(2, 7, 4), normal(7, 4, seed=1)
    attraction, repulsion = score(draws, target, energy_distance(1.0))
    first, second = (draws[0] - target).norm(dim=-1), (draws[1] - target).norm(dim=-1)
    torch.testing.assert_close(attraction, first + second)
    torch.testing.assert_close(repulsion, (draws[0] - draws[1]).norm(dim=-1))


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("distance", [energy_distance(0.7), gaussian_distance])
def test_many_draws_average_over_all_pairs(count, distance):
    draws, target = normal(count, 3, 4), normal(3, 4, seed=1)
    attraction, repulsion = score(draws, target, distance)
    pairs = [distance(a, b) for i, a in enumerate(draws) for j, b in enumerate(draws) if i != j]
    torch.testing.assert_close(repulsion, torch.stack(pairs).mean(0))
    torch.testing.assert_close(attraction, 2 * sum(distance(a, target) for a in draws) / count)


def test_beta_is_the_exponent():
    a, b = normal(5, 4), normal(5, 4, seed=1)
    torch.testing.assert_close(energy_distance(1.5)(a, b), (a - b).norm(dim=-1) ** 1.5)


@pytest.mark.parametrize(
    "distance", [energy_distance(1.0), energy_distance(0.5), gaussian_distance]
)
def test_the_gradient_is_finite_where_everything_coincides(distance):
    draws = torch.zeros(3, 2, 4, requires_grad=True)
    attraction, repulsion = score(draws, torch.zeros(2, 4), distance)
    (attraction - repulsion).sum().backward()
    assert torch.equal(draws.grad, torch.zeros_like(draws))


@pytest.mark.parametrize(
    "distance", [energy_distance(1.0), energy_distance(1.5), gaussian_distance]
)
def test_the_right_distribution_scores_best(distance):
    """A strictly proper score: shifted, narrow and wide draws all lose to the target's own law."""
    target = normal(20_000, 2, seed=9)
    draws = normal(2, 20_000, 2)

    def mean_score(candidate: torch.Tensor) -> float:
        attraction, repulsion = score(candidate, target, distance)
        return float((attraction - repulsion).mean())

    truth = mean_score(draws)
    assert truth < min(mean_score(each) for each in (draws + 0.5, 0.5 * draws, 1.5 * draws))


def test_scores_are_computed_in_float32():
    draws, target = normal(2, 3, 4).bfloat16(), normal(3, 4, seed=1)
    assert score(draws, target, energy_distance(1.0))[0].dtype == torch.float32


def test_stop_loss_weighs_the_stops_and_averages_over_all_states():
    going, stopping = normal(5), normal(2, seed=1)
    wanted = torch.cat((-(-going).sigmoid().log(), -100 * stopping.sigmoid().log())).mean()
    torch.testing.assert_close(stop_loss(going, stopping, torch.tensor([100.0])), wanted)


@pytest.mark.parametrize(
    "fields", [{"energy_draws": 4}, {"energy_beta": 1.5}, {"loss_kernel": "gaussian"}]
)
def test_the_config_chooses_the_objective(fields, tiny_config, randomised, make_batch):
    config = SledConfig(**{**tiny_config.to_dict(), **fields})
    losses = randomised(config).loss(
        make_batch([3, 2], [4, 6], config), OfflineLayout(), generator=torch.Generator()
    )
    losses.total.backward()
    assert isinstance(losses, Losses)
    torch.testing.assert_close(losses.energy, losses.attraction - losses.repulsion)
    torch.testing.assert_close(losses.total, losses.energy + losses.stop)


def test_noise_comes_from_the_given_generator_alone(tiny_model, make_batch):
    batch = make_batch([3], [5], tiny_model.config)
    first, again, other = (
        tiny_model(batch, OfflineLayout(), generator=torch.Generator().manual_seed(seed)).total
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_few_steps_learn_a_constant(tiny_config, make_batch):
    model = SledModel(tiny_config)
    batch = make_batch([3, 4], [6, 6], tiny_config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    generator, totals = torch.Generator().manual_seed(0), []
    for _ in range(15):
        losses = model(batch, OfflineLayout(), generator=generator)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        totals.append(float(losses.total.detach()))
    assert totals[-1] < 0.8 * totals[0]


@pytest.mark.parametrize(("logit", "counts"), [(-1.0, (0, 0)), (1.0, (2, 10))])
def test_ends_are_counted_where_the_stop_head_calls_them(
    tiny_model, make_batch, monkeypatch, logit, counts
):
    monkeypatch.setattr(tiny_model, "stop_logits", lambda z: torch.full(z.shape[:1], logit))
    batch = make_batch([3, 5], [4, 6], tiny_model.config)
    losses = tiny_model.loss(batch, OfflineLayout(), generator=torch.Generator())
    assert (int(losses.ends_found), int(losses.false_ends)) == counts
