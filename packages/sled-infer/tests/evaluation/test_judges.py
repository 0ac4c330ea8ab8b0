"""Judges run as processes: what they answer, and the one line when they cannot."""

import json
import os
import subprocess
import sys

import pytest
import torch
from sled_codec import write_audio
from sled_infer import Journal, SynthesisError
from sled_infer.evaluation import (
    JUDGES,
    Judge,
    WordErrors,
    ask,
    embed,
    find_judges,
    hear,
    hear_words,
    normalise,
)

LOUD = 0.5 * torch.sin(torch.arange(8000) / 10)


def test_judges_are_known_by_name():
    assert [judge.name for judge in find_judges(["dnsmos", "moonshine", "dnsmos"])] == [
        "dnsmos",
        "moonshine",
    ]
    assert {judge.kind for judge in JUDGES.values()} == {"text", "speaker", "quality"}
    with pytest.raises(SynthesisError, match="judge 'my ear' is not one of moonshine, "):
        find_judges(["my ear"])


def test_every_judge_has_its_script_which_says_what_it_needs():
    from sled_infer.evaluation._judges import _SCRIPTS

    for judge in JUDGES.values():
        text = (_SCRIPTS / judge.script).read_text()
        assert text.startswith("# /// script\n")
        assert "exclude-newer" in text


def test_what_a_judge_says_while_it_loads_is_no_answer(tmp_path):
    from sled_infer.evaluation._judges import _SCRIPTS

    (tmp_path / "distillmos.py").write_text(
        "import torch\n"
        "class ConvTransformerSQAModel(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        print('weights loaded from here')\n"
        "    def forward(self, wave):\n"
        "        return wave.new_tensor(float(wave.shape[1]))\n"
    )
    write_audio(tmp_path / "wave.wav", LOUD, 16_000)
    done = subprocess.run(
        [sys.executable, _SCRIPTS / "rate_distillmos.py"],
        input=f"{tmp_path / 'wave.wav'}\n",
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert json.loads(done.stdout) == {"mos": 8000.0}


def test_what_is_heard_is_what_is_there(judges):
    text, speaker, quality = judges
    assert hear(text, [LOUD, 0.01 * LOUD], 16_000) == ["one two three", ""]
    assert embed(speaker, [LOUD, 0.01 * LOUD], 16_000).tolist() == [[1, 0], [0, 1]]
    assert ask(quality, [LOUD], 16_000) == [{"mos": 1.5}]


def test_waves_reach_judges_at_16_khz_and_only_recognisers_get_silence_around(judges):
    assert ask(judges[2], [LOUD], 8_000) == [{"mos": 2.0}]
    assert ask(judges[2], [LOUD], 48_000)[0]["mos"] == pytest.approx(1 + 1 / 6, abs=1e-3)


def test_texts_are_normalised_once_each(judges, judge_log):
    assert normalise(["One, two!", "One, two!", "three"]) == {
        "One, two!": ["one", "two"],
        "three": ["three"],
    }
    assert judge_log.read_text() == "words\nwords\n"
    assert normalise([]) == {}


def test_what_is_heard_is_counted_against_what_was_to_be_said(judges):
    waves = [LOUD, 0.01 * LOUD, LOUD]
    found = hear_words(judges[0], waves, 16_000, ["One, two, three!", "Two words.", "one four"])
    assert [each.text for each in found] == hear(judges[0], waves, 16_000)
    assert [each.errors for each in found] == [
        WordErrors(0, 0, 0, 3),
        WordErrors(0, 2, 0, 2),
        WordErrors(1, 0, 1, 2),
    ]


def test_words_may_be_read_otherwise_than_they_are_normalised(judges, judge_log):
    def initials(texts):
        return {text: [word[0] for word in text.split()] for text in texts}

    found = hear_words(judges[0], [LOUD], 16_000, ["on top to"], read=initials)
    assert found[0].errors == WordErrors(0, 0, 0, 3)
    assert judge_log.read_text() == "text\n"


def test_each_wave_wants_a_text_before_anything_is_heard(judges, judge_log):
    with pytest.raises(SynthesisError, match="texts: 1 for 2 waves; give one a wave"):
        hear_words(judges[0], [LOUD, LOUD], 16_000, ["one two three"])
    assert not judge_log.exists()


def test_without_uv_it_is_said_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(SynthesisError, match=r"judge moonshine: .* pip install 'sled-infer\[eval"):
        hear(JUDGES["moonshine"], [LOUD], 16_000)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("raise SystemExit('no weights here')", "no weights here"),
        ("print('hello')", "exit code"),
        ("import sys; input(); print('[1]', flush=True); input()", "does not run here"),
    ],
)
def test_a_judge_that_fails_is_one_line_that_says_how_to_mend_it(judges, tmp_path, script, says):
    broken = tmp_path / "broken.py"
    broken.write_text(script)
    with pytest.raises(SynthesisError, match=says) as caught:
        hear(Judge("broken", "Broken", "text", broken), [LOUD], 16_000)
    assert "\n" not in str(caught.value)
    assert f"uv run --script {broken}" in str(caught.value)


def test_a_journal_drops_a_row_torn_by_a_kill_and_goes_on(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.add("a", score=1)
    journal.add("b", score=2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    again = Journal(path)
    assert list(again.rows) == ["a"]
    again.add("b", score=2)
    assert path.read_bytes() == whole
    assert Journal(path).rows["b"] == {"name": "b", "score": 2}


def test_a_later_row_takes_the_place_of_an_earlier_one(tmp_path):
    path = tmp_path / "journal.jsonl"
    for score in (1, 2):
        Journal(path).add("ä", score=score)
    assert Journal(path).rows == {"ä": {"name": "ä", "score": 2}}
    assert [json.loads(line)["score"] for line in path.read_text("utf-8").splitlines()] == [1, 2]
