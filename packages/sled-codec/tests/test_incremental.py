"""Decoding piece by piece gives, however it is cut, what decoding the whole gives."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_codec import Codec, CodecConfig, CodecError, SourceFilter

CLOSE = {"rtol": 0, "atol": 1e-5}
SMALL = {"n_filters": 2, "dimension": 8, "codebook_size": 8}
CONFIGS = {
    "tiny": CodecConfig(n_filters=4, dimension=16, codebook_size=32),
    "deep": CodecConfig(**SMALL, ratios=(3, 5), n_residual_layers=3, lstm_layers=1),
    "wide reach late": CodecConfig(**SMALL, ratios=(1, 2), kernel_size=1, n_residual_layers=4),
    "zeros left": CodecConfig(**SMALL, pad_mode="constant", lstm_layers=0),
    "first left": CodecConfig(**SMALL, pad_mode="replicate", true_skip=True),
    "no reach": CodecConfig(**SMALL, kernel_size=1, last_kernel_size=1, residual_kernel_size=1),
    "source and filter": CodecConfig(
        **SMALL,
        source_filter=SourceFilter(
            n_filters=4, pitches=60, voice_bands=6, breath_bands=4, contrast=0.5
        ),
    ),
}


def close_for(codec):
    """Rounded otherwise, a pitch moves all pulses behind it."""
    return CLOSE if codec.config.source_filter is None else {"rtol": 0, "atol": 2e-4}


@pytest.fixture(scope="module", params=CONFIGS.values(), ids=CONFIGS.keys())
def any_codec(request):
    return Codec.from_random(request.param)


def decode_in_pieces(codec, pieces):
    state = codec.decoder_state()
    waves = [codec.decode_step(piece, state) for piece in pieces]
    return torch.cat([*waves, codec.decode_step(pieces[0][:0], state, last=True)])


cuts = st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any)


@settings(max_examples=8)
@given(sizes=cuts)
def test_any_cut_gives_the_wave_of_the_whole(any_codec, noise, sizes):
    latents = noise(sum(sizes), any_codec.latent_size)
    joined = decode_in_pieces(any_codec, latents.split(sizes))
    torch.testing.assert_close(joined, any_codec.decode(latents), **close_for(any_codec))


@pytest.fixture(scope="module", params=["embedded", "full size"])
def real_codec(request):
    """Return a codec and how close it comes: an oscillator adds up what its pitch is off."""
    if request.param == "embedded":
        return Codec.from_pretrained(), {"rtol": 0, "atol": 1e-4}
    return Codec.from_random(CodecConfig()), CLOSE


@settings(max_examples=4)
@given(sizes=cuts)
def test_any_cut_with_the_embedded_codec_and_at_full_size(real_codec, sizes):
    codec, close = real_codec
    generator = torch.Generator().manual_seed(sum(sizes))
    codes = torch.randint(0, 1024, (sum(sizes), 8), generator=generator)
    latents = codec.latents(codes)
    joined = decode_in_pieces(codec, latents.split(sizes))
    torch.testing.assert_close(joined, codec.decode(latents), **close)


def test_frame_by_frame_for_four_seconds(codec, noise):
    latents = noise(300, codec.latent_size)
    joined = decode_in_pieces(codec, latents.split(1))
    torch.testing.assert_close(joined, codec.decode(latents), **CLOSE)


def test_a_piece_brings_a_hop_a_frame_once_the_start_is_there(codec, noise):
    state, latents = codec.decoder_state(), noise(20, codec.latent_size)
    assert codec.frames_to_start == 7
    assert [len(codec.decode_step(each, state)) for each in latents.split([4, 2, 1, 3, 10])] == [
        0,
        0,
        7 * 320,
        3 * 320,
        10 * 320,
    ]
    assert state.frames == 20


@pytest.mark.parametrize("name", ["zeros left", "first left", "no reach"])
def test_without_reflection_the_first_frame_sounds_at_once(name, noise):
    codec = Codec.from_random(CONFIGS[name])
    assert codec.frames_to_start == 1
    assert len(codec.decode_step(noise(1, 8), codec.decoder_state())) == codec.hop_length


@pytest.mark.parametrize("frames", range(1, 9))
def test_a_stream_may_end_before_its_start_is_there(codec, noise, frames):
    latents = noise(frames, codec.latent_size)
    torch.testing.assert_close(
        codec.decode_step(latents, codec.decoder_state(), last=True), codec.decode(latents), **CLOSE
    )


def test_a_stream_may_end_without_a_frame(codec):
    empty = torch.empty(0, codec.latent_size)
    assert len(codec.decode_step(empty, codec.decoder_state(), last=True)) == 0


def test_a_copy_goes_on_by_itself(codec, noise):
    first, second = noise(9, 16, seed=1), noise(9, 16, seed=2)
    for cut in (3, 9):
        state = codec.decoder_state()
        head = codec.decode_step(first[:cut], state)
        copy = state.copy()
        codec.decode_step(second, state)
        torch.testing.assert_close(
            torch.cat((head, codec.decode_step(first[cut:], copy, last=True))),
            codec.decode(first),
            **CLOSE,
        )
        assert (state.frames, copy.frames) == (cut + 9, 9)


arrivals = st.lists(
    st.tuples(st.integers(0, 4), st.lists(st.integers(0, 9), min_size=1, max_size=5)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8)
@given(streams=arrivals)
def test_streams_that_come_and_go_sound_as_they_do_alone(any_codec, noise, streams):
    """Each stream: the step at which it joins, and the frames it pushes from then on."""
    size = any_codec.latent_size
    latents = [noise(sum(sizes), size, seed=n) for n, (_, sizes) in enumerate(streams)]
    states = [any_codec.decoder_state() for _ in streams]
    heard = [[torch.empty(0)] for _ in streams]
    for step in range(max(begin + len(sizes) for begin, sizes in streams)):
        here = [n for n, (begin, sizes) in enumerate(streams) if 0 <= step - begin < len(sizes)]
        pushed = [latents[n].split(streams[n][1])[step - streams[n][0]] for n in here]
        waves = any_codec.decode_step_batch(pushed, [states[n] for n in here])
        for n, wave in zip(here, waves, strict=True):
            heard[n].append(wave)
    ends = any_codec.decode_step_batch([latents[0][:0]] * len(states), states, last=True)
    close = close_for(any_codec)
    for whole, parts, end in zip(latents, heard, ends, strict=True):
        expected = any_codec.decode(whole) if len(whole) else torch.empty(0)
        torch.testing.assert_close(torch.cat([*parts, end]), expected, **close)


def held(state):
    tensors = (*state.waiting, *(state.memory or ()))
    return sum(each.untyped_storage().nbytes() for each in tensors)


def test_a_state_does_not_grow_with_the_stream(codec, noise):
    state, sizes = codec.decoder_state(), []
    for piece in noise(200, 16).split(3):
        codec.decode_step(piece, state)
        sizes.append(held(state))
    assert sizes[3] == sizes[-1]


def test_a_stream_that_leaves_takes_its_memory_along(codec, noise):
    states = [codec.decoder_state() for _ in range(8)]
    for _ in range(2):
        codec.decode_step_batch([noise(8, 16)] * 8, states)
    alone = codec.decoder_state()
    codec.decode_step(noise(8, 16), alone)
    codec.decode_step(noise(8, 16), states[5])
    assert held(states[5]) == held(alone)


def test_no_streams_give_no_waves(codec):
    assert codec.decode_step_batch([], []) == []


def test_what_comes_out_hangs_on_no_graph(codec, noise):
    state = codec.decoder_state()
    with torch.inference_mode():
        codec.decode_step(noise(9, 16), state)
    wave = codec.decode_step(noise(9, 16).requires_grad_(), state)
    assert not wave.requires_grad
    assert not wave.is_inference()


@pytest.mark.parametrize(
    ("latents", "named"),
    [
        (torch.zeros(5, 128), r"\[frames, 16\]"),
        (torch.zeros(1, 5, 16), r"\[frames, 16\]"),
        (torch.full((5, 16), float("nan")), "NaN"),
        (None, "NoneType"),
    ],
)
def test_latents_that_are_none_are_refused_and_change_nothing(codec, noise, latents, named):
    state = codec.decoder_state()
    codec.decode_step(noise(9, 16), state)
    copy = state.copy()
    with pytest.raises(CodecError, match=named):
        codec.decode_step_batch([noise(2, 16), latents], [state, codec.decoder_state()])
    expected = codec.decode_step(noise(4, 16), copy)
    assert torch.equal(codec.decode_step(noise(4, 16), state), expected)


def test_an_ended_stream_takes_no_more(codec, noise):
    state = codec.decoder_state()
    codec.decode_step(noise(9, 16), state, last=True)
    with pytest.raises(CodecError, match="has ended"):
        codec.decode_step(noise(9, 16), state)


@pytest.mark.parametrize("count", [1, 3])
def test_each_stream_needs_a_state_of_its_own(codec, noise, count):
    with pytest.raises(CodecError, match="as many states"):
        codec.decode_step_batch([noise(2, 16)] * 2, [codec.decoder_state() for _ in range(count)])
    state = codec.decoder_state()
    with pytest.raises(CodecError, match="one each"):
        codec.decode_step_batch([noise(2, 16)] * 2, [state, state])
