"""The tokenizer: published ids exactly, and any text survives one trained here."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_model import ModelError, Tokenizer

TEXTS = ["three one four one five nine", "naïve café — 你好", "<s> is no special token here"]
TRAINED = Tokenizer.train(TEXTS * 3, 300)
unicode = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def published(parity):
    folder = parity / "tokenizer"
    if not folder.is_dir():
        pytest.skip("the published tokenizer's files are not there")
    return folder


def test_published_ids(published):
    tokenizer = Tokenizer.from_pretrained(published)
    for case in json.loads((published / "cases.json").read_text()):
        assert tokenizer.encode(case["text"]) == case["ids"]
        assert tokenizer.decode(case["ids"]) == case["text"]


def test_published_files_are_written_back_as_they_were(published, tmp_path):
    Tokenizer.from_pretrained(published).save(tmp_path)
    for name in ("vocab.json", "merges.txt"):
        assert (tmp_path / name).read_bytes() == (published / name).read_bytes()


@settings(deadline=None)
@given(unicode)
def test_any_text_survives(text):
    ids = TRAINED.encode(text)
    assert (ids[0], ids[-1]) == (0, 2)
    assert all(4 <= number < TRAINED.vocab_size for number in ids[1:-1])
    assert TRAINED.decode(ids) == text


@pytest.mark.parametrize("text", ["", "<s>", "</s><pad>", "\x00\n", "🎙️"])
def test_awkward_texts_survive(text):
    assert TRAINED.decode(TRAINED.encode(text)) == text


def test_training_gives_the_wanted_size_and_learns_merges():
    assert TRAINED.vocab_size == 300
    assert len(TRAINED.encode("three")) < len("three")


@settings(deadline=None, max_examples=20)
@given(unicode)
def test_saved_and_loaded_is_as_before(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("tokenizer")
    TRAINED.save(folder)
    again = Tokenizer.from_pretrained(folder)
    assert again.encode(text) == TRAINED.encode(text)
    assert sorted(path.name for path in folder.iterdir()) == ["merges.txt", "vocab.json"]


def test_a_vocabulary_without_room_for_all_bytes_is_refused():
    with pytest.raises(ModelError, match="at least 260"):
        Tokenizer.train(TEXTS, 259)


def test_missing_and_broken_files_are_named(tmp_path):
    with pytest.raises(ModelError, match=r"vocab\.json is missing"):
        Tokenizer.from_pretrained(tmp_path)
    (tmp_path / "vocab.json").write_text("{")
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    with pytest.raises(ModelError, match="cannot be read"):
        Tokenizer.from_pretrained(tmp_path)


def test_other_special_tokens_are_refused(tmp_path):
    (tmp_path / "vocab.json").write_text('{"<pad>": 0, "a": 1}')
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    with pytest.raises(ModelError, match="the first ids must be"):
        Tokenizer.from_pretrained(tmp_path)
