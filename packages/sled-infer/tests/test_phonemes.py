"""From words to sounds: what is said, with which marks, whatever the cuts of the text."""

# ruff: noqa: RUF001 - the symbols of sounds look like letters

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_infer._lexicon import ALPHABET
from sled_infer._phonemes import MARKS, Phonemes, phonemes

SAID = {
    "Hello, world.": "həlˈO, wˈɜɹld.",
    "A man and an ape in a tree; I am.": "ɐ mˈæn ænd ɐn ˈAp ɪn ɐ tɹˈi; ˌI ɐm.",
    "I take vitamin A! A man does. (A?)": "ˌI tˈAk vˈIɾəmən ˈA! ɐ mˈæn dˈʌz. ˈA?",
    "the cat, the owl, the hour, the one": "ðə kˈæt, ði ˈWl, ði ˈWəɹ, ðə wˈʌn",
    "to stay to Ohio to": "tə stˈA tʊ OhˈIO tu",
    'to "stay" to, the': "tə stˈA tu, ðə",
    "Say 'to owls' 'the owl'.": "sˈA tʊ ˈWlz ði ˈWl.",
    "brothers-in-law": "bɹˈʌðəɹz ɪn lˈɔ",
    "He reads it. I had never read it.": "hi ɹˈidz ɪt. ˌI hæd nˈɛvəɹ ɹˈɛd ɪt.",
    "Did you read it? I read it yesterday.": "dˈɪd ju ɹˈid ɪt? ˌI ɹˈɛd ɪt jˈɛstəɹdˌA.",
    "The U.S. agencies of the U.S. Army.": "ðə jˌuˈɛs ˈAʤənsiz ʌv ðə jˌuˈɛs ˈɑɹmi.",
    "In the U.S. The end (in the U.S.)!": "ɪn ðə jˌuˈɛs. ði ˈɛnd, ɪn ðə jˌuˈɛs!",
    "J. F. Kennedy, Mr. Hill and I. Then": "ʤˈA ˈɛf kˈɛnədi, mˈɪstəɹ hˈɪl ænd ˌI. ðˈɛn",
    "at five A M the F B I": "æt fˈIv ˌAˈɛm ði ˌɛfbˌiˈI",
    "café “naïve”": "kæfˈA nɑˈiv",
    "her résumé, “rosé”, crème brûlée": "hɜɹ ɹˈɛzəmˌA, ɹOzˈA, kɹˈɛm bɹulˈA",
    "sooo good, nooo": "sˌO ɡˈʊd, nˈO",
}
LETTERS = {
    "A and B. A-list, A slash B (a) so": "ˈA ænd bˈi. ˈA lˈɪst, ˈA slˈæʃ bˈi, ˈA, sˌO",
    "an ID in LA": "ɐn ˌIdˈi ɪn ˌɛlˈA",
    "NGOs and EVs": "ˌɛnʤˌiˈOz ænd ˌivˈiz",
    "ChatGPT and macOS": "ʧˈætʤˌipˌitˌi ænd mˈækˌOˌɛs",
    "rock 'n' roll": "ɹˈɑk ən ɹˈOl",
}
ALIKE = {
    "I live here; he lives in a live show.": "ˌI lˈɪv hˈɪɹ; hi lˈɪvz ɪn ɐ lˈIv ʃˈO.",
    "live music, we are live, our lives": "lˈIv mjˈuzɪk, wi ɑɹ lˈIv, ˌWəɹ lˈIvz",
    "Close the door. A close friend": "klˈOz ðə dˈɔɹ. ɐ klˈOs fɹˈɛnd",
    "close to me, to close": "klˈOs tə mˌi, tə klˈOz",
    "I use it; the use of it": "ˌI jˈuz ɪt; ðə jˈus ʌv ɪt",
    "I used to stay. It is used to stay.": "ˌI jˈust tə stˈA. ɪt ɪz jˈuzd tə stˈA.",
    "record a song, set a record": "ɹəkˈɔɹd ɐ sˈɔŋ, sˈɛt ɐ ɹˈɛkəɹd",
    "They did not present a present.": "ðA dˈɪd nˌɑt pɹəzˈɛnt ɐ pɹˈɛzᵊnt.",
    "lead lead pipes": "lˈid lˈɛd pˈIps",
    "wind the clock; the wind": "wˈInd ðə klˈɑk; ðə wˈɪnd",
    "He was re-elected; re: houses": "hi wʌz ɹi ɪlˈɛktəd; ɹˌA: hˈWzᵻz",
    "She records the records.": "ʃi ɹəkˈɔɹdz ðə ɹˈɛkəɹdz.",
    "Analysts' estimates; he estimates it.": "ˈænəlɪsts ˈɛstəməts; hi ˈɛstəmˌAts ɪt.",
    "Does Target close? The close of day": "dˈʌz tˈɑɹɡət klˈOz? ðə klˈOz ʌv dˈA",
    "fair use, we use it": "fˈɛɹ jˈus, wi jˈuz ɪt",
    "his resume, we resume": "hɪz ɹˈɛzəmˌA, wi ɹəzˈum",
    "lead levels, fresh produce": "lˈɛd lˈɛvᵊlz, fɹˈɛʃ pɹˈOdus",
    "take a bow; a bow": "tˈAk ɐ bˈW; ɐ bˈO",
    "I am content with the content": "ˌI ɐm kəntˈɛnt wɪð ðə kˈɑntˌɛnt",
    "a minute detail in a minute": "ɐ mInˈut dətˈAl ɪn ɐ mˈɪnət",
}
MARKED = {
    "stay -- no": "stˈA— nˈO",
    "stay - no": "stˈA— nˈO",
    "stay—no": "stˈA— nˈO",
    "stay (no) stay": "stˈA, nˈO, stˈA",
    "stay?! no!?": "stˈA? nˈO?",
    "stay... no…": "stˈA… nˈO…",
    "“stay,” no.”)": "stˈA, nˈO.",
    "— stay": "stˈA",
    "stay, (no": "stˈA, nˈO",
    "etc., no": "ɛtsˈɛɾəɹə, nˈO",
    "stay : no": "stˈA: nˈO",
    "!": "",
    "東京 stay": "stˈA",
}
TEXTS = st.text("theoaAtU.S ,—-?('’\"é", max_size=40) | st.lists(
    st.sampled_from([*SAID, *LETTERS, *ALIKE, *MARKED]), max_size=3
).map(" ".join)


@pytest.mark.parametrize(("words", "sounds"), (SAID | LETTERS | ALIKE | MARKED).items())
def test_words_become_sounds_and_marks(lexicon, words, sounds):
    assert phonemes(words, lexicon) == sounds


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, data=st.data())
def test_the_cuts_do_not_matter(lexicon, text, data):
    """Pieces as a reader gives them: a space comes with the word after it."""
    line = " ".join(text.split())
    cuts = sorted(data.draw(st.sets(st.integers(0, len(line)), max_size=6)))
    filtered = Phonemes(lexicon)
    out = ""
    for start, end in zip([0, *cuts], [*cuts, len(line)], strict=True):
        whole = line[end : end + 1] == " " and data.draw(st.booleans())
        out += filtered.push(line[start:end], whole_words=whole)
    assert out + filtered.push("", whole_words=True, final=True) == phonemes(text, lexicon)


@settings(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_pieces_of_whole_words_need_no_space_between_them(lexicon, text):
    """So what an earlier filter gives can be passed on."""
    filtered = Phonemes(lexicon)
    out = "".join(filtered.push(word, whole_words=True) for word in text.split())
    assert out + filtered.push("", whole_words=True, final=True) == phonemes(text, lexicon)


@settings(max_examples=200, deadline=None)
@given(text=TEXTS | st.text(max_size=30))
def test_only_known_symbols_come_one_space_apart(lexicon, text):
    said = phonemes(text, lexicon)
    word = f"[{re.escape(ALPHABET)}]+[{re.escape(MARKS)}]?"
    assert re.fullmatch(rf"(?:{word}(?: {word})*)?", said)


def test_what_is_certain_comes_at_once(lexicon):
    filtered = Phonemes(lexicon)
    assert filtered.push("cats an", whole_words=False) == "kˈæts"
    assert filtered.push("d the", whole_words=True) == " ænd"
    assert filtered.held.strip() == "the"
    assert filtered.push("end,", whole_words=True) == " ði ˈɛnd,"
    assert filtered.held == ""


PROSE = [
    "Treviranus and Cuvier, barbariously, at Bermondsey (near Ludgate), wrote: “Esagil!”",
    "Givens thought this was about eleven:fifty-five a.m., by Agent Hosty's Mannlicher-Carcano.",
    "Messrs. Rothschilds' bills -- forty-five of 'em -- were discounted; o'clock struck, etc.",
    "Burgess' and the 'Lennie's' men: all Greeks, on the Lloyds' S.S. Smethurst...",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_said_whole(lexicon, text):
    """A word for each word written, names that no lexicon has included."""
    said = phonemes(text, lexicon).split(" ")
    written = re.findall(r"[A-Za-z]+(?:['.][A-Za-z]+)*", text)
    assert len(said) == len(written)
