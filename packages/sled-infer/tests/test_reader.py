"""Text in pieces gives the tokens of the whole text: cleaned, restricted, after a transcript."""

import re
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sled_infer import SynthesisError, Voice, VoiceCard
from sled_infer._cutter import Cutter
from sled_infer._normalise import make_phrases
from sled_infer._reader import TextReader
from sled_infer._text import LONGEST_WORD, Cleaner, clean, letters
from sled_model import Tokenizer

TOKENIZER = Tokenizer.train(["three one four it's they're", "you've said one"] * 3, 320)
CARD = VoiceCard("counter", Path(), can_say="one to three", words=("one", "two", "three"))
# What the cleaning, the word list, the transcript and the cutting into words turn on.
WORDS = ["one", "two", "three", "One two", "3", "'", "re", "é", "ß", "Σ", "ΑΣ", "x", "."]
OTHERS = [" ", "  ", "\n", "\x07", "\ufeff", "\ud83d\ude42"]
awkward = st.lists(st.sampled_from(WORDS + OTHERS)).map("".join)
anything = awkward | st.text(st.characters(exclude_categories=["Cs"]))
places = st.lists(st.integers(0, 40))


def cut(text, at):
    ends = sorted({min(place, len(text)) for place in at} | {len(text)})
    return [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]


def voice(mode, transcript="one two"):
    return Voice(torch.zeros(10, 4, dtype=torch.int64), transcript, mode, "")


def outcome(pieces, card, prompt):
    """Give all that a reader makes of a text, or why it is refused."""
    reader = TextReader(TOKENIZER, card, prompt)
    ids = reader.open()
    try:
        for piece in pieces:
            ids += reader.push(piece)
        ids += reader.finish()
    except SynthesisError as error:
        return str(error)
    return ids, reader.text, reader.full_text, reader.unsupported


@pytest.mark.parametrize("card", [None, CARD], ids=["any", "restricted"])
@pytest.mark.parametrize("mode", [None, "reference", "continuation"])
@settings(deadline=None, max_examples=150)
@given(anything, places)
@example("One two three", list(range(20)))
@example("ΑΣ one", [2])
def test_however_cut_the_outcome_is_that_of_the_whole(card, mode, text, at):
    prompt = mode and voice(mode)
    assert outcome(cut(text, at), card, prompt) == outcome([text], card, prompt)


@settings(deadline=None)
@given(anything)
def test_the_tokens_are_those_of_the_cleaned_text(text):
    found = outcome(text, None, None)
    if isinstance(found, str):
        with pytest.raises(SynthesisError, match=re.escape(found)):
            clean(text)
    else:
        cleaned = clean(text)
        assert found == (TOKENIZER.encode(cleaned), cleaned, cleaned, ())


@settings(deadline=None)
@given(awkward, st.sampled_from(["reference", "continuation"]))
def test_a_prompt_is_read_as_a_voice_says(text, mode):
    prompt = voice(mode)
    found = outcome(text, None, prompt)
    if not isinstance(found, str):
        assert found[2] == prompt.full_text(found[1])
        assert found[0] == TOKENIZER.encode(prompt.full_text(found[1]))


def test_a_transcript_is_read_before_any_text_has_come():
    reader = TextReader(TOKENIZER, None, voice("reference"))
    assert reader.open() == TOKENIZER.encode("one two")[:-1]
    assert not reader.speakable
    assert reader.push("three ") == TOKENIZER.encode(" three")[1:-1]
    assert reader.speakable


def test_a_continuation_waits_until_it_knows_whether_the_transcript_is_repeated():
    reader = TextReader(TOKENIZER, None, voice("continuation"))
    assert reader.open() == []
    assert reader.push("one two") == [0]
    assert reader.push(" three ") == TOKENIZER.encode("one two three")[1:-1]


def test_white_space_completes_a_word():
    reader = TextReader(TOKENIZER, None, None)
    assert reader.push("three") == [0]
    assert reader.push(" ") == TOKENIZER.encode("three")[1:-1]


def test_nothing_is_speakable_before_a_letter_has_come():
    reader = TextReader(TOKENIZER, None, None)
    reader.push("… — ? ")
    assert not reader.speakable
    reader.push("3 ")
    assert reader.speakable


def test_a_surrogate_pair_may_be_cut():
    cleaner = Cleaner()
    assert cleaner.push("a\ud83d") == "a"
    assert cleaner.push("\ude42b") == "\U0001f642b"


@pytest.mark.parametrize(
    ("pieces", "place"), [(["ab\ud83d", "c"], 2), (["a\ude42"], 1), (["a", "b\ud83d"], 2)]
)
def test_half_a_pair_alone_is_refused_with_its_place(pieces, place):
    assert f"character {place} is half a surrogate pair" in outcome(pieces, None, None)


def test_bytes_are_refused():
    assert "bytes is no text" in outcome([b"one"], None, None)


@pytest.mark.parametrize("card", [None, CARD])
def test_an_endless_word_is_refused(card):
    found = outcome(["a" * 1000] * (LONGEST_WORD // 1000 + 1), card, None)
    assert f"a word of more than {LONGEST_WORD} characters" in found


def test_endless_white_space_takes_no_memory():
    reader = TextReader(TOKENIZER, None, None)
    reader.push("one")
    for _ in range(100):
        reader.push(" " * 1000)
    assert reader.text == "one"


def test_endlessly_many_unknown_words_are_not_all_listed():
    reader = TextReader(TOKENIZER, CARD, None)
    for _ in range(500):
        reader.push("ugh argh eek ")
    assert len(reader.unsupported) == 1000


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Chapter One\n\nIt was late.", "Chapter One . It was late."),
        ("One \r\n \r\n  It was late.\n\nIt rained", "One . It was late. It rained"),
        ("Who?\n\nI (Ann)\n\nYes:\n\nno", "Who? I (Ann) . Yes: no"),
        (
            "Buy:\n- milk\n- two eggs\n* oil\n• tea\nor so",
            "Buy: - milk . - two eggs . * oil . • tea or so",
        ),
        (
            "a line that\nis wrapped\n*here* and\n-5 below",
            "a line that is wrapped *here* and -5 below",
        ),
        ("\n\nOne\n\n\n", "One"),
        ("1. Chop onions\n2. Fry them\n10) Eat", "1. Chop onions . 2. Fry them . 10) Eat"),
        ("We were\n25 then, in\n1984, of\n2", "We were 25 then, in 1984, of"),
    ],
)
def test_what_ends_with_its_line_is_given_a_stop(written, kept):
    whole, parts = Cleaner(stops=True), Cleaner(stops=True)
    assert whole.push(written) == kept
    assert "".join(map(parts.push, written)) == kept


def test_a_list_is_read_alike_whole_and_as_a_stream_cuts_it():
    text = "Chapter One\n\nBuy:\n- milk\n- two eggs\n\n1. Go\n2. Come\n3"
    cutter = Cutter(letters, None, make_phrases("en"))
    cut_up = [*(each for character in text for each in cutter.push(character)), *cutter.finish()]
    for pieces in ([text], text, cut_up):
        reader = TextReader(TOKENIZER, None, None, "en")
        for piece in pieces:
            reader.push(piece)
        reader.finish()
        spoken = "Chapter One. Buy: - milk. - two eggs. one. Go. two. Come three"
        assert reader.text == spoken
