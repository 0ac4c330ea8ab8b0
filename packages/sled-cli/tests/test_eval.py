"""`sled eval`: the table, the JSON line, the report; and what is refused before any work."""

import json
import re
import sys
from pathlib import Path

import pytest
from sled_codec import write_audio

# Does what uv does to a judge's script, but answers itself, the same to everything.
UV = """#!{python}
import json, sys
from pathlib import Path
script = Path(sys.argv[sys.argv.index("--script") + 1]).name
answers = {{
    "hear_moonshine.py": lambda line: {{"text": "number one"}},
    "read_words.py": lambda line: {{"words": json.loads(line).split()}},
    "rate_dnsmos.py": lambda line: {{"mos": 3.5, "signal": 3.0, "background": 4.0}},
    "tell_speaker.py": lambda line: {{"embedding": [0.6, 0.8]}},
}}
for line in sys.stdin:
    sys.stdout.write(json.dumps(answers[script](line)) + "\\n")
    sys.stdout.flush()
"""
JUDGES = ("moonshine", "resemblyzer", "dnsmos")


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A working folder, and a `uv` that comes before any other."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "uv").write_text(UV.format(python=sys.executable))
    (programs / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def test_set(corpus) -> Path:
    """The corpus without the row whose file is missing."""
    rows = (corpus / "metadata.csv").read_text().splitlines()[:-1]
    table = corpus / "test.csv"
    table.write_text("\n".join(rows))
    return table


def test_a_report_with_a_line_for_each_system(sled, place, test_set, model_folder):
    outcome = sled(
        *("eval", test_set, "--seconds", ":10", "--limit", "2", "-o", "run", "-m", model_folder),
        *("-s", "real", "-s", "codec", "-s", "plain", "--max-seconds", "0.4", "--json"),
    )
    assert outcome.code == 0, outcome.err
    systems = outcome.json["systems"]
    assert list(systems) == ["real", "codec", "plain"]
    for found in systems.values():
        assert list(found["judges"]) == list(JUDGES)
        # "number 0" and "number 3" are both heard as "number one".
        assert found["judges"]["moonshine"]["wer"]["value"] == 0.5
        assert found["judges"]["dnsmos"]["mos"]["value"] == 3.5
        assert found["judges"]["resemblyzer"]["similarity"]["value"] == pytest.approx(1.0)
    assert Path(outcome.json["report"]).read_text().startswith("<!doctype html>")


def test_texts_without_recordings_beside_finished_audio(
    sled, place, tmp_path, model_folder, make_tone
):
    table, teacher = tmp_path / "texts.csv", tmp_path / "teacher"
    table.write_text("s1|number one\ns2|number two\n")
    teacher.mkdir()
    for name in ("s1.flac", "s2.wav"):
        write_audio(teacher / name, make_tone(0.5), 16_000)
    outcome = sled(
        *("eval", table, "-o", "run", "-m", model_folder, "--max-seconds", "0.4", "--json"),
        *("-s", "plain", "-s", f"teacher={teacher}", "-j", "moonshine"),
    )
    assert outcome.code == 0, outcome.err
    found = outcome.json["systems"]
    assert [each["judges"]["moonshine"]["words"] for each in found.values()] == [4, 4]
    assert found["teacher"]["judges"]["moonshine"]["wer"]["value"] == 0.25
    assert found["teacher"]["rtf"] is None
    (teacher / "s2.wav").unlink()
    outcome = sled("eval", table, "-o", "run2", "-s", f"teacher={teacher}")
    assert outcome.code == 2
    assert "has no audio for 1 of 2 clips, such as s2 (s2.wav or the like)" in outcome.err
    assert not Path("run2").exists()


def test_the_files_to_keep_to_are_listed_one_a_line(sled, place, tmp_path, make_tone):
    table, listed = tmp_path / "test.csv", tmp_path / "only.txt"
    for name in ("a b.wav", "c.wav", "d.wav"):
        write_audio(tmp_path / name, make_tone(0.5), 16_000)
    table.write_text("a b.wav|ann|number one\nc.wav|ann|one\nd.wav|ann|one\n")
    listed.write_bytes(b"\xef\xbb\xbfc.wav\r\n\n  a b.wav \n")
    outcome = sled(
        *("eval", table, "--only", listed, "--seconds", ":", "-s", "real", "-j", "dnsmos"),
        *("-o", "run", "--json"),
    )
    assert outcome.code == 0, outcome.err
    assert outcome.json["clips"] == 2


def test_people_get_a_table_on_stderr(sled, place, test_set):
    outcome = sled("eval", test_set, "--seconds", "0:", "-s", "real", "-j", "dnsmos", "-o", "run")
    assert outcome.code == 0, outcome.err
    assert outcome.raw == b""
    assert "Recordings" in outcome.err
    assert "3.50" in outcome.err
    assert outcome.err.endswith("sled: run/report.html: all figures, and audio\n")


def test_quiet_says_nothing(sled, place, test_set):
    outcome = sled(
        *("eval", test_set, "--seconds", ":", "--limit", "1", "-s", "real", "-j", "dnsmos"),
        *("-o", "run", "--quiet"),
    )
    assert (outcome.code, outcome.raw, outcome.err) == (0, b"", "")
    assert json.loads(Path("run/report.json").read_text())["judges"] == ["dnsmos"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("nowhere", "nowhere: no test set"),
        ("DATA", "none of 6 clips has 4 to 10 s"),
        ("DATA --seconds 4", "--seconds 4: not a range such as 4:10"),
        ("DATA --seconds 9:3", "--seconds 9:3: not a range"),
        ("DATA --seconds : --limit 0", "limit: 0"),
        ("DATA --seconds : --only missing.txt", "missing.txt: No such file"),
        ("DATA --only others.txt", "none of 6 clips is among the 2 of --only"),
        ("DATA --seconds : -j ear", "judge 'ear' is not one of moonshine"),
        ("DATA --seconds : -s best", "system 'best' is not one of real"),
        ("DATA --seconds : -s teacher=nowhere", "system teacher: nowhere is no folder"),
        ("DATA --seconds : -s plain --layout 5", "--layout 5: not tokens and frames"),
        ("DATA --seconds : -s streaming --layout 0:45", "n and m must be at least 1"),
        ("DATA --seconds : -s plain -m MODEL --cfg nan", "cfg: nan"),
        ("DATA --seconds : -s plain -m MODEL --max-seconds 0", "max_seconds: 0"),
        ("DATA --seconds : -s plain -m MODEL --temperature -1", "temperature: -1"),
        ("DATA --seconds : -s plain -m MODEL --voice george", "names no speakers"),
        ("DATA --seconds : -s plain -m ./nowhere", "nowhere"),
        ("DATA --seconds : -s plain --batch-size 0", "--batch-size"),
    ],
)
@pytest.mark.usefixtures("place")
def test_what_cannot_be_evaluated_is_one_line(sled, test_set, model_folder, arguments, says):
    Path("others.txt").write_text("7.wav\n8.wav\n")
    words = arguments.replace("DATA", str(test_set)).replace("MODEL", str(model_folder)).split()
    outcome = sled("eval", *words, "-o", "run")
    assert outcome.code == 2, outcome.err
    assert outcome.raw == b""
    assert re.fullmatch(r"sled: error: [^\n]+\n", outcome.err), outcome.err
    assert says in outcome.err
    assert not Path("run").exists()
