"""A page of 3,000 characters, cut into pieces: what the model is given to read is the page."""

import pytest
from sled_infer import Request, Synthesizer, VoiceCard, normalise
from sled_infer._reading import Reading
from sled_infer._text import Cleaner, clean

SENTENCES = (
    "Dr. Lee came to room {n}b at 10:30 p.m. and asked for Mrs. Jones.",
    "“Is it {n}?” she said; nobody knew.",
    "It cost ${n}.50, or 3.5 percent more than on 5 June 1990, when J. R. Ewing paid & left, and "
    "the whole street, from one end to the other, had heard of it before the day was over.",
    "Why not No. {n}?",
    "St. James St. had waited {n} days… then it went home",
)


# Paragraphs of sentences, no two alike.
PARAGRAPHS = [
    [each.format(n=number + place) for place, each in enumerate(SENTENCES)]
    for number in range(20, 70, len(SENTENCES))
]
PAGE = "\n\n".join(" ".join(sentences) for sentences in PARAGRAPHS)
STOPPED = Cleaner(stops=True).push(PAGE)  # whose last sentences have no marks of their own


@pytest.fixture(params=["positions", "words"])
def reading(request, streaming, codec, voice, tmp_path):
    """The page before a voice that holds little at once: few positions, or few words."""
    most = 9 if request.param == "words" else None
    card = VoiceCard("reader", tmp_path, normalise="en", most_words=most)
    reader = Synthesizer(streaming.model, codec, streaming.tokenizer, card)
    return Reading(reader._planner, Request(PAGE, voice, seed=3))


@pytest.fixture
def planned(reading):
    return [reading.plan(number) for number in range(len(reading.pieces))]


def test_no_sentence_is_dropped_and_none_comes_twice(reading, planned):
    assert len(PAGE) > 3_000
    assert len(reading.pieces) > 30
    joined = " ".join(piece.text for piece in reading.pieces)
    assert joined == STOPPED
    assert all(joined.count(each) == 1 for sentences in PARAGRAPHS for each in sentences)
    for piece, plan in zip(reading.pieces, planned, strict=True):
        assert plan.text == clean(normalise(piece.text, "en"))


def test_the_words_are_those_of_the_page_read_as_a_whole(planned):
    assert " ".join(each.text for each in planned) == clean(normalise(STOPPED, "en"))


def test_the_tokens_are_those_of_the_words_each_time_after_the_prompt(planned, streaming, voice):
    for each in planned:
        read = streaming.tokenizer.decode(each.utterance.text_ids.tolist())
        assert read == f"{voice.transcript} {each.text}"


def test_each_piece_has_a_seed_of_its_own(planned):
    assert len({each.seed for each in planned}) == len(planned)
