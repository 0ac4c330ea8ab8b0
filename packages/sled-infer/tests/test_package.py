"""The package as users find it: its names, and the commands of its README."""

import re
from pathlib import Path

import pytest
import sled_infer
from sled_codec import read_audio
from sled_infer import SynthesisError, embedded

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


def test_all_is_complete_and_sorted():
    """Constants, then classes, then the rest, each by the alphabet."""
    names = sled_infer.__all__
    assert names == sorted(
        names, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )
    public = {name for name in vars(sled_infer) if not name.startswith("_")}
    # Imported by its own name, for what only it needs.
    assert public - {"evaluation", "server"} == set(names) - {"__version__"}


def test_the_error_is_a_value_error():
    assert issubclass(SynthesisError, ValueError)


@pytest.mark.parametrize("name", ["digits", "english"])
def test_each_embedded_voice_is_shipped_with_all_its_speakers(name):
    card = embedded.voice_card(name)
    for speaker in card.speakers:
        assert embedded.speaker(speaker, name).transcript
    assert f"voice {name!r}" in card.summary


def test_the_voice_that_speaks_if_none_is_named_says_any_english_text():
    card = embedded.voice_card()
    assert card.name == embedded.DEFAULT == "english"
    assert "any English text" in card.summary
    assert embedded.check_text("Whatever one likes.") == ()
    assert embedded.check_text("one owl", "digits") == ("owl",)


def test_an_unknown_embedded_voice_is_named():
    with pytest.raises(SynthesisError, match="'klingon'"):
        embedded.folder("klingon")


def test_the_readme_speaks(tmp_path, monkeypatch):
    """Its blocks run one after the other, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in BLOCKS:
        exec(compile(block, str(README), "exec"), names)
    for name in ("out.wav", "clone.wav"):
        wave, rate = read_audio(tmp_path / name)
        assert rate == 24_000
        assert len(wave) > rate // 4
