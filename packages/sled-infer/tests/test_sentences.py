"""Where texts are cut: at sentences, clauses or words; nothing is lost, nothing comes twice."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_infer import SynthesisError
from sled_infer._cutter import (
    CLAUSE_PAUSE,
    PARAGRAPH_PAUSE,
    SENTENCE_PAUSE,
    Cut,
    Cutter,
    Room,
    cut,
)
from sled_infer._english import Phrases
from sled_infer._normalise import normalise
from sled_infer._text import LONGEST_WORD, Cleaner, letters

EVERYWHERE = Room(1, 1, 40, 60)


def pieces(text, room=EVERYWHERE):
    return [piece.text for piece in cut(text, Cutter(letters, room))]


SENTENCES = [
    ["Dr. Smith met J. R. Ewing at 5 p.m.", "The U.S. Army left."],
    ['He said "No!" and left.', "“Why?” he asked.", "He's in St. Louis, e.g. today."],
    ["She paid $3.50.", "5 men came... and went.", "Really?!", "Yes."],
    ["See Fig. 3 and No. 7.", "He said no.", "Then he left in Aug. 1914.", "So did I.", "Well…"],
    ["It was 3.5 percent.", "(It was more.)", "“Quite so.”", "Yes !", "No."],
    ["你好。", "再见\uff01", "好吗\uff1f"],
]


@pytest.mark.parametrize("sentences", SENTENCES)
def test_a_piece_is_a_sentence(sentences):
    glue = "" if sentences[0][0] == "你" else " "
    assert pieces(glue.join(sentences)) == sentences


def test_short_sentences_stay_together():
    assert pieces("Yes. No. I see. It is late now. Go.", Room(6, 6, 40, 60)) == [
        "Yes. No. I see.",
        "It is late now.",
        "Go.",
    ]


def test_a_word_too_long_for_any_piece_is_cut_between_what_is_spoken_in_it():
    def spoken(word):
        return word.replace("-", " ")

    def parted(text):
        return [each.text for each in cut(text, Cutter(letters, Room(1, 1, 8, 10), spell=spoken))]

    assert parted("we say three-one-four-one here") == [
        "we say three",
        "one four one",
        "here",
    ]
    assert parted("three-one a") == ["three-one a"]
    assert parted("abcdefghijklmno") == ["abcdefg", "hijklmno"]


def test_a_sentence_too_long_is_cut_at_a_clause_and_else_at_a_word():
    assert pieces("one two three, four five, six, seven", Room(1, 1, 12, 60)) == [
        "one two three, four five,",
        "six, seven",
    ]
    assert pieces("one two three four", Room(1, 1, 40, 8)) == ["one two", "three", "four"]


def test_pauses_are_long_between_paragraphs_short_at_clauses_and_none_between_words():
    text = "One two. Three four\n\n  five six, seven\neight."
    found = list(cut(text, Cutter(letters, Room(3, 3, 12, 16))))
    assert [(piece.text, piece.pause) for piece in found] == [
        ("One two.", 0.0),
        ("Three four", SENTENCE_PAUSE),
        ("five six, seven", PARAGRAPH_PAUSE),
        ("eight.", 0.0),
    ]
    clauses = list(cut("One two three, four", Cutter(letters, Room(1, 1, 5, 30))))
    assert [piece.pause for piece in clauses] == [0.0, CLAUSE_PAUSE]


def test_no_piece_begins_with_what_is_not_spoken():
    assert pieces('Go. … " *** Then ... !') == ['Go. … " ***', "Then ... !"]


READ_TOGETHER = [
    (24, "They had lived", "near St. James St. for long"),
    (16, "It was clear on", "June 5, 1990 and dry"),
    (18, "They paid at", "most $3 million for it"),
]


@pytest.mark.parametrize(("full", "first", "last"), READ_TOGETHER)
def test_words_that_are_read_together_are_in_one_piece(full, first, last):
    text, room = f"{first} {last}", Room(full, full, 12, full, 0)
    together = [piece.text for piece in cut(text, Cutter(letters, room, Phrases()))]
    assert together == [first, last]
    assert " ".join(map(normalise, together)) == normalise(text)
    apart = pieces(text, room)
    assert " ".join(map(normalise, apart)) != normalise(text)


def test_a_sentence_ends_among_them_and_what_is_too_long_is_parted():
    room = Room(1, 1, 99, 12, 0)

    def found(text):
        return [piece.text for piece in cut(text, Cutter(letters, room, Phrases()))]

    assert found("At 5 p.m. The cat sat.") == ["At 5 p.m.", "The cat sat."]
    assert found("so 111 222 333 444 555 666") == ["so 111 222 333", "444 555 666"]


def test_without_room_nothing_is_cut():
    assert pieces("One. Two.\n\nThree.", None) == ["One. Two. Three."]


PARTS = ["One.", "two", "Dr.", "p.m.", "Then", "\n\n", "“", "...", "x,", "你好。", "3.", "!", "é"]
parts = st.lists(st.sampled_from(PARTS) | st.text("aB. \n,", max_size=4))
texts = parts.map(" ".join) | st.text(st.characters(exclude_categories=["Cs"]))
rooms = st.sampled_from(
    [
        EVERYWHERE,
        Room(6, 6, 9, 12),
        Room(3, 3, 3, 3),
        Room(3, 9, 9, 9, 0),
        Room(6, 6, 9, 12, 9),
        None,
    ]
)
phrases = st.sampled_from([Phrases, lambda: None])
hypothesis = settings(deadline=None, max_examples=200)


def outcome(cutter, given_pieces):
    told = [each for piece in given_pieces for each in cutter.push(piece)] + cutter.finish()
    joined = [[]]
    for each in told:
        if isinstance(each, Cut):
            joined.append(each)
            joined.append([])
        else:
            joined[-1].append(each)
    return [each if isinstance(each, Cut) else "".join(each).strip() for each in joined]


@hypothesis
@given(texts, rooms, phrases, st.lists(st.integers(0, 60)))
def test_however_it_comes_it_is_cut_as_the_whole(text, room, together, at):
    ends = sorted({min(place, len(text)) for place in at} | {len(text)})
    came = [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    in_pieces, whole = (Cutter(letters, room, together()) for _ in range(2))
    assert outcome(in_pieces, came) == outcome(whole, [text])


@hypothesis
@given(texts, rooms, phrases)
def test_nothing_is_lost_and_nothing_comes_twice(text, room, together):
    if letters(text):
        found = [piece.text for piece in cut(text, Cutter(letters, room, together()))]
        given_stops = Cleaner(stops=together is Phrases).push(text)
        assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", given_stops)
        assert all(map(letters, found))


def test_only_the_last_word_is_held_back():
    cutter = Cutter(letters, EVERYWHERE)
    assert cutter.push("One t") == ["One"]
    assert cutter.push("wo.") == []
    assert cutter.push(" ") == [" two. "]
    assert cutter.push("Th") == []
    assert cutter.push("ree ") == [Cut(SENTENCE_PAUSE), "Three "]
    assert cutter.finish() == []


def test_a_word_without_end_is_refused():
    cutter = Cutter(letters, EVERYWHERE)
    cutter.push("a" * LONGEST_WORD)
    with pytest.raises(SynthesisError, match="put spaces between words"):
        cutter.push("a")
