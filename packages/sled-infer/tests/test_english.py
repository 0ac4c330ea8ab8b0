"""The embedded English voice: any text, streamed as whole, batched as alone, prompted or not."""

import sys
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from sled_infer import Request, SynthesisError, Synthesizer, Voice, embedded, speech_digest
from sled_infer._lexicon import Lexicon
from sled_model import OfflineLayout

TEXT = "On May 4, the doctor paid $3 for two cats."
LEAD_FRAMES = 20
# Where weights that differ by 1e-7 move a frame by 1e-3, roundings do; over a stretch of voice the
# codec's oscillator adds up what latents differ by.
CLOSE = {"atol": 1e-2, "rtol": 0}


@pytest.fixture(scope="module")
def english() -> Synthesizer:
    return Synthesizer.from_pretrained(threads=1)


def pitch(wave: torch.Tensor) -> float:
    """The period at which the sound of a moment is most like itself, in Hz, from 80 to 300."""
    moments = wave.unfold(0, 1200, 480)
    moments = moments[moments.square().mean(dim=1).sqrt() > 0.02] * torch.hann_window(1200)
    alike = torch.fft.irfft(torch.fft.rfft(moments, 4096).abs().square())[:, 80:300]
    return float((24_000 / (80 + alike.argmax(dim=1))).median())


def test_embedded_voices_are_found_by_name() -> None:
    assert embedded.names() == ("digits", "english")
    assert embedded.find("english") == embedded.folder("english")
    assert embedded.find("digits") == embedded.folder("digits")
    assert embedded.find("embedded") == embedded.folder() == embedded.folder("english")
    assert embedded.find("some/model") == "some/model"


def test_a_model_folder_at_hand_comes_before_the_voice_of_its_name(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    assert embedded.find("digits") == embedded.folder("digits")
    (tmp_path / "digits" / "config.json").touch()
    assert embedded.find("digits") == "digits"


def test_it_says_a_text_in_the_time_that_it_takes(english: Synthesizer) -> None:
    speech = english.synthesize(TEXT)
    assert speech.stopped
    assert speech.text == "On May fourth, the doctor paid three dollars for two cats."
    assert 2.5 < speech.audio_seconds < 5.5
    assert speech.wave.square().mean().sqrt() > 0.01


def test_what_comes_word_by_word_is_said_as_the_whole(english: Synthesizer) -> None:
    whole = english.synthesize(TEXT, seed=7).wave
    with english.open_stream(seed=7) as stream:
        waves = list(stream.speak(f"{word} " for word in TEXT.split()))
    streamed = torch.cat(waves)
    assert len(streamed) == len(whole)
    torch.testing.assert_close(streamed, whole, **CLOSE)


def test_what_has_no_latin_letter_is_left_out_and_told(english: Synthesizer) -> None:
    speech = english.synthesize("Good 日本語 morning.", max_seconds=0.2)
    assert (speech.text, speech.unsupported) == ("Good morning.", ("日本語",))
    with pytest.raises(SynthesisError, match="none of its words: it says any English text"):
        english.synthesize("日本語。")


def test_in_a_batch_it_says_what_it_says_alone(english: Synthesizer) -> None:
    requests = [Request("Good morning.", seed=1), Request(TEXT, seed=2)]
    together = english.synthesize_batch(requests)
    for request, speech in zip(requests, together, strict=True):
        alone = english.synthesize_batch([request])[0]
        torch.testing.assert_close(speech.wave, alone.wave, **CLOSE)


def test_a_prompt_is_no_part_of_what_is_said(english: Synthesizer) -> None:
    first = english.synthesize("This is my voice.", seed=3)
    for mode in ("reference", "continuation"):
        voice = Voice.from_wave(
            first.wave, first.sample_rate, "This is my voice.", english.codec, mode=mode
        )
        speech = english.synthesize("And it says this.", voice=voice)
        assert speech.stopped
        assert 0.5 < speech.audio_seconds < 3


@pytest.mark.parametrize("name", embedded.voice_card().speakers)
def test_a_speakers_prompt_is_read_by_its_own_dictation(english: Synthesizer, name: str) -> None:
    speaker = embedded.speaker(name)
    utterance = english._planner.plan(Request("Hello.", voice=speaker)).utterance
    read = english.tokenizer.encode(speaker.dictation)[:-1]
    assert utterance.text_ids[: len(read)].tolist() == read
    assert len(utterance.prompt) == len(speaker.codes) + LEAD_FRAMES
    assert len(speaker.codes) == 2 * len(speaker.dictation)
    assert 1 < len(speaker.codes) / english.codec.frame_rate < 3


def test_speakers_are_known_by_their_pitch_and_one_of_them_speaks_if_none_is_asked_for(
    english: Synthesizer,
) -> None:
    names = ("heart", "michael")
    requests = [Request(TEXT, embedded.speaker(name)) for name in names]
    heart, michael, nobody = english.synthesize_batch([*requests, Request(TEXT)])
    assert pitch(heart.wave) > 1.2 * pitch(michael.wave)
    torch.testing.assert_close(nobody.wave, heart.wave, **CLOSE)


def test_what_it_reads_with_is_loaded_before_it_speaks(english: Synthesizer) -> None:
    assert english.dictation is not None
    assert "spokenform" in sys.modules


@pytest.mark.parametrize("part", ["lexicon", "letters", "durations"])
def test_a_texts_digest_tells_what_it_is_dictated_by(english: Synthesizer, monkeypatch, part):
    before = speech_digest(english, Request(TEXT))
    assert speech_digest(english, Request(TEXT)) == before
    dictation = deepcopy(english.dictation)
    lexicon = dictation.lexicon
    if part == "lexicon":
        other = lexicon.table.replace(b"owl\t", b"owm\t", 1)
        dictation = replace(dictation, lexicon=Lexicon(other, lexicon.letters))
    with torch.no_grad():
        if part == "letters":
            lexicon.letters.net.labels.bias[0] += 1e-3
        if part == "durations":
            dictation.durations.layers[0].bias[0] += 1e-3
    monkeypatch.setattr(english, "dictation", dictation)
    assert speech_digest(english, Request(TEXT)) != before


def test_other_layouts_are_refused(english: Synthesizer) -> None:
    with pytest.raises(SynthesisError, match="layout"):
        english.synthesize("Hello.", layout=OfflineLayout())


def test_texts_longer_than_it_was_trained_on_are_cut_between_words(english: Synthesizer) -> None:
    sentence = "This is a sentence of a good number of words, and others follow it."
    text = " ".join([sentence] * 9)
    pieces = english._planner.cut(Request(text))
    assert len(pieces) > 1
    assert " ".join(piece.text for piece in pieces) == text


@pytest.mark.parametrize("seconds", [0, 2, 5, 8, 10])
def test_what_is_cut_off_a_text_fits_beside_any_prompt(english: Synthesizer, seconds: int) -> None:
    text = "So he went up to the old house, and saw that nobody had lived in it for years, "
    voice = None
    if seconds:
        codes = torch.zeros(75 * seconds, 8, dtype=torch.int64)
        voice = Voice(codes, "I saw it.", "reference", english.codec.fingerprint)
    for count in range(4, 60, 5):
        words = " ".join((4 * text).split()[:count])
        for piece in english._planner.cut(Request(words, voice)):
            utterance = english._planner.plan(Request(piece.text, voice)).utterance
            frames = 2 * (len(utterance.text_ids) - 2) + LEAD_FRAMES
            assert len(utterance.text_ids) + frames <= english.model.config.max_position_embeddings


def test_it_ends_when_the_text_does_even_if_the_model_misses_its_end(
    english: Synthesizer, monkeypatch
) -> None:
    utterance = english._planner.plan(Request(TEXT)).utterance
    turns = len(utterance.text_ids) - 2
    frames = 2 * turns + LEAD_FRAMES - len(utterance.prompt)
    assert abs(len(english.synthesize(TEXT).latents) - frames) <= 12
    monkeypatch.setattr(english.model, "stop_logits", lambda z: z.new_full(z.shape[:-1], -9.0))
    speech = english.synthesize(TEXT)
    assert speech.stopped
    assert frames < len(speech.latents) <= frames + 14
    with english.open_stream() as stream:
        samples = sum(len(wave) for wave in stream.speak(f"{word} " for word in TEXT.split()))
    assert samples == len(speech.wave)
    assert not english.synthesize(TEXT, max_seconds=1).stopped
