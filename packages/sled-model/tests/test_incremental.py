"""The incremental encoder: tokens of a text in pieces are those of the whole text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_model import IncrementalEncoder, Tokenizer

TEXTS = ["it's what they're told we've", "I'll say  three one four", "naïve café — 你好 'r 've"]
TRAINED = Tokenizer.train(TEXTS * 4, 330)
# The characters on which the cutting into words turns, more often than chance has them.
awkward = st.text(st.sampled_from(" \n\t'\u2019rvlesdtmRa1.é你\u0301\xa0"))
anything = awkward | st.text(st.characters(exclude_categories=["Cs"]))


def cut(text, places):
    ends = sorted({min(place, len(text)) for place in places} | {len(text)})
    return [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]


def encoded(pieces):
    encoder = IncrementalEncoder(TRAINED)
    ids = [number for piece in pieces for number in encoder.push(piece)]
    return ids + encoder.finish()


@settings(deadline=None, max_examples=300)
@given(anything, st.lists(st.integers(0, 30)))
def test_however_cut_the_ids_are_those_of_the_whole(text, places):
    assert encoded(cut(text, places)) == TRAINED.encode(text)


@settings(deadline=None, max_examples=300)
@given(anything)
def test_character_by_character_too(text):
    assert encoded(text) == TRAINED.encode(text)


@settings(deadline=None)
@given(st.lists(st.text("'rvlea1.é", min_size=1), min_size=1))
def test_a_word_known_to_be_whole_is_not_held_back(words):
    encoder = IncrementalEncoder(TRAINED)
    ids = encoder.push(words[0], whole_words=True)
    for word in words[1:]:
        ids += encoder.push(" " + word, whole_words=True)
        assert encoder.held == ""
    assert ids + encoder.finish() == TRAINED.encode(" ".join(words))


def test_all_but_the_last_word_comes_at_once():
    encoder = IncrementalEncoder(TRAINED)
    assert encoder.push("three one fo") == TRAINED.encode("three one")[:-1]
    assert encoder.held == " fo"


@pytest.mark.parametrize("tail", ["r", "v", "l"])
def test_a_contraction_that_may_still_come_is_waited_for(tail):
    encoder = IncrementalEncoder(TRAINED)
    encoder.push(f"they'{tail}")
    assert encoder.held == f"'{tail}"
    encoder.push("x")
    assert encoder.held == f"{tail}x"


def test_no_text_is_the_empty_text():
    assert IncrementalEncoder(TRAINED).finish() == TRAINED.encode("")


def test_the_published_tokenizer_too(parity):
    folder = parity / "tokenizer"
    if not folder.is_dir():
        pytest.skip("the published tokenizer's files are not there")
    tokenizer = Tokenizer.from_pretrained(folder)
    text = "We're told: it's 3.14159,  isn't it?\n\nThey'll've done — naïve 你好 🎙️ 'r"
    encoder = IncrementalEncoder(tokenizer)
    ids = [number for each in text for number in encoder.push(each)]
    assert ids + encoder.finish() == tokenizer.encode(text)
