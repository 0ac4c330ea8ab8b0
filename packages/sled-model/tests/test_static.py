"""A step of unchanging shapes says what the plain pass says, and asks the device for nothing."""

from contextlib import contextmanager, nullcontext
from unittest.mock import MagicMock

import pytest
import torch
from sled_model import KVCache, ModelError, Seat, SledConfig, StaticStep, Stepper, guide
from sled_model._graphs import Graphs
from torch.utils._python_dispatch import TorchDispatchMode

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
STEPS = 6
# Rows 0 and 3 are guided by 2 and 1; row 4 is alone; row 5 rests.
SEATS, LENGTHS = [(0, 2, 2.0), (4, 4, 1.0), (3, 1, 0.5)], [5, 2, 1, 9, 7, 4]


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch):
    monkeypatch.setattr("sled_model._static._FEWEST_POSITIONS", 4)


@pytest.fixture(params=[4, 2], ids=lambda groups: f"{groups}-key-value-heads")
def model(request, tiny_config, randomised):
    return randomised(SledConfig(**{**tiny_config.to_dict(), "num_key_value_heads": request.param}))


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def past(model, lengths, *, rows=None, capacity=64):
    """A cache whose rows have read as much; more rows than that are not in use."""
    rows = len(lengths) if rows is None else rows
    cache = KVCache.allocate(model.config, rows, capacity, device=model.device)
    counts = [*lengths, *[0] * (rows - len(lengths))]
    x = torch.zeros(rows, max(counts), 16)
    for row, count in enumerate(counts):
        x[row, :count] = normal(count, 16, seed=row)
    model.backbone(x.to(model.device), cache, counts)
    return cache


def noises(model, number):
    """The modulations of one speaker, [STEPS, width]."""
    noise = normal(STEPS, model.config.noise_channels, seed=100 + number)
    return torch.cat(model.head.modulations(noise), dim=1)


def first_frame(number):
    return normal(6, seed=200 + number)


def static(model, cache, seats, rows, *, steps=STEPS, numbers=None):
    """Say frames [steps, seats, D]; the states of each, the stop probabilities [steps, seats]."""
    numbers = range(len(seats)) if numbers is None else numbers
    step = StaticStep(model, cache)
    step.lay([Seat(*seat, first_frame(n)) for seat, n in zip(seats, numbers, strict=True)], rows)
    drawn = torch.stack([noises(model, number) for number in numbers], dim=1)
    said = [step(modulations) for modulations in drawn[:steps]]
    return tuple(torch.stack(each) for each in zip(*said, strict=True))


def plain(model, cache, seats):
    """The same with `Stepper`, written down as one would first."""
    step, width = Stepper(model.backbone), model.config.diffloss_w
    frames = [first_frame(number) for number in range(len(seats))]
    drawn = [noises(model, number) for number in range(len(seats))]
    latents, states, chances = [], [], []
    for frame in range(STEPS):
        x, counts = torch.zeros(len(cache.lengths), 16), [0] * len(cache.lengths)
        for latent, (row, other, _) in zip(frames, seats, strict=True):
            x[row] = x[other] = model.embed_latents(latent)
            counts[row] = counts[other] = 1
        hidden = step(x, cache, counts)
        chances.append(torch.stack([model.stop_logits(hidden[row]) for row, _, _ in seats]))
        states.append(torch.stack([guide(hidden[row], hidden[o], cfg) for row, o, cfg in seats]))
        for number, z in enumerate(states[-1]):
            parts = drawn[number][frame].split(width)
            frames[number] = model.head.draw(z[None], [part[None] for part in parts])[0]
        latents.append(torch.stack(frames))
    return torch.stack(latents), torch.stack(states), torch.stack(chances).sigmoid()


@torch.inference_mode()
def test_frames_and_stops_are_those_of_the_plain_pass(model):
    """Over two windows, for the rows end at up to 9 + 6 positions: 8 and 16."""
    wanted = plain(model, past(model, LENGTHS), SEATS)
    cache = past(model, LENGTHS)
    found = static(model, cache, SEATS, rows=6)
    torch.testing.assert_close(found, wanted, **CLOSE)
    assert cache.lengths == [11, 8, 7, 15, 13, 4]


@torch.inference_mode()
@pytest.mark.parametrize("rows", [6, 7, 16])
@pytest.mark.parametrize("capacity", [16, 24, 64])
def test_neither_rows_that_are_not_in_use_nor_room_change_anything(model, rows, capacity):
    wanted = static(model, past(model, LENGTHS), SEATS, rows=6)
    cache = past(model, LENGTHS, rows=rows, capacity=capacity)
    torch.testing.assert_close(static(model, cache, SEATS, rows=6), wanted, **CLOSE)


@torch.inference_mode()
def test_each_speaks_as_alone(model):
    together = static(model, past(model, LENGTHS), SEATS, rows=6)
    for number, seat in enumerate(SEATS):
        alone = static(model, past(model, LENGTHS), [seat], rows=6, numbers=[number])
        for all_say, one_says in zip(together, alone, strict=True):
            torch.testing.assert_close(all_say[:, number], one_says[:, 0], **CLOSE)


@torch.inference_mode()
def test_the_past_of_a_row_that_rests_is_left_alone(model):
    cache = past(model, LENGTHS)
    before = cache.select([5])
    static(model, cache, SEATS, rows=6)
    for buffer, old in ((cache.keys, before.keys), (cache.values, before.values)):
        assert torch.equal(buffer[:, 5, :, :4], old[:, 0, :, :4])


@torch.inference_mode()
def test_who_goes_on_in_other_company_goes_on_as_before(model):
    """After three steps the first leaves, and the others change places."""
    wanted, _, _ = static(model, past(model, LENGTHS), SEATS, rows=6)
    cache = past(model, LENGTHS)
    said, _, _ = static(model, cache, SEATS, rows=6, steps=3)
    step = StaticStep(model, cache.select([1, 3, 4]))
    step.lay([Seat(1, 0, 0.5, said[-1, 2]), Seat(2, 2, 1.0, said[-1, 1])], 3)
    for frame in range(3, STEPS):
        drawn = torch.stack([noises(model, 2)[frame], noises(model, 1)[frame]])
        torch.testing.assert_close(step(drawn)[0], wanted[frame, [2, 1]], **CLOSE)


@torch.inference_mode()
def test_the_last_position_can_be_filled_but_no_further_one(model):
    cache = past(model, LENGTHS, capacity=15)
    seats = [Seat(*seat, first_frame(n)) for n, seat in enumerate(SEATS)]
    step = StaticStep(model, cache)
    step.lay(seats, 6)
    for _ in range(6):
        step(torch.zeros(3, noises(model, 0).shape[1]))
    with pytest.raises(ModelError, match="16 positions exceed its limit of 15"):
        step(torch.zeros(3, noises(model, 0).shape[1]))


class Seen(TorchDispatchMode):
    """What is done, with the shapes it is done to."""

    def __init__(self):
        super().__init__()
        self.done = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        shapes = [tuple(arg.shape) for arg in args if isinstance(arg, torch.Tensor)]
        self.done.append((str(func), shapes))
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def test_every_step_of_a_window_does_the_same_to_the_same_shapes(model):
    step, seen = StaticStep(model, past(model, LENGTHS)), []
    step.lay([Seat(*seat, first_frame(n)) for n, seat in enumerate(SEATS)], 6)
    drawn = torch.zeros(3, noises(model, 0).shape[1])
    for _ in range(STEPS):
        with Seen() as mode:
            step(drawn)
        seen.append(mode.done)
    assert all(each == seen[1] for each in seen[2:])  # the first one also cuts the window


@torch.no_grad()
def test_a_step_reads_no_value_from_the_device(model):
    """On a device that has no values at all, whoever asked for one would raise."""
    nowhere = model.to("meta")
    cache = KVCache.allocate(model.config, 2, 8, device="meta")
    step = StaticStep(nowhere, cache)
    step.lay([Seat(0, 1, 2.0, torch.empty(6, device="meta"))], 2)
    said = step(torch.empty(1, 8 * 12, device="meta"))
    assert [each.shape for each in said] == [(1, 6), (1, model.config.hidden_size), (1,)]


class FakeGraph:
    """What a CUDA graph does, but slowly: it does the captured work again."""

    def __init__(self):
        self.work = None

    def pool(self):
        return 0

    def replay(self):
        self.work()


@torch.inference_mode()
def test_warming_up_and_capturing_leaves_no_trace(model, monkeypatch):
    """With a pretended GPU; at the last position, which no second run may leave."""
    captured = []

    @contextmanager
    def graph(made, **_):
        yield
        made.work = captured[-1]

    for name, fake in {
        "device": nullcontext,
        "stream": nullcontext,
        "graph": graph,
        "CUDAGraph": FakeGraph,
        "Stream": MagicMock,
        "current_stream": MagicMock,
    }.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    count, log = torch.zeros(1, dtype=torch.int64), torch.zeros(3)

    def work():
        log.index_add_(0, count, torch.ones(1))  # raises beyond the end
        count.add_(1)

    captured.append(work)
    graphs = Graphs(torch.device("cuda"), (count, log))
    for done in range(3):
        graphs.run(done // 2, work)
        assert count.item() == done + 1
        assert log.tolist() == [1] * (done + 1) + [0] * (2 - done)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@torch.inference_mode()
def test_graphs_on_a_gpu_say_the_same(model):
    wanted, _, chances = static(model, past(model, LENGTHS), SEATS, rows=6)
    drawn = torch.stack([noises(model, number) for number in range(3)], dim=1).cuda()
    model.to("cuda")
    step = StaticStep(model, past(model, LENGTHS))
    step.lay([Seat(*seat, first_frame(n).cuda()) for n, seat in enumerate(SEATS)], 6)
    for frame, modulations in enumerate(drawn):
        latents, _, chance = step(modulations)
        torch.testing.assert_close(latents.cpu(), wanted[frame], rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(chance.cpu(), chances[frame], rtol=1e-3, atol=1e-3)
