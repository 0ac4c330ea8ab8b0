"""Change of sample rate: length, pitch, odd rates."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sled_codec import CodecError, resample

RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000]


def _sine(hertz, rate, seconds=0.5):
    return torch.sin(2 * math.pi * hertz * torch.arange(int(rate * seconds)) / rate)


@given(samples=st.integers(0, 3000), orig=st.sampled_from(RATES), new=st.sampled_from(RATES))
def test_the_length_is_that_of_the_same_time_at_the_new_rate(samples, orig, new):
    wave = resample(torch.zeros(2, samples), orig, new)
    assert wave.shape == (2, math.ceil(samples * new / orig))
    assert wave.dtype == torch.float32


@pytest.mark.parametrize("orig", [8_000, 22_050, 44_100, 44_101])
def test_a_tone_keeps_its_pitch_and_level(orig):
    heard = resample(_sine(440, orig), orig, 24_000)
    expected = _sine(440, 24_000, len(heard) / 24_000)
    middle = slice(1000, -1000)
    assert (heard - expected[: len(heard)])[middle].abs().max() < 2e-2


def test_a_tone_above_the_new_limit_is_removed_not_folded():
    heard = resample(_sine(10_000, 44_100), 44_100, 8_000)
    assert heard[500:-500].abs().max() < 2e-2


def test_the_same_rate_changes_nothing():
    wave = _sine(440, 24_000)
    assert torch.equal(resample(wave, 24_000, 24_000), wave)


@pytest.mark.parametrize("rate", [0, -1, 22_050.5, True, float("nan"), "fast"])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(CodecError, match="sample rate"):
        resample(torch.zeros(10), rate, 24_000)
