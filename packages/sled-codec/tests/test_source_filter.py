"""A source-filter decoder: pulses at the pitch, noise, filters, and the sound they make."""

import math
from dataclasses import replace

import pytest
import torch
from sled_codec import Codec, CodecConfig, CodecError, SourceFilter
from sled_codec._filter import (
    BINS,
    band_map,
    blur_map,
    contrast,
    minimum_phase,
    most_taps,
    overlap,
    shape,
    tail_length,
)
from sled_codec._source import noise, pulses
from sled_codec._synthesis import Controls, Synthesis, pitch_of, place_of

RATE, SAMPLES = 24_000, 160
SIZES = SourceFilter()
CLOSE = {"rtol": 0, "atol": 1e-5}
# Rounded otherwise, a pitch moves all pulses behind it.
CLOSE_PULSES = {"rtol": 0, "atol": 2e-4}


def still(value, steps):
    return torch.full((steps, 1), float(value))


def run(pitch, before=0.0, phase=0):
    wave, after = pulses(pitch, torch.tensor([before]), torch.tensor([phase]), SAMPLES, RATE)
    return wave.transpose(0, 1).flatten(), after


def test_a_steady_pitch_has_all_its_harmonics_equally_strong_and_nothing_between():
    wave, _ = run(still(200, 150), before=200.0)
    spectrum = torch.fft.rfft(wave).abs() / len(wave)
    at_harmonics = spectrum[200::200][:56].clone()
    assert at_harmonics.std() < 1e-3 * at_harmonics.mean()
    spectrum[200::200] = 0
    assert spectrum.max() < 1e-3 * at_harmonics.mean()


@pytest.mark.parametrize("hertz", [60, 151.3, 480])
def test_pulses_have_unit_power_at_any_pitch(hertz):
    wave, _ = run(still(hertz, 300))
    assert wave.square().mean().item() == pytest.approx(1, abs=0.03)


def test_pulses_cut_anywhere_are_those_of_the_whole():
    pitch = torch.tensor([0, 110, 130, 180, 0, 0, 220, 210, 90.0])[:, None]
    whole, end = run(pitch)
    for cut in range(1, len(pitch)):
        first, phase = run(pitch[:cut])
        second, after = run(pitch[cut:], before=pitch[cut - 1].item(), phase=phase.item())
        torch.testing.assert_close(torch.cat((first, second)), whole, rtol=0, atol=1e-4)
        assert torch.equal(after, end)


def test_voiceless_steps_are_silent_and_the_next_pulse_is_that_of_a_fresh_start():
    pitch = torch.cat((still(123.4, 7), still(0, 2), still(140, 5)))
    wave, _ = run(pitch)
    assert not wave[8 * SAMPLES : 9 * SAMPLES].any()
    torch.testing.assert_close(wave[9 * SAMPLES :], run(still(140, 5))[0], rtol=0, atol=1e-4)


def test_noise_is_white_and_hangs_on_its_place_alone():
    whole = noise(torch.tensor([0, 40]), 100, SAMPLES)
    assert whole.mean().abs() < 0.02
    assert whole.square().mean().item() == pytest.approx(1, abs=0.02)
    assert whole.std(dim=(1, 2)).max() < 1.15
    assert torch.equal(whole[40:, 0], whole[:60, 1])
    one = whole[:, 0].flatten()
    assert abs(float((one[1:] * one[:-1]).mean())) < 0.03


def test_bands_are_joined_by_lines_over_the_whole_spectrum():
    bands = band_map(7, RATE)
    torch.testing.assert_close(bands.sum(0), torch.ones(BINS))
    torch.testing.assert_close(torch.stack((bands[0, 0], bands[-1, -1])), torch.ones(2))


def test_a_minimum_phase_filter_has_the_amplitudes_asked_for():
    bands = torch.linspace(1, -3, 20) + torch.randn(20, generator=torch.Generator().manual_seed(0))
    wanted = bands @ band_map(20, RATE)
    response = minimum_phase(wanted, most_taps(SAMPLES))
    torch.testing.assert_close(response.abs().log(), wanted, rtol=0, atol=0.02)


def test_a_minimum_phase_filter_rings_at_once():
    wanted = torch.linspace(1, -3, 20) @ band_map(20, RATE)
    energy = torch.fft.irfft(minimum_phase(wanted, most_taps(SAMPLES))).square().cumsum(0)
    assert energy[16] > 0.9 * energy[-1]


def test_still_filters_are_a_convolution():
    source = torch.randn(6, 1, SAMPLES, generator=torch.Generator().manual_seed(1))
    taps = torch.tensor([1.0, -0.5, 0.25])
    response = torch.fft.rfft(taps, 1024).expand(6, 1, -1)
    tail = torch.zeros(1, tail_length(SAMPLES))
    wave, left = overlap(shape(source, response, response), tail, SAMPLES)
    wanted = torch.nn.functional.conv1d(
        source.flatten()[None, None], taps.flip(0)[None, None], padding=2
    ).flatten()
    torch.testing.assert_close(wave.flatten(), wanted[:-2], **CLOSE)
    torch.testing.assert_close(left[0, :2], wanted[-2:], **CLOSE)


def test_a_pitch_comes_back_from_its_place_on_the_scale():
    hertz = torch.tensor([57.0, 100, 233.3, 440])
    places = torch.arange(SIZES.pitches)
    logits = -0.5 * (places - place_of(hertz)[:, None]).square()
    torch.testing.assert_close(pitch_of(logits), hertz, rtol=2e-3, atol=0)


def test_controls_are_heard():
    synthesis = Synthesis(SIZES, samples=SAMPLES, sample_rate=RATE)
    quiet = torch.full((150, 1, SIZES.breath_bands), -12.0)
    voice = torch.full((150, 1, SIZES.voice_bands), -2.0)
    controls = Controls(still(150, 150), voice, quiet)
    wave, _ = synthesis.speak(controls, synthesis.begin(1, voice))
    assert wave.square().mean().sqrt().item() == pytest.approx(math.exp(-2), rel=0.05)
    hushed, _ = synthesis.speak(controls._replace(pitch=still(0, 150)), synthesis.begin(1, voice))
    assert hushed.abs().max() < 1e-3


def test_contrast_deepens_the_valleys_at_the_same_power():
    hills = torch.cos(torch.linspace(0, 30, 64)) - 3
    same, deeper = (contrast(hills, blur_map(64), strength) for strength in (0, 0.5))
    torch.testing.assert_close(same, hills, **CLOSE)
    assert (deeper * 2).exp().sum().item() == pytest.approx((hills * 2).exp().sum().item())
    assert deeper.max() - deeper.min() > 1.05 * (hills.max() - hills.min())


def test_contrast_leaves_what_has_none():
    flat = torch.full((64,), -2.0)
    torch.testing.assert_close(contrast(flat, blur_map(64), 0.5), flat, **CLOSE)


def test_contrast_is_of_the_voice_and_not_of_the_breath():
    plain = Synthesis(SIZES, samples=SAMPLES, sample_rate=RATE)
    sharp = Synthesis(replace(SIZES, contrast=0.5), samples=SAMPLES, sample_rate=RATE)
    channels = torch.randn(5, 1, SIZES.channels, generator=torch.Generator().manual_seed(0))
    one, other = plain.read(channels), sharp.read(channels)
    assert torch.equal(one.pitch, other.pitch)
    assert torch.equal(one.breath, other.breath)
    assert (one.voice - other.voice).abs().max() > 0.1


def test_streams_of_several_ages_go_on_together_as_each_alone(noise):
    codec = Codec.from_random(CodecConfig(n_filters=4, dimension=16, source_filter=SIZES))
    latents = [noise(30, 16, seed=1), noise(45, 16, seed=2)]
    states = [codec.decoder_state() for _ in latents]
    heard = [codec.decode_step(latents[1][:15], states[1])]
    both = codec.decode_step_batch([latents[0], latents[1][15:]], states, last=True)
    torch.testing.assert_close(both[0], codec.decode(latents[0]), **CLOSE_PULSES)
    whole = codec.decode(latents[1])
    torch.testing.assert_close(torch.cat((*heard, both[1])), whole, **CLOSE_PULSES)


def test_no_cast_and_no_default_dtype_reaches_it(noise):
    sizes = SourceFilter(n_filters=8, contrast=0.5)
    config = CodecConfig(n_filters=4, dimension=16, source_filter=sizes)
    latents = noise(12, 16)
    expected = Codec.from_random(config).decode(latents)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        cast = Codec.from_random(config).bfloat16()
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(cast.decode(latents), expected)
    finally:
        torch.set_default_dtype(before)


def test_it_is_saved_and_loaded_with_its_sizes(tmp_path, noise):
    sizes = SourceFilter(n_filters=8, contrast=0.25)
    config = CodecConfig(n_filters=4, dimension=16, source_filter=sizes)
    codec = Codec.from_random(config)
    codec.save_pretrained(tmp_path)
    loaded = Codec.from_pretrained(tmp_path)
    assert loaded.config == config
    latents = noise(12, 16)
    assert torch.equal(loaded.decode(latents), codec.decode(latents))


def test_another_decoder_over_the_same_latents_leaves_the_fingerprint():
    plain = Codec.from_random(CodecConfig(n_filters=4, dimension=16))
    config = CodecConfig(n_filters=4, dimension=16, source_filter=SourceFilter(n_filters=8))
    state = Codec.from_random(config, seed=1).state_dict()
    state |= {k: v for k, v in plain.state_dict().items() if not k.startswith("decoder.")}
    assert Codec.from_state_dict(state, config).fingerprint == plain.fingerprint


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ({"steps": 3}, "must divide a frame of 320"),
        ({"pitches": 0}, "source_filter.pitches"),
        ({"voice_bands": 1}, "source_filter.voice_bands"),
        ({"contrast": -0.5}, "source_filter.contrast"),
        ({"contrast": math.nan}, "source_filter.contrast"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes, says):
    with pytest.raises(CodecError, match=says):
        CodecConfig(source_filter=SourceFilter(**sizes))


def test_an_unknown_size_is_refused_by_name():
    text = CodecConfig(source_filter=SIZES).to_json().replace("pitches", "pitchez")
    with pytest.raises(CodecError, match="unknown field 'pitchez'"):
        CodecConfig.from_json(text)
