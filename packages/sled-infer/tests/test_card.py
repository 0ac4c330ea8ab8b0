"""A voice's card: what it can say, digits spelled, speakers."""

import json

import pytest
from sled_infer import SynthesisError, VoiceCard, normalise

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
FIELDS = {
    "name": "digits",
    "description": "six people who count",
    "can_say": "digits",
    "cannot_say": "anything else",
    "words": DIGITS,
    "speakers": ["ann", "bob"],
    "default_speaker": "bob",
    "trained_on": "further fields do no harm",
}


@pytest.fixture
def write(tmp_path):
    def write(**changes):
        fields = {name: value for name, value in (FIELDS | changes).items() if value is not None}
        (tmp_path / "voice.json").write_text(json.dumps(fields))
        return VoiceCard.read(tmp_path)

    return write


def test_a_folder_without_a_card_has_none(tmp_path):
    assert VoiceCard.read(tmp_path) is None


def test_the_summary_is_one_line_that_says_both(write):
    summary = write().summary
    assert summary == (
        "voice 'digits': six people who count; it says digits; it cannot say anything else"
    )


@pytest.mark.parametrize(
    ("text", "spoken", "left_out"),
    [
        ("three one four", "three one four", ()),
        ("Three, ONE! four.", "three one four", ()),
        ("314", "three one four", ()),
        ("route 66 north", "six six", ("route", "north")),
        ("٣", "three", ()),
        ("a1b", "one", ("a", "b")),
        ("don't", "", ("don't",)),
    ],
)
def test_digits_are_spelled_and_unknown_words_listed(write, text, spoken, left_out):
    card = write()
    assert card.known(normalise(text, card.normalise)) == (spoken, left_out)
    assert card.check_text(text) == left_out


def test_a_voice_without_word_list_says_everything(write):
    assert write(words=None).known("Route 66!") == ("Route 66!", ())


def test_speakers_have_prompts(write, tmp_path, voice):
    (tmp_path / "voices").mkdir()
    voice.save(tmp_path / "voices" / "bob.safetensors")
    card = write()
    assert card.speaker("bob").transcript == voice.transcript
    assert card.default_voice() is None
    assert write(default_prompt=True).default_voice() is not None
    with pytest.raises(SynthesisError, match=r"'carl' is unknown .*: ann, bob"):
        card.speaker("carl")
    with pytest.raises(SynthesisError, match=r"ann\.safetensors: no such voice"):
        card.speaker("ann")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "no 'name'"),
        ("{}", "no 'name'"),
        ('{"name": "x", "words": "one"}', "'words' must be a list"),
        ('{"name": "x", "default_speaker": "y"}', "'y' is not among"),
        ('{"name": "x", "most_words": 1}', "'most_words' must be a whole number"),
        ('{"name": "x", "most_words": "ten"}', "'most_words' must be a whole number"),
        ('{"name": "x", "draws": 0}', "'draws' must be a whole number from 1 to 256"),
        ('{"name": "x", "draws": 257}', "'draws' must be a whole number from 1 to 256"),
        ('{"name": "x", "cfg": -1}', "'cfg' must be a number"),
        ('{"name": "x", "temperature": -1}', "'temperature' must be a number"),
        ('{"name": "x", "temperature": "hot"}', "'temperature' must be a number"),
    ],
)
def test_a_malformed_card_is_refused(tmp_path, content, reason):
    (tmp_path / "voice.json").write_text(content)
    with pytest.raises(SynthesisError, match=reason):
        VoiceCard.read(tmp_path)
