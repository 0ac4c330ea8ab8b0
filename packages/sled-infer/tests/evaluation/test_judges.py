"""Judges run as processes: what they answer, and the one line when they cannot."""

import json
import os
import re
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


TALKING = """
import os, sys
def talk(what):
    print(what, flush=True)
    os.write(1, b"from native code\\n")
    os.system("echo from a process")
talk("imported")
"""
JUDGE = """
from _serve import serve
def load():
    import talking
    talking.talk("loaded")
    def rate(wave):
        talking.talk("rating")
        return {"mos": len(wave)}
    return rate
serve(load)
"""


@pytest.fixture
def run_judge(tmp_path):
    """Run a judge's script that `talking` is imported by, on a wave of 8,000 samples."""
    from sled_infer.evaluation._judges import _SCRIPTS

    (tmp_path / "talking.py").write_text(TALKING)
    write_audio(tmp_path / "wave.wav", LOUD, 16_000)

    def run(text):
        (tmp_path / "judge.py").write_text(text)
        return subprocess.run(
            [sys.executable, tmp_path / "judge.py"],
            input=f"{tmp_path / 'wave.wav'}\n" * 2,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": f"{_SCRIPTS}{os.pathsep}{tmp_path}"},
        )

    return run


def test_what_a_judges_libraries_say_is_no_answer(run_judge):
    done = run_judge(JUDGE)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"mos": 8000}] * 2
    for said, times in {"imported": 1, "loaded": 1, "rating": 2, "from native code": 4}.items():
        assert done.stderr.split("\n").count(said) == times


def test_why_a_judge_fails_is_the_last_that_it_says(run_judge):
    done = run_judge(JUDGE.replace("def rate", "raise SystemExit('no weights')\n    def rate"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.rstrip().endswith("no weights")


def test_every_judge_loads_where_its_libraries_may_talk():
    from sled_infer.evaluation._judges import _SCRIPTS

    for script in _SCRIPTS.glob("[!_]*.py"):
        imported = re.findall(r"(?m)^(?:from|import) (\w+)", script.read_text())
        assert set(imported) <= {"__future__", "argparse", "json", "typing", "_serve"}


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
        ("input()", "exit code 0"),
        ("raise SystemExit(3)", "exit code 3"),
    ],
)
def test_a_judge_that_fails_is_one_line_that_says_how_to_mend_it(judges, tmp_path, script, says):
    broken = tmp_path / "broken.py"
    broken.write_text(script)
    with pytest.raises(SynthesisError, match=says) as caught:
        hear(Judge("broken", "Broken", "text", broken), [LOUD], 16_000)
    assert "\n" not in str(caught.value)
    assert f"uv run --script {broken}" in str(caught.value)


@pytest.mark.parametrize(
    ("said", "quoted"),
    [("Loading weights", "'Loading weights'"), ("[1]", r"'\[1\]'"), ("x" * 99, "'x{60}…'")],
)
def test_what_is_no_answer_is_quoted(judges, tmp_path, said, quoted):
    talker = tmp_path / "talker.py"
    talker.write_text(f"input(); print({said!r}, flush=True); input()")
    wanted = f"judge talker: answers {quoted}, and .* what else {talker} says is to go to stderr"
    with pytest.raises(SynthesisError, match=wanted) as caught:
        hear(Judge("talker", "Talker", "text", talker), [LOUD], 16_000)
    assert "\n" not in str(caught.value)
    assert "exit code" not in str(caught.value)


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
