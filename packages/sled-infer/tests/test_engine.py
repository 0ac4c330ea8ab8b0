"""Decoding: batched = alone, padded = unpadded, guidance, stops and limits."""

import pytest
import torch
from sled_infer import Engine, GivenNoise, SeededNoise, SynthesisError, Utterance
from sled_infer._rows import Rows
from sled_model import ModelError, SledConfig, SledModel

LATENT, NOISE, POSITIONS = 6, 5, 96

pytestmark = pytest.mark.usefixtures("either_way")


@pytest.fixture(scope="module")
def model():
    """A random model whose stop probability now and then passes the threshold."""
    config = SledConfig(
        vocab_size=40,
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=POSITIONS,
        vae_embed_dim=LATENT,
        noise_channels=NOISE,
        diffloss_d=2,
        diffloss_w=16,
    )
    made = SledModel(config).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in made.parameters():
            noise = torch.randn(weight.shape, generator=generator)
            weight.copy_(noise / weight.shape[-1] ** 0.5 if weight.dim() > 1 else 1 + 0.3 * noise)
        made.stop.weight.mul_(-2)
    return made


@pytest.fixture
def endless(model):
    """The same model, but it never stops."""
    kept = model.stop.weight.detach().clone()
    with torch.no_grad():
        model.stop.weight.zero_()
        yield model
        model.stop.weight.copy_(kept)


def utterance(length, *, prompt=0, cfg=2.0, seed=0, max_frames=12, **more):
    generator = torch.Generator().manual_seed(length)
    return Utterance(
        text_ids=torch.randint(4, 40, (length,), generator=generator),
        prompt=torch.randn(prompt, LATENT, generator=generator),
        cfg=cfg,
        noise=SeededNoise(seed, NOISE),
        max_frames=max_frames,
        **more,
    )


def spoken(model, asked, **options):
    tracks = dict(Engine(model).decode(asked, **options))
    assert tracks.keys() == set(range(len(asked)))
    return [outcome(tracks[number]) for number in range(len(asked))]


def outcome(track):
    frames = list(track.frames)
    assert len(frames) == track.spoken
    return (torch.stack(frames) if frames else torch.empty(0, LATENT)), track.stopped


def assert_alike(found, wanted):
    for (frames, stopped), (other, still) in zip(found, wanted, strict=True):
        assert stopped == still
        torch.testing.assert_close(frames, other, rtol=1e-4, atol=1e-4)


VARIED = [
    {"length": 3, "seed": 1},
    {"length": 9, "seed": 2, "cfg": 1.0},
    {"length": 1, "seed": 3, "cfg": 3.5, "prompt": 7, "max_frames": 30},
    {"length": 5, "seed": 4, "cfg": 0.0, "max_frames": 2},
    {"length": 14, "seed": 5, "cfg": 1.0, "prompt": 2, "max_frames": 40},
    {"length": 2, "seed": 6, "max_frames": 60},
]


def each_alone(model):
    return [spoken(model, [utterance(**each)])[0] for each in VARIED]


def test_each_of_a_varied_batch_is_spoken_as_alone(model):
    together = spoken(model, [utterance(**each) for each in VARIED])
    assert_alike(together, each_alone(model))
    assert {stopped for _, stopped in together} == {True, False}


def test_who_finds_no_room_is_told_and_keeps_none(model, monkeypatch):
    add, left = Rows.add, iter([True])

    def full(rows):
        if next(left, None) is None:
            monkeypatch.undo()
            raise MemoryError("no room")
        return add(rows)

    monkeypatch.setattr(Rows, "add", full)
    engine = Engine(model)
    track = engine.join(utterance(3))
    with pytest.raises(MemoryError):
        engine.step()
    assert isinstance(track.failure, MemoryError)
    assert (track.ended, engine.rows, engine.tracks) == (True, 0, 0)
    ((_, later),) = engine.decode([utterance(3)])
    assert later.failure is None


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_who_joins_when_another_has_ended_is_spoken_as_alone(model, at_once):
    later = spoken(model, [utterance(**each) for each in VARIED], at_once=at_once)
    assert_alike(later, each_alone(model))


def test_buffers_that_grow_while_they_are_spoken_from_change_nothing(model, monkeypatch):
    wanted = spoken(model, [utterance(**each) for each in VARIED])
    monkeypatch.setattr("sled_infer._rows._FEWEST_POSITIONS", 4)
    found = spoken(model, [utterance(**each) for each in VARIED], at_once=3)
    assert_alike(found, wanted)


@pytest.mark.parametrize("cost", [0, 1000])
def test_texts_are_read_alone_or_padded_with_the_same_result(model, monkeypatch, cost):
    wanted = spoken(model, [utterance(**each) for each in VARIED])
    monkeypatch.setattr("sled_infer._passes.PASS", cost)
    found = spoken(model, [utterance(**each) for each in VARIED], at_once=4)
    assert_alike(found, wanted)


def test_order_in_the_batch_means_nothing(model):
    forward = spoken(model, [utterance(**each) for each in VARIED])
    backward = spoken(model, [utterance(**each) for each in reversed(VARIED)])
    assert_alike(forward, reversed(backward))


def test_a_long_neighbour_that_pads_a_short_text_changes_nothing(endless):
    [(alone, _)] = spoken(endless, [utterance(2)])
    (padded, _), _ = spoken(endless, [utterance(2), utterance(60, max_frames=3)])
    torch.testing.assert_close(padded, alone, rtol=1e-4, atol=1e-4)


def test_guidance_of_one_is_no_guidance(endless):
    [(one_row, _)] = spoken(endless, [utterance(4, cfg=1.0)])
    [(two_rows, _)] = spoken(endless, [utterance(4, cfg=1.0 + 1e-12)])
    torch.testing.assert_close(two_rows, one_row, rtol=1e-4, atol=1e-4)


def test_guidance_changes_what_is_said(endless):
    [(plain, _)] = spoken(endless, [utterance(4, cfg=1.0)])
    [(guided, _)] = spoken(endless, [utterance(4, cfg=2.0)])
    assert (plain - guided).abs().max() > 1e-2


def test_without_text_only_the_last_token_counts(endless):
    """At cfg 0 only the unconditional row speaks, and that has lost all but one token."""
    whole = utterance(6, cfg=0.0)
    last = Utterance(whole.text_ids[-1:], whole.prompt, 1.0, SeededNoise(0, NOISE), 12)
    [(unconditional, _)], [(short, _)] = spoken(endless, [whole]), spoken(endless, [last])
    torch.testing.assert_close(unconditional, short, rtol=1e-4, atol=1e-4)


def test_a_prompt_is_as_good_as_having_said_it(endless):
    [(said, _)] = spoken(endless, [utterance(5, cfg=2.0)])
    source = SeededNoise(0, NOISE)
    rest = GivenNoise(torch.cat([source.draw(1) for _ in range(12)])[4:])
    text = utterance(5).text_ids
    [(continued, _)] = spoken(endless, [Utterance(text, said[:4], 2.0, rest, 8)])
    torch.testing.assert_close(continued, said[4:], rtol=1e-4, atol=1e-4)


def test_the_seed_decides_the_noise(endless):
    [(first, _)], [(again, _)] = (spoken(endless, [utterance(3, seed=7)]) for _ in range(2))
    [(other, _)] = spoken(endless, [utterance(3, seed=8)])
    assert torch.equal(first, again)
    assert (first - other).abs().max() > 1e-2


def test_an_endless_model_runs_to_its_limit_and_says_so(endless):
    [(frames, stopped)] = spoken(endless, [utterance(3, max_frames=5)])
    assert len(frames) == 5
    assert stopped is False


def test_a_sure_stop_ends_before_the_first_frame(model):
    [(frames, stopped)] = spoken(model, [utterance(3, stop_threshold=0.0)])
    assert len(frames) == 0
    assert stopped


def test_a_stop_right_at_the_limit_counts_as_a_stop(model):
    [(frames, stopped)] = spoken(model, [utterance(2, seed=6, max_frames=60)])
    assert stopped
    assert len(frames) > 0
    [(same, still)] = spoken(model, [utterance(2, seed=6, max_frames=len(frames))])
    assert still
    assert len(same) == len(frames)


def test_every_position_can_be_filled_and_the_last_one_is_an_end(endless):
    for limit in (20, 21):
        [(frames, stopped)] = spoken(endless, [utterance(POSITIONS - 20, max_frames=limit)])
        assert (len(frames), stopped) == (20, False)


@pytest.mark.parametrize("sizes", [{"length": POSITIONS}, {"length": 6, "prompt": POSITIONS - 6}])
def test_what_leaves_no_position_is_refused(model, sizes):
    with pytest.raises(ModelError, match=str(POSITIONS)):
        spoken(model, [utterance(**sizes)])


def test_nothing_to_say_or_no_time_to_say_it_is_refused(model):
    for empty in (utterance(0), utterance(3, max_frames=0)):
        with pytest.raises(ModelError, match="needs text, and at least one frame"):
            spoken(model, [empty])


def test_the_stop_is_read_from_the_unguided_row(model):
    """However wild the guidance, a first step with the same text stops or not alike."""
    for length in range(1, 30):
        asked = [utterance(length, cfg=cfg, max_frames=1) for cfg in (1.0, 50.0)]
        (mild, _), (wild, _) = spoken(model, asked)
        assert len(mild) == len(wild)


def test_decoding_leaves_no_gradients_and_no_global_random_state(endless):
    before = torch.get_rng_state()
    [(frames, _)] = spoken(endless, [utterance(3)])
    assert not frames.requires_grad
    assert torch.equal(before, torch.get_rng_state())


def test_noise_of_a_seed_is_the_same_however_many_are_drawn():
    source = SeededNoise(3, NOISE)
    many = torch.cat([source.draw(1) for _ in range(200)])
    again, drawn = SeededNoise(3, NOISE), 0
    while drawn < 180:
        some = again.draw(7)
        assert torch.equal(some, many[drawn : drawn + len(some)])
        assert 1 <= len(some) <= 7
        drawn += len(some)
    assert abs(float(many.mean())) < 0.1
    assert abs(float(many.std()) - 1) < 0.1


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.5, "0", True])
def test_a_seed_is_a_64_bit_number(seed):
    with pytest.raises(SynthesisError, match="seed"):
        SeededNoise(seed, NOISE)


@pytest.mark.parametrize("ahead", [1, 5, 64])
def test_how_far_noise_is_drawn_ahead_changes_nothing(model, monkeypatch, ahead):
    wanted = spoken(model, [utterance(**each) for each in VARIED])
    monkeypatch.setattr("sled_infer._ahead._AT_ONCE", ahead)
    found = spoken(model, [utterance(**each) for each in VARIED], at_once=3)
    assert_alike(found, wanted)


def test_given_noise_runs_out_with_an_error():
    source = GivenNoise(torch.zeros(3, NOISE))
    assert [len(source.draw(2)), len(source.draw(2))] == [2, 1]
    with pytest.raises(SynthesisError, match="only 3"):
        source.draw(2)
