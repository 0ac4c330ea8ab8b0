"""A dictation: each symbol as often as it lasts turns, whatever the cuts, as long as a prompt."""

# ruff: noqa: RUF001 - the symbols of sounds look like letters

import gzip
from itertools import groupby, pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_infer import SynthesisError
from sled_infer._dictation import DURATIONS_NAME, LEXICON_NAME, Dictation, Dictator, Pace, sayable
from sled_infer._durations import SYMBOLS, Durations, words_of
from sled_infer._lexicon import Lexicon

TEXT = "The cat, to whom we sang, is a king. He sat at the end"
ENTRIES = {"cat": "kˈæt", "end": "ˈɛnd", "he": "hi", "is": "ɪz", "king": "kˈɪŋ", "sang": "sˈæŋ"}
ENTRIES |= {"sat": "sˈæt", "we": "wi", "whom": "hˈum", "at": "æt"}


def dictation() -> Dictation:
    """A lexicon of few words, and durations that nobody trained but that differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        durations = Durations().eval()
    lines = "".join(f"{word}\t{said}\n" for word, said in sorted(ENTRIES.items()))
    return Dictation(Lexicon(lines.encode()), durations, turn_seconds=2 / 75, lead=10)


DICTATION = dictation()


def dictate(text: str) -> str:
    return Dictator(DICTATION).push(text, whole_words=True, final=True)


def spelled(written: str) -> str:
    """Each symbol once, though it may last: no word here has the same sound twice in a row."""
    return "".join(symbol for symbol, _ in groupby(written))


def test_a_dictation_says_the_words_in_their_order() -> None:
    assert spelled(dictate("The cat, to whom we sang")) == "ðə_kˈæt,_tə_hˈum_wi_sˈæŋ."


@settings(deadline=None)
@given(st.lists(st.integers(0, len(TEXT)), max_size=12))
def test_whatever_the_cuts_the_dictation_is_that_of_the_whole_text(cuts: list[int]) -> None:
    places = sorted({0, len(TEXT), *cuts})
    dictator, written = Dictator(DICTATION), ""
    for first, past in pairwise(places):
        # A space comes with the word after it, as the filters before give it out.
        piece = TEXT[first:past]
        written += dictator.push(piece, whole_words=TEXT[past : past + 1] in ("", " "))
    written += dictator.push("", whole_words=True, final=True)
    assert written == dictate(TEXT)


@given(st.lists(st.floats(0, 9), min_size=1, max_size=40))
def test_every_symbol_lasts_at_least_a_turn_and_all_together_as_long_as_they_should(
    turns: list[float],
) -> None:
    symbols = "ab" * len(turns)
    written = Pace().write(symbols[: len(turns)], turns)
    assert spelled(written) == symbols[: len(turns)]
    assert len(written) >= round(sum(turns))
    if min(turns) >= 1:
        assert len(written) == round(sum(turns))


def test_a_transcript_is_as_long_as_its_prompt() -> None:
    for turns in (60, 83):
        dictator = Dictator(DICTATION)
        opening = dictator.begin("We sang.", turns)
        assert len(opening) == turns
        assert spelled(opening) == "wi_sˈæŋ."
        rest = dictator.push("The cat", whole_words=True, final=True)
        assert spelled(rest) == "_ðə_kˈæt."


def test_a_transcript_is_of_the_prompt_or_of_the_recording_whichever_is_nearer() -> None:
    usual = DICTATION.length("We sang. He sat.")
    prompt, recording = usual - 20, usual + 4
    whole = Dictator(DICTATION).begin("We sang. He sat.", prompt, recorded=recording)
    assert len(whole) == recording
    part = Dictator(DICTATION).begin("We sang. He sat.", usual - 4, recorded=usual + 20)
    assert len(part) == usual - 4
    alone = Dictator(DICTATION).begin(
        "We sang. He sat.", usual - 4, recorded=usual + 20, alone=True
    )
    assert len(alone) == usual + 20


def test_a_prompt_whose_dictation_is_known_is_read_by_that() -> None:
    known = "wwwwwwii__sæŋŋŋŋŋŋŋŋŋŋ."
    after = []
    for stored in (known, "", "of another length"):
        dictator = Dictator(DICTATION)
        opening = dictator.begin("We sang.", len(known), stored)
        assert (opening == known) == (stored == known)
        assert len(opening) == len(known)
        after.append(dictator.push("The cat", whole_words=True, final=True))
    assert len(set(after)) == 1


def test_a_transcript_of_more_than_the_prompt_goes_on_behind_it() -> None:
    opening = Dictator(DICTATION).begin("We sang. He sat.", 8)
    assert len(opening) > 8
    assert spelled(opening) == "wi_sˈæŋ._hi_sˈæt."


def test_durations_know_nothing_of_the_words_that_follow() -> None:
    first, second = words_of("ðə kˈæt, ɪz")[:2]
    alone = DICTATION.durations.of_word(second, first)
    assert len(alone) == len(second) == len(" kˈæt,")
    assert DICTATION.durations.of_word(second, first) == alone
    assert DICTATION.durations.of_word(second, "") != alone


def test_words_carry_the_gap_before_and_the_marks_behind() -> None:
    assert words_of("ðə kˈæt, ɪz.") == ["ðə", " kˈæt,", " ɪz."]
    assert words_of(" ðə") == [" ðə"]
    assert words_of("") == []


def test_durations_survive_a_file(tmp_path: Path) -> None:
    path = tmp_path / DURATIONS_NAME
    DICTATION.durations.save(path)
    again = Durations.load(path)
    rows = torch.randint(len(SYMBOLS), (5, 21))
    torch.testing.assert_close(again(rows), DICTATION.durations(rows), atol=1e-2, rtol=1e-2)


def test_words_of_other_scripts_are_left_out_and_listed() -> None:
    assert sayable("I like 日本語, Zoë — … мир.") == ("I like , Zoë — … .", ("日本語,", "мир."))
    assert sayable("hello你好 Ærø x2") == ("hello你好 Ærø x2", ("你好",))


def test_a_folder_without_its_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match=LEXICON_NAME):
        Dictation.load(tmp_path, 2 / 75, 10)
    with gzip.open(tmp_path / LEXICON_NAME, "wb") as file:
        file.write("cat\tkˈæt\n".encode())
    with pytest.raises(SynthesisError, match=DURATIONS_NAME):
        Dictation.load(tmp_path, 2 / 75, 10)
    (tmp_path / DURATIONS_NAME).write_bytes(b"no weights")
    with pytest.raises(SynthesisError, match="damaged"):
        Dictation.load(tmp_path, 2 / 75, 10)
