"""What is said in a recording's voice has its timbre, where the model alone would lose it."""

from dataclasses import replace

import pytest
import torch
from sled_codec import write_audio
from sled_infer import SynthesisError, Synthesizer, Voice, VoiceCard
from sled_infer._timbre import Timbre, missing

TONE = 14  # of the 16 numbers of the tiny codec's latents
ALL_VOICE = 4.0


def latents(noise, frames, seed, voicing=ALL_VOICE):
    x = noise(frames, 16, seed=seed)
    x[:, TONE + 1] = voicing
    return x


@pytest.fixture(scope="module")
def noise():
    return lambda *shape, seed: torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def shift(noise):
    shift = noise(16, seed=1)
    shift[TONE + 1] = 0
    return shift


@pytest.fixture(scope="module")
def telling(streaming, tmp_path_factory):
    """A synthesizer whose card says what its latents are."""
    card = VoiceCard("telling", tmp_path_factory.mktemp("card"), tone=TONE)
    return Synthesizer(streaming.model, streaming.codec, streaming.tokenizer, card)


def test_a_frame_is_moved_as_far_as_it_has_voice(noise, shift):
    said = latents(noise, 3, 2, voicing=torch.tensor([4.0, 2.0, 0.0]))
    moved = Timbre(shift, TONE)(said) - said
    torch.testing.assert_close(moved[:, :TONE], torch.tensor([[1.0], [0.5], [0.0]]) * shift[:TONE])
    torch.testing.assert_close(moved[:, TONE], torch.tensor([1.0, 1.0, 0.0]) * shift[TONE])
    assert not moved[:, TONE + 1].any()


def test_what_is_missing_makes_the_means_alike(noise):
    said, recorded = latents(noise, 80, 3), latents(noise, 60, 4) + 2
    silent = latents(noise, 50, 5, voicing=0.0) * 9
    shift = missing(torch.cat([silent, recorded]), torch.cat([said, silent]), TONE)
    moved = Timbre(shift, TONE)(said)
    torch.testing.assert_close(moved[:, : TONE + 1].mean(0), recorded[:, : TONE + 1].mean(0))


def test_of_hardly_any_voice_nothing_is_told(noise):
    long, short = latents(noise, 80, 3), latents(noise, 29, 4)
    assert missing(long, short, TONE) is None
    assert missing(short, long, TONE) is None


def test_the_model_goes_on_from_what_it_drew(telling, recorded, shift):
    voice = replace(recorded, timbre=shift)
    said = {"seed": 3, "max_seconds": 0.8, "draws": 4}
    plain = telling.synthesize("three one four", voice=recorded, **said).latents
    moved = telling.synthesize("three one four", voice=voice, **said).latents
    assert not torch.equal(plain, moved)
    torch.testing.assert_close(moved, Timbre(shift, TONE)(plain))


def test_what_is_streamed_is_what_is_said_of_the_whole_text(telling, recorded, shift):
    voice = replace(recorded, timbre=shift)
    said = {"seed": 3, "max_seconds": 0.8, "voice": voice}
    whole = telling.synthesize("three one four one five", **said).wave
    streamed = torch.cat(list(telling.stream(["three o", "ne four", " one five"], **said)))
    torch.testing.assert_close(streamed, whole, rtol=0, atol=1e-4)


def test_a_model_that_tells_nothing_of_its_latents_leaves_voices_as_they_are(
    streaming, recorded, shift
):
    assert streaming.attune(recorded) is recorded
    said = {"seed": 3, "max_seconds": 0.4}
    voice = replace(recorded, timbre=shift)
    assert torch.equal(
        streaming.synthesize("three", voice=voice, **said).wave,
        streaming.synthesize("three", voice=recorded, **said).wave,
    )


def test_a_timbre_that_is_known_is_not_looked_for_again(telling, recorded, shift):
    voice = replace(recorded, timbre=shift)
    assert telling.attune(voice) is voice


def test_it_is_saved_with_the_voice(tmp_path, recorded, shift):
    replace(recorded, timbre=shift).save(tmp_path / "v.safetensors")
    assert torch.equal(Voice.load(tmp_path / "v.safetensors").timbre, shift)


@pytest.mark.parametrize("wrong", [torch.zeros(8), torch.full((16,), torch.nan)], ids=["8", "nan"])
def test_one_that_fits_no_latents_is_refused(tmp_path, codec, recorded, wrong):
    replace(recorded, timbre=wrong).save(tmp_path / "v.safetensors")
    with pytest.raises(SynthesisError, match=r"v\.safetensors: its timbre is none of this codec"):
        Voice.load(tmp_path / "v.safetensors", codec)


def test_a_card_that_says_too_much_of_latents_is_refused(streaming, tmp_path):
    card = VoiceCard("telling", tmp_path, tone=15)
    with pytest.raises(SynthesisError, match="number 15 of a latent is the pitch"):
        Synthesizer(streaming.model, streaming.codec, streaming.tokenizer, card)


@pytest.mark.parametrize("mode", ["reference", "continuation"])
def test_whoever_speaks_higher_is_spoken_after_more_highly(tmp_path, mode):
    """Played faster by a sixth, a speaker is nobody whom the English voice knows."""
    english = Synthesizer.from_pretrained()
    words = "The kettle is on, and the rain has stopped."
    speaker = english.synthesize(words, voice=english.card.speaker("bella")).wave
    write_audio(tmp_path / "fast.wav", speaker, round(24_000 * 7 / 6))
    voice = english.voice(tmp_path / "fast.wav", words, mode=mode, prefix_seconds=1.5)
    spoken = {"seed": 1, "text": "It was finished before the summer."}

    def pitch(x):
        return float(x[x[:, 127] > 2, 126].mean())

    wanted = pitch(english.codec.latents(voice.codes))
    without = pitch(english.synthesize(**spoken, voice=replace(voice, timbre=None)).latents)
    found = pitch(english.synthesize(**spoken, voice=voice).latents)
    assert abs(found - wanted) < abs(without - wanted)
    assert abs(found - wanted) < 3  # quarter tones
