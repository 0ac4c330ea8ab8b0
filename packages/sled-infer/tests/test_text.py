"""Texts: evened out, refused when there is nothing to say or too much of it."""

import pytest
from sled_infer import SynthesisError
from sled_infer._text import check_room, clean, frames_at_least


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hello", "hello"),
        ("  two\n\nlines\t here ", "two lines here"),
        ("\ufeffbyte order mark", "byte order mark"),
        ("bell\x07 and null\x00", "bell and null"),
        ("soft\u00adhy\u200bphen, \u2066left\u2069 to right\u200e", "softhyphen, left to right"),
        ("क्\u200dष, न\u200cम", "क्\u200dष, न\u200cम"),
        ("naïve café", "naïve café"),
        ("你好", "你好"),
        ("नमस्ते", "नमस्ते"),
        ("3", "3"),
    ],
)
def test_white_space_is_evened_out_and_control_characters_go(text, wanted):
    assert clean(text) == wanted


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00\x07", "\ufeff", "\u00ad"])
def test_empty_text_is_refused(text):
    with pytest.raises(SynthesisError, match="empty"):
        clean(text)


@pytest.mark.parametrize("text", ["...", "?!", "—", "🙂", "$ %"])
def test_text_without_letter_or_digit_is_refused(text):
    with pytest.raises(SynthesisError, match="nothing speakable"):
        clean(text)


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(SynthesisError, match="surrogate"):
        clean("good \ud83d")


def test_no_string_is_refused():
    with pytest.raises(SynthesisError, match="NoneType"):
        clean(None)


def room(**given):
    sizes = {"prompt_tokens": 0, "prompt_frames": 0, "positions": 2048, "rate": 75.0}
    check_room(**(sizes | given))


def test_what_fits_exactly_is_accepted():
    room(tokens=100, frames=1948)


def test_a_long_text_is_refused_with_the_tokens_and_seconds_that_fit():
    with pytest.raises(SynthesisError, match=r"about 204 tokens, 25 s") as refused:
        room(tokens=400, frames=3600)
    assert "\n" not in str(refused.value)


def test_the_prompt_is_blamed_when_the_text_alone_would_fit():
    with pytest.raises(SynthesisError, match=r"prompt: 26.7 s .* may have 13.6 s"):
        room(tokens=20, frames=1000, prompt_tokens=10, prompt_frames=2000)


def test_the_prompt_is_blamed_when_its_transcript_leaves_no_room_for_any_text():
    with pytest.raises(SynthesisError, match=r"prompt: 1.0 s and a transcript of 2000 tokens"):
        room(tokens=30, frames=100, prompt_tokens=2000, prompt_frames=75)


def test_frames_needed_grow_with_letters_not_with_punctuation():
    assert frames_at_least("ab" * 9, 75) == 75
    assert frames_at_least("a, b!", 75) == frames_at_least("ab", 75)
