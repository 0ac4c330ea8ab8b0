"""What the encoder of the embedded codec is taught: crops whose pitch is that of their samples."""

import json

import numpy as np
import pytest
import torch

STEPS, RATE = 120, 24_000
HERTZ = (80.0, 160.0, 320.0)


pytestmark = pytest.mark.usefixtures("embedded_tools")


def tone(hertz, seconds):
    times = np.arange(int(seconds * RATE)) / RATE
    return (8000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


@pytest.fixture
def audio(tmp_path):
    """Return sources of clips of one tone each, none of which begins at a whole step."""
    for name, seconds in (("digits", 0.3137), ("teacher", 1.7011)):
        waves, pitches, index, start = [], [], [], 0
        for hertz in HERTZ * 2:
            wave = tone(hertz, seconds)
            index.append({"speaker": "tone", "text": "", "start": start, "length": len(wave)})
            waves.append(wave)
            start += len(wave)
            pitches += [hertz] * (start // 160 - len(pitches))
        np.save(tmp_path / f"{name}.npy", np.concatenate(waves))
        np.save(tmp_path / f"{name}-pitch.npy", np.array(pitches, np.float32))
        (tmp_path / f"{name}.json").write_text(json.dumps(index))
    return tmp_path


def heard_hertz(wave):
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 16 * len(wave)))
    return np.argmax(spectrum) * RATE / (16 * len(wave))


@pytest.mark.parametrize("name", ["digits", "teacher"])
def test_the_pitch_of_a_crop_is_heard_in_it(audio, name):
    from crops import Crops

    heard = Crops(audio, STEPS, 0, {name: 1.0}).batch(6)
    assert heard.wave.shape == (6, 1, STEPS * 160)
    assert heard.pitch.shape == (6, STEPS)
    checked = 0
    for wave, pitch in zip(heard.wave[:, 0].numpy(), heard.pitch.numpy(), strict=True):
        for first in range(0, STEPS - 15, 15):
            here = pitch[first : first + 15]
            if here[0] > 0 and (here == here[0]).all():
                assert heard_hertz(wave[first * 160 : (first + 15) * 160]) == pytest.approx(
                    here[0], rel=0.02
                )
                checked += 1
    assert checked > 10


def test_the_last_two_numbers_of_a_latent_are_quarter_tones_and_voicing():
    from spectral_latents import SPECTRAL, SpectralLatents

    pitch = torch.tensor([[0.0, 0.0, 160.0, 160.0, 0.0, 320.0, 80.0, 80.0]])
    latents = SpectralLatents()(torch.randn(1, 1, 8 * 160), pitch)
    assert latents.shape == (1, 128, 4)
    assert latents[0, SPECTRAL].tolist() == [0, 0, 24, -24]
    assert latents[0, SPECTRAL + 1].tolist() == [0, 4, 2, 4]


def test_the_spectral_numbers_of_what_they_were_fitted_to_have_no_mean_and_unit_power():
    from spectral_latents import SPECTRAL, SpectralLatents

    waves = torch.randn(4, 1, 200 * 320) * torch.rand(4, 1, 200).repeat_interleave(320, dim=-1)
    target = SpectralLatents()
    target.fit(waves)
    spectrum = target(waves, torch.zeros(4, 400))[:, :SPECTRAL]
    assert spectrum.mean(dim=(0, 2)).abs().max() < 1e-3
    assert spectrum.square().mean() == pytest.approx(1, abs=0.05)
