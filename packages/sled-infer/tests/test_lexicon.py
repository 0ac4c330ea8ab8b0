"""One word at a time: known, spelled, inflected, compound, prefixed or guessed."""

# ruff: noqa: RUF001 - the symbols of sounds look like letters

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_infer import SynthesisError
from sled_infer._lexicon import ALPHABET, Lexicon, fold

SMALL = {
    "apple": "ˈæpəl",
    "B": "bˈi",
    "bake": "bˈAk",
    "basic": "bˈAsɪk",
    "carry": "kˈæɹi",
    "church": "ʧˈɜɹʧ",
    "F": "ˈɛf",
    "happy": "hˈæpi",
    "hop": "hˈɑp",
    "hope": "hˈOp",
    "I": "ˈI",
    "lamp": "lˈæmp",
    "light": "lˈIt",
    "need": "nˈid",
    "Polish": "pˈOlɪʃ",
    "polish": "pˈɑlɪʃ",
    "rain": "ɹˈAn",
    "simple": "sˈɪmpᵊl",
    "who": "hˌu",
    "you": "ju",
}
BUILT = {
    "apples": "ˈæpəlz",
    "lamp's": "lˈæmps",
    "churches": "ʧˈɜɹʧᵻz",
    "lamps'": "lˈæmps",
    "hoped": "hˈOpt",
    "hopped": "hˈɑpt",
    "hopping": "hˈɑpɪŋ",
    "hoping": "hˈOpɪŋ",
    "rained": "ɹˈAnd",
    "needed": "nˈidᵻd",
    "lighted": "lˈIɾᵻd",
    "carried": "kˈæɹid",
    "carries": "kˈæɹiz",
    "rainin'": "ɹˈAnɪn",
    "basically": "bˈAsɪkli",
    "happily": "hˈæpili",
    "simply": "sˈɪmpli",
    "happiness": "hˈæpinəs",
    "happier": "hˈæpiəɹ",
    "lightest": "lˈIɾᵻst",
    "you'll": "juᵊl",
    "you'd": "jud",
    "you've": "juv",
    "who'd've": "hˌudəv",
    "lamplight": "lˈæmplˌIt",
    "lamplights": "lˈæmplˌIts",
    "unhappy": "ˌʌnhˈæpi",
    "relighted": "ɹilˈIɾᵻd",
    "FBI": "ˌɛfbˌiˈI",
    "FBI's": "ˌɛfbˌiˈIz",
    "FBIs": "ˌɛfbˌiˈIz",
    "F.B.I": "ˌɛfbˌiˈI",
    "Polish": "pˈOlɪʃ",
    "polish": "pˈɑlɪʃ",
    "POLISH": "pˈOlɪʃ",
    "äpple": "ˈæpəl",
    "“you’d”": "jud",
}


@pytest.fixture(scope="module")
def small():
    lines = sorted((word.lower(), f"{word}\t{said}\n") for word, said in SMALL.items())
    return Lexicon("".join(line for _, line in lines).encode())


@pytest.mark.parametrize(("word", "said"), (SMALL | BUILT).items())
def test_words_are_said(small, word, said):
    assert small.pronounce(word) == said


@pytest.mark.parametrize("word", ["", "'", "...", "42", "東京", "Москва"])
def test_what_has_no_latin_letter_is_silent(small, word):
    assert small.pronounce(word) == ""


def test_the_shipped_lexicon_is_sorted_and_of_known_symbols(lexicon):
    rows = list(lexicon.entries())
    assert len(rows) > 250_000
    words = [word.lower() for word, _ in rows]
    assert words == sorted(words)
    assert set("".join(said for _, said in rows)) <= set(ALPHABET)


def test_newer_words_are_as_our_own_table_says(lexicon):
    assert lexicon.pronounce("kubernetes") == "kˌubəɹnˈɛɾiz"
    assert lexicon.pronounce("JSONs") == lexicon.pronounce("JSON") + "z"
    assert lexicon.pronounce("Zelenskyy's") == lexicon.pronounce("Zelensky") + "z"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("résumé", "ɹˈɛzəmˌA"),
        ("Re\u0301sume\u0301s", "ɹˈɛzəmˌAz"),
        ("RÉSUMÉ’s", "ɹˈɛzəmˌAz"),
        ("(rosé),", "ɹOzˈA"),
    ],
)
def test_accents_count_where_they_tell_words_apart(lexicon, word, said):
    assert lexicon.pronounce(word) == said != lexicon.pronounce(fold(word))


@pytest.mark.parametrize("word", ["café", "São", "Zürich", "naïve", "vis-à-vis", "who’ll", "I’d"])
def test_elsewhere_accents_do_not_count(lexicon, word):
    assert lexicon.pronounce(word) == lexicon.pronounce(fold(word)) != ""


def test_every_entry_is_found(lexicon):
    rows = list(lexicon.entries())
    for word, said in rows[::997]:
        assert lexicon._known(word) == said


@settings(max_examples=200, deadline=None)
@given(word=st.text("abcdefghijklmnopqrstuvwxyzABCXYZ'.éß", min_size=1, max_size=30))
def test_every_word_has_a_vowel(lexicon, word):
    said = lexicon.pronounce(word)
    assert set(said) <= set(ALPHABET)
    assert bool(said) == any(map(str.isalpha, word))


def test_a_missing_or_broken_lexicon_is_one_line(tmp_path):
    path = tmp_path / "lexicon.tsv.gz"
    with pytest.raises(SynthesisError, match="no lexicon"):
        Lexicon.read(path)
    path.write_bytes(b"\x1f\x8b cut")
    with pytest.raises(SynthesisError, match="no lexicon"):
        Lexicon.read(path)
