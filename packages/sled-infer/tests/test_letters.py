"""Unknown words, by their letters: always a vowel, one main stress, known symbols."""
# ruff: noqa: RUF001 - the symbols of sounds look like letters

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_infer import SynthesisError, embedded
from sled_infer._inflection import VOWELS
from sled_infer._letters import LetterNet, Letters
from sled_infer._lexicon import ALPHABET

ENGLISH = embedded.folder("english")
COINED = {
    "quibblewick": "kwˈɪbᵊlwˌɪk",
    "Bermondsey": "bˈɜɹməndzi",
    "strychnia": "stɹˈɪkniə",
    "quibblewick's": "kwˈɪbᵊlwˌɪks",
    "zzzzzzz": "zˌizˌizˌizˌizˌizˌizˈi",
}


@pytest.fixture(scope="module")
def letters():
    return Letters.read(ENGLISH / "letters.safetensors")


@pytest.mark.parametrize(("word", "said"), COINED.items())
def test_words_that_no_lexicon_has_are_said(lexicon, word, said):
    assert lexicon.pronounce(word) == said


@settings(max_examples=200, deadline=None)
@given(word=st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=40))
def test_every_guess_can_be_spoken(letters, word):
    said = letters.pronounce(word)
    assert set(said) <= set(ALPHABET)
    assert said == "" or (set(said) & VOWELS and said.count("ˈ") == 1)
    assert said == letters.pronounce(word)


def test_padding_changes_nothing(letters):
    alone = torch.tensor([[3, 1, 20]])
    padded = torch.tensor([[3, 1, 20, 0, 0], [19, 16, 9, 14, 5]])
    with torch.inference_mode():
        for one, two in zip(letters.net(alone), letters.net(padded), strict=True):
            torch.testing.assert_close(one[0], two[0, :3])


def test_the_file_is_small():
    assert (ENGLISH / "letters.safetensors").stat().st_size < 1_500_000


def test_a_net_of_no_training_still_gives_a_vowel_and_one_stress():
    labels = ["", "k", "ks", "ju", "A"]
    untrained = Letters(LetterNet(5), labels, torch.ones(27, 5, dtype=torch.bool))
    for word in ("a", "xyz", "letters"):
        said = untrained.pronounce(word)
        assert set(said) & VOWELS
        assert said.count("ˈ") == 1


def test_broken_letters_are_one_line(tmp_path):
    path = tmp_path / "letters.safetensors"
    with pytest.raises(SynthesisError, match="no letters"):
        Letters.read(path)
    path.write_bytes(b"cut")
    with pytest.raises(SynthesisError, match="no letters"):
        Letters.read(path)
