"""Where the text comes from, and what a file is called that nobody named."""

import pytest
from sled_cli._errors import CliError
from sled_cli._text import free_name, read_text


def test_text_from_the_argument():
    assert read_text(" hello there \n", None) == "hello there"


def test_text_from_a_file_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeffGrüße aus 東京\n".encode())
    assert read_text(None, path) == "Grüße aus 東京"


@pytest.mark.parametrize(("both", "says"), [(True, "two texts"), (False, "no text")])
def test_exactly_one_source(tmp_path, both, says):
    path = tmp_path / "text.txt"
    path.write_text("hello")
    with pytest.raises(CliError, match=says):
        read_text("hello" if both else None, path if both else None)


def test_bytes_that_are_no_text_are_refused_with_their_place(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"caf\xe9 au lait")
    with pytest.raises(CliError, match=r"text.txt: not UTF-8 text \(byte 3 is 0xe9\)"):
        read_text(None, path)


def test_an_argument_of_raw_bytes_is_refused():
    with pytest.raises(CliError, match="TEXT: not UTF-8"):
        read_text(b"caf\xe9".decode(errors="surrogateescape"), None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Three, one: four!", "three-one-four-seed7.wav"),
        ("../../etc/passwd", "etc-passwd-seed7.wav"),
        ("你好 世界", "你好-世界-seed7.wav"),
        ("?!", "speech-seed7.wav"),
        ("word " * 50, "word-word-word-word-word-word-word-word-seed7.wav"),
    ],
)
def test_a_name_follows_from_text_and_seed(tmp_path, text, name):
    assert free_name(text, 7, tmp_path).name == name


def test_a_name_that_is_taken_is_never_given_again(tmp_path):
    first = free_name("hi", 0, tmp_path)
    first.touch()
    second = free_name("hi", 0, tmp_path)
    second.touch()
    assert [first.name, second.name] == ["hi-seed0.wav", "hi-seed0-2.wav"]
    assert free_name("hi", 0, tmp_path).name == "hi-seed0-3.wav"
