"""Texts in words: what is written is read as it is spoken, whole or in pieces of any cut."""

# ruff: noqa: RUF001 - dashes and Greek letters are meant

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_infer import NORMALISERS, Request, SynthesisError, normalise
from sled_infer._english import LONGEST_PHRASE
from sled_infer._normalise import make_normaliser

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
    "1,234,567 people": (
        "one million two hundred thirty four thousand five hundred sixty seven people"
    ),
    "room 5b, about 2,5*": "room five b, about two,five",
    '"1984"': '"nineteen eighty four"',
    "½ an hour": "one half an hour",
}
MONEY = {
    "€5m, $5K, £10k and $1.5T": (
        "five million euro, five thousand dollars, ten thousand pounds and one point five trillion "
        "dollars"
    ),
    "a $20 bill, an $8 meal": "a twenty dollar bill, an eight dollar meal",
    "A $1.2 billion deal": "A one point two billion dollar deal",
    "$0.99 or $10-20 per hour": "ninety nine cents or ten to twenty dollars per hour",
    "-$5, US$300": "minus five dollars, three hundred U.S dollars",
    "$5/month": "five dollars per month",
}
MEASURES = {
    "He is 6'2\".": "He is six foot two.",
    'a 24" monitor, 10 cm x 20 cm': (
        "a twenty four inch monitor, ten centimeters by twenty centimeters"
    ),
    "48hrs at 50 Mbps": "forty eight hours at fifty megabits per second",
    "1 TB, 20 sq ft, 10 µm": "one terabyte, twenty square feet, ten micrometers",
    "1.5M views": "one point five million views",
    "1 in 5 people": "one in five people",
    "9.8 m/s²": "nine point eight meters per second squared",
}
NUMBERS = {
    "2-3 weeks, 9am-5pm": "two to three weeks, nine A M to five P M",
    "a 3-2 win, a 50/50 chance": "a three to two win, a fifty fifty chance",
    "ratio of 16:9": "ratio of sixteen to nine",
    "1 000 000 or 1'000": "one million or one thousand",
    "agent 007": "agent zero zero seven",
    "Beverly Hills, CA 90210": "Beverly Hills, CA nine zero two one zero",
    "call 911": "call nine one one",
    "call 020 7946 0958": "call zero two zero seven nine four six zero nine five eight",
    "Section 3.2.1": "section three point two point one",
    "10^-3, 6.02e23": (
        "ten to the power of minus three, six point zero two times ten to the power of twenty three"
    ),
    "√2 ≠ π": "square root of two does not equal pi",
    "an F-16 on I-95": "an F sixteen on I ninety five",
}
DATES = {
    "in the mid-1980s": "in the mid nineteen eighties",
    "the 1850s-1870s": "the eighteen fifties to eighteen seventies",
    "in her 30s": "in her thirties",
    "1939–45": "nineteen thirty nine to forty five",
    "9/11": "nine eleven",
    "Mon-Fri, Jan 2020": "Monday to Friday, January twenty twenty",
    "He left at 5 p.m. She stayed.": "He left at five P M. She stayed.",
}
NAMES = {
    "World War I and WWII": "World War one and World War two",
    "Louis XIV, King Charles I": "Louis the fourteenth, King Charles the first",
    "Henry I think is late.": "Henry I think is late.",
    "10 Downing Street": "ten Downing Street",
    "221B Baker St. She left.": "two hundred twenty one B Baker Street. She left.",
    "St John, Mount St. Helens": "Saint John, Mount Saint Helens",
    "Gov. Brown, pp. 3–7, p. 45": "Governor Brown, pages three to seven, page forty five",
    "red vs blue w/o end and/or": "red versus blue without end and or",
    "AT&T, R&D": "A.T and T, R and D",
    "AI and the CEO": "AI and the C E O",
    "C++, C# and an A+": "C plus plus, C sharp and an A-plus",
    "α-helix, Ωμέγα": "alpha-helix, Ωμέγα",
}
ADDRESSES = {
    "See https://www.example.com/a-b?q=1.": (
        "See www dot example dot com slash a dash b question mark q equals one."
    ),
    "example.co.uk, bob@example.com": ("example dot co dot uk, bob at example dot com"),
    "README.md, data.tar.gz, .NET": "README dot md, data dot tar dot gz, dot NET",
    "home.Then": "home.Then",
    "the [link](http://x.com) <b>bold</b> ~~no~~ &amp; **so**": "the [link] bold no and so",
    "## Head": "Head",
    "> quoted": "quoted",
    "File -> Save": "File to Save",
}
ENGLISH |= MONEY | MEASURES | NUMBERS | DATES | NAMES | ADDRESSES
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
