"""Steps of unchanging shapes, with stops looked at late: what is said is what was said before."""

import pytest
import torch
from sled_infer import Engine, SeededNoise, Utterance
from sled_infer._later import Later, send
from sled_model import OfflineLayout, StreamingLayout

ASKED = [
    {"length": 3, "seed": 1, "max_frames": 200},
    {"length": 9, "seed": 2, "max_frames": 200, "cfg": 1.0},
    {"length": 5, "seed": 3, "max_frames": 20, "prompt": 7},
    {"length": 7, "seed": 4, "max_frames": 200, "stop_threshold": 0.6, "draws": 8},
    {"length": 4, "seed": 5, "max_frames": 1},
    {"length": 300, "seed": 6, "max_frames": 400, "stop_threshold": 2.0},
]


@pytest.fixture(params=[OfflineLayout(), StreamingLayout(2, 6)], ids=["offline", "streaming"])
def asked(request, streaming):
    return [utterance(layout=request.param, **each) for each in ASKED]


def utterance(length, seed, *, prompt=0, cfg=2.0, **more):
    generator = torch.Generator().manual_seed(length)
    ids = torch.randint(4, 300, (length,), generator=generator)
    return Utterance(ids, torch.randn(prompt, 16, generator=generator), cfg, Counted(seed), **more)


class Counted(SeededNoise):
    """Noise that starts anew for every engine, and counts what is drawn of it."""

    def __init__(self, seed):
        super().__init__(seed, 8)
        self.seed, self.drawn = seed, 0

    def draw(self, most):
        drawn = super().draw(1)
        self.drawn += 1
        return drawn


def spoken(model, asked, *, at_once=None, **options):
    """Say all: latents, whether each stopped, and how many vectors of noise it took."""
    anew = [Utterance(**{**vars(each), "noise": Counted(each.noise.seed)}) for each in asked]
    engine = Engine(model, **options)
    tracks = dict(engine.decode(anew, at_once=at_once))
    assert engine.rows == 0
    return (
        [tracks[number].give() for number in range(len(asked))],
        [tracks[number].stopped for number in range(len(asked))],
        [each.noise.drawn for each in anew],
    )


@pytest.mark.parametrize(("lag", "at_once"), [(0, None), (1, 2), (1, None), (4, None)])
def test_however_late_a_stop_is_looked_at_the_same_is_said(streaming, asked, lag, at_once):
    wanted, ends, needed = spoken(streaming.model, asked, static=False)
    found, ended, drawn = spoken(streaming.model, asked, static=True, lag=lag, at_once=at_once)
    assert ended == ends
    assert set(ends) == {True, False}
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    for count, least, stopped in zip(drawn, needed, ended, strict=True):
        assert least <= count <= least + (lag + 1) * stopped


def test_most_frames_are_drawn_in_steps_of_unchanging_shapes(streaming, asked, monkeypatch):
    engine, begun = Engine(streaming.model, static=True), []
    begin = engine._glide._begin
    monkeypatch.setattr(
        engine._glide, "_begin", lambda tracks: (begun.append(len(tracks)), begin(tracks))[1]
    )
    said = sum(track.spoken for _, track in engine.decode(asked))
    assert sum(begun) > 0.7 * said


def test_on_a_cpu_shapes_follow_the_rows(streaming):
    assert Engine(streaming.model)._glide is None
    assert Engine(streaming.model, static=True)._glide is not None


def test_who_leaves_while_its_frames_fly_disturbs_nobody(streaming):
    layout = OfflineLayout()
    calm, hasty = (
        utterance(5, seed, layout=layout, max_frames=40, stop_threshold=2.0) for seed in (1, 2)
    )
    [wanted], _, _ = spoken(streaming.model, [calm], static=False)
    engine = Engine(streaming.model, static=True, lag=3)
    going = [engine.join(each) for each in (hasty, calm)]
    for _ in range(10):
        engine.step()
    assert going[0].flying == 3
    engine.leave(going[0])
    assert engine.rows == 2
    while engine.step():
        pass
    assert going[0].spoken < 10
    torch.testing.assert_close(torch.stack(list(going[1].frames)), wanted, rtol=1e-5, atol=1e-5)


def test_a_pause_counts_the_frames_that_fly(streaming):
    engine = Engine(streaming.model, static=True, lag=2)
    track = engine.join(utterance(5, 1, max_frames=40, stop_threshold=2.0), most_ahead=9)
    while engine.step():
        assert len(track.frames) <= 9
    assert (len(track.frames), track.flying) == (9, 0)


def test_numbers_arrive_later_as_they_were():
    numbers = torch.tensor([0.25, 0.5])
    assert Later(numbers).get() == [0.25, 0.5]
    assert torch.equal(send(numbers, torch.device("cpu")), numbers)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("lag", [0, 1, 4])
def test_a_gpu_says_what_a_cpu_says(streaming, asked, lag):
    wanted, ends, _ = spoken(streaming.model, asked, static=False)
    model = streaming.model.to("cuda")
    try:
        found, ended, _ = spoken(model, asked, lag=lag)
    finally:
        model.to("cpu")
    assert ended == ends
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one.cpu(), other, rtol=1e-2, atol=1e-2)
