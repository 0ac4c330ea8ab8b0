"""`prepare`, killed at any moment, goes on where it was, or anew where the corpus changed."""

import pytest
import torch
from lhotse import CutSet
from sled_codec import write_audio
from sled_train.data import _journal as journal_module
from sled_train.data import prepare

RATE = 8000


def sound(path):
    write_audio(path, torch.full((RATE // 2,), 0.1), RATE)
    return path


def said(prepared):
    return [(cut.id, cut.supervisions[0].text) for cut in CutSet.from_file(prepared.path)]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.jsonl"


class Killed(BaseException):
    pass


def test_it_goes_on_where_it_was_killed(tmp_path, out, monkeypatch):
    monkeypatch.setattr(journal_module, "_BUFFERED", 2)
    for number in range(9):
        sound(tmp_path / f"{number}.wav").with_suffix(".txt").write_text(str(number))
    whole = prepare("folder", tmp_path, tmp_path / "whole.jsonl").path.read_bytes()
    done = []

    def die(count):
        done.append(count)
        if len(done) == 6:
            raise Killed

    with pytest.raises(Killed):
        prepare("folder", tmp_path, out, advance=die)
    partial = tmp_path / ".out.jsonl.partial"
    with partial.open("ab") as file:
        file.write(b'{"cut": {"id": "half')
    assert not out.exists()
    done.clear()
    prepare("folder", tmp_path, out, advance=done.append)
    assert done == [4, 1, 1, 1, 1, 1]
    assert out.read_bytes() == whole
    assert not partial.exists()


@pytest.mark.parametrize("change", ["a row more", "a row less", "another text"])
def test_it_begins_anew_where_the_corpus_changed(tmp_path, out, monkeypatch, change):
    monkeypatch.setattr(journal_module, "_BUFFERED", 1)
    for number in range(1, 4):
        sound(tmp_path / f"{number}.wav").with_suffix(".txt").write_text(str(number))

    def die(count):
        if count == 1:
            raise Killed

    with pytest.raises(Killed):
        prepare("folder", tmp_path, out, advance=die)
    assert (tmp_path / ".out.jsonl.partial").exists()
    if change == "a row more":
        sound(tmp_path / "0.wav").with_suffix(".txt").write_text("0")
    elif change == "a row less":
        (tmp_path / "1.wav").unlink()
    else:
        (tmp_path / "1.txt").write_text("one")
    prepared = prepare("folder", tmp_path, out)
    assert said(prepared) == said(prepare("folder", tmp_path, tmp_path / "whole.jsonl"))


def test_a_journal_of_other_options_is_not_gone_on_with(tmp_path, out):
    sound(tmp_path / "a.wav").with_suffix(".txt").write_text("one")
    (tmp_path / ".out.jsonl.partial").write_text('{"kind": "other"}\n{"skip": "x", "line": "x"}\n')
    assert prepare("folder", tmp_path, out).left_out == {}
