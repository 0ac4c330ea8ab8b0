"""Texts in words: what is written is read as it is spoken, whole or in pieces of any cut."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_infer import NORMALISERS, Request, SynthesisError, _english, normalise
from sled_infer._english import LONGEST_PHRASE
from sled_infer._normalise import make_normaliser
from sled_infer._sentences import ends_sentence

ENGLISH = {
    "I have 3 apples and 21 oranges.": "I have three apples and twenty one oranges.",
    "The year 1984 was a good one; 2021 was not.": (
        "The year nineteen eighty four was a good one; twenty twenty one was not."
    ),
    "1001 nights in 2000": "one thousand one nights in two thousand",
    "It costs $3.50, or £12 for four.": (
        "It costs three dollars and fifty cents, or twelve pounds for four."
    ),
    "$1.5 billion in the 1990s": "one point five billion dollars in the nineteen nineties",
    "We met on 5 June 2021 at 10:30 p.m.": (
        "We met on the fifth of June twenty twenty one at ten thirty P M."
    ),
    "He was born on June 5th, 1990.": "He was born on June fifth nineteen ninety.",
    "on 2 Sept. 1999.": "on the second of September nineteen ninety nine.",
    "The train leaves at 7:05.": "The train leaves at seven oh five.",
    "the 1st, 2nd and 22nd of May": "the first, second and twenty second of May",
    "Dr. Smith and Mr. Jones live on St. James St. in London.": (
        "Doctor Smith and Mister Jones live on Saint James Street in London."
    ),
    "e.g. apples, i.e. fruit": "for example apples, that is fruit",
    "Prices rose by 12.5% & fell.": "Prices rose by twelve point five percent and fell.",
    "It is 25°C outside.": "It is twenty five degrees Celsius outside.",
    "70 kg at 5 km/h": "seventy kilograms at five kilometers per hour",
    "Chapter IV, World War II": "chapter four, World War two",
    "No. 10 Downing Street": "number ten Downing Street",
    "see no. 12 and room no. 7.": "see number twelve and room number seven.",
    "It was 5 ft. 6 in. Then Acme Inc. It fell in the U.S. The end": (
        "It was five feet six inches. Then Acme incorporated. It fell in the U S. The end"
    ),
    "She lives on Main St. He left at 5 p.m. We stayed.": (
        "She lives on Main Street. He left at five P M. We stayed."
    ),
    "3.5 in. of rain, 2 gal. of oil": "three point five inches of rain, two gallons of oil",
    "1,234,567 people": (
        "one million two hundred thirty four thousand five hundred sixty seven people"
    ),
    "room 5b, about 2,5*": "room five b, about two, five",
    '"1984"': '"nineteen eighty four"',
    "½ an hour": "half an hour",
}
AS_WRITTEN = [
    "Nothing to be put into words here, is there?",
    "The cat sat. She said no. We lay in the sun.",
    "It's Mary's well-known “house” — yes!",
    "naïve café … (so it goes)",
]


@pytest.mark.parametrize(("written", "spoken"), ENGLISH.items())
def test_english_is_read_as_it_is_spoken(written, spoken):
    assert normalise(written) == spoken


@pytest.mark.parametrize("text", AS_WRITTEN)
def test_words_stay_as_they_are(text):
    assert normalise(text) == text


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("314", "three one four"),
        ("PIN: 90-21.", "PIN: nine zero-two one."),
        ("3.1 and 4.", "three point one and four."),
        ("a1b", "a one b"),
        ("٣", "three"),
    ],
)
def test_digits_are_read_one_by_one(written, spoken):
    assert normalise(written, "digits") == spoken


def test_none_leaves_the_text():
    assert normalise("5 %\n of it", "none") == "5 % of it"


def test_another_language_is_refused_with_those_there_are():
    with pytest.raises(SynthesisError, match="'fr' is not one of none, digits, en"):
        normalise("cinq", "fr")


# What reading turns on: numbers, their neighbours, abbreviations, ends of sentences, symbols.
PARTS = ["5", "12.", "1984", "$3.50", "June", "2,5", "p.m.", "10:30", "Dr.", "St.", "no.", "kg"]
PARTS += ["I", "Charles", "St", "$5K", "-", "1-2", "6'2\"", "a.b.com", "file.txt", "π", "AI", "of"]
PARTS += ["IV", "Henry", "end.", "the", "in", "%", "&", "FBI", "½", "²", "x", "(", '"', "…", "é"]
parts = st.lists(st.sampled_from(PARTS) | st.text("ab1. $%", max_size=4))
lines = parts.map(" ".join) | st.text(st.characters(exclude_categories=["Cs", "Cc"]))
hypothesis = settings(deadline=None, max_examples=60)


def in_pieces(text, at, name):
    ends = sorted({min(place, len(text)) for place in at} | {len(text)})
    words, heard = make_normaliser(name), []
    for a, b in zip([0, *ends], ends, strict=False):
        heard.append(words.push(text[a:b], whole_words=False))
    return " ".join(filter(None, [*heard, words.push("", whole_words=False, final=True)]))


@pytest.mark.parametrize("name", ["digits", "en"])
@hypothesis
@given(lines, st.lists(st.integers(0, 80)))
def test_however_cut_the_words_are_those_of_the_whole(name, text, at):
    line = " ".join(text.split())
    assert in_pieces(line, at, name) == normalise(line, name)


@hypothesis
@given(lines)
def test_no_digit_and_no_money_is_left(text):
    spoken = normalise(text)
    assert not re.search(r"[\d$£€%&°]", spoken)
    assert spoken == " ".join(spoken.split())


def test_only_what_may_change_is_held_back():
    words = make_normaliser("en")
    assert words.push("It was in", whole_words=False) == "It"
    assert words.held == "was in"
    assert words.push(" June 19", whole_words=False) == "was in"
    assert words.push("90", whole_words=False) == ""
    assert words.push(" and then", whole_words=False) == ""
    assert words.push(" it ended.", whole_words=True) == ("June nineteen ninety and then it ended.")
    assert words.held == ""


def test_numbers_without_end_are_not_waited_for():
    words = make_normaliser("en")
    assert words.push("1 " * LONGEST_PHRASE, whole_words=False).count("one") == LONGEST_PHRASE


@pytest.mark.parametrize(
    "written", ["a{}", "_{}", "{},000", "${}", "1.{}", "{}th", "{} km", "x{}-y"]
)
def test_no_number_is_too_long(written):
    assert "nine" in normalise(written.format("9" * 40))


ENDLESS = ["1:", "$1", "a1", "1,", "\U0001f600", "Ab9/", "a.", "9", "x", "!", "a*b_"]


@pytest.mark.parametrize("part", ENDLESS)
def test_a_word_without_end_is_read_in_parts(part, monkeypatch):
    longest = []
    prepare = _english._speak
    monkeypatch.setattr(
        _english, "_speak", lambda words: (longest.append(len(" ".join(words))), prepare(words))[1]
    )
    text = f"so {part * (2_000 // len(part))}b then 5 of it"
    assert normalise(text).endswith("then five of it")
    assert max(longest) < 250
    assert in_pieces(text, [7, 150, 199, 200, 201, 203, 204, 1_000], "en") == normalise(text)


@pytest.mark.parametrize("word", ["!" * 5_000 + "a", "." * 5_000 + "a", "!)" * 2_000 + "a"])
def test_marks_without_end_are_looked_through_once(word):
    assert not ends_sentence(word, "Then")
    assert normalise(word)


def test_a_request_for_an_unknown_normalisation_is_refused(synthesizer):
    with pytest.raises(SynthesisError, match="normalise: 'xx' is not one of"):
        synthesizer.synthesize_batch([Request("one", normalise="xx")])
    assert NORMALISERS == ("none", "digits", "en")


def test_a_model_without_a_card_reads_what_is_written_unless_asked(synthesizer):
    for name, text in {None: "3 & 4", "none": "3 & 4", "en": "three and four"}.items():
        assert synthesizer.synthesize("3 & 4", normalise=name, max_seconds=0.1).text == text


def test_a_stream_is_normalised_as_the_whole_text_is(streaming):
    with streaming.open_stream(normalise="en", max_seconds=0.2) as stream:
        for letter in "Dr. X & 4%":
            stream.push(letter)
        stream.flush()
        assert stream.text == "Doctor X and four percent"
