"""A whole evaluation: what is spoken, judged, counted, kept and shown."""

import json
import re

import pytest
from sled_codec import read_audio, write_audio
from sled_infer import SynthesisError
from sled_infer.evaluation import (
    Protocol,
    Recordings,
    Speaking,
    ThroughCodec,
    evaluate,
    read_clips,
    table,
)

SHORT = Speaking(max_seconds=0.4, batch_size=2)


def figures(report):
    return {system["name"]: system["figures"] for system in report["systems"]}


def test_recordings_are_counted_as_they_are(clips, judges, tmp_path):
    """Three of four clips are understood; the quiet one loses its three words of twelve."""
    found = figures(evaluate(clips, [Recordings()], judges, tmp_path / "run"))["real"]
    words = found["judges"]["fake-text"]
    assert words["wer"]["value"] == pytest.approx(3 / 12)
    counts = [words[name] for name in ("substitutions", "deletions", "insertions", "words")]
    assert counts == [0, 3, 0, 12]
    # Ann's two clips differ in the judge's ears, Bob's do not.
    assert found["judges"]["fake-speaker"]["similarity"]["value"] == pytest.approx(0.5)
    assert found["judges"]["fake-quality"]["mos"]["value"] == pytest.approx(1.75)
    assert found["seconds"] == pytest.approx(3.0)
    assert (found["rtf"], found["never_stopped"], found["stopped_at_once"]) == (None, None, None)


def test_the_codec_keeps_length_and_takes_time(clips, judges, codec, tmp_path):
    found = figures(evaluate(clips, [ThroughCodec(codec)], judges, tmp_path))["codec"]
    assert found["seconds"] == pytest.approx(3.0, abs=1e-3)
    assert found["rtf"]["low"] <= found["rtf"]["value"] <= found["rtf"]["high"]


def test_a_model_that_never_stops_is_counted_as_such(clips, judges, speaker, tmp_path):
    found = figures(evaluate(clips, [Protocol(speaker, "plain", SHORT)], judges, tmp_path))["plain"]
    assert found["never_stopped"]["value"] == 1
    assert found["stopped_at_once"]["value"] == 0
    assert found["seconds"] == pytest.approx(4 * 0.4)


def test_what_is_too_short_to_judge_stopped_at_once_and_lost_all_its_words(
    clips, judges, speaker, tmp_path
):
    brief = Protocol(speaker, "plain", Speaking(max_seconds=0.1))
    found = figures(evaluate(clips, [brief], judges, tmp_path))["plain"]
    assert found["stopped_at_once"]["value"] == 1
    assert found["judges"]["fake-text"]["wer"]["value"] == 1
    assert found["judges"]["fake-text"]["deletions"] == 12
    assert "mos" not in found["judges"]["fake-quality"]


class KilledError(Exception):
    pass


def killed_after(parts):
    """Progress that ends the run at its n-th report, as a kill between two clips would."""
    left = [parts]

    def progress(what, done, total):
        left[0] -= 1
        if left[0] == 0:
            raise KilledError

    return progress


def without_times(report):
    text = json.dumps(report)
    assert '"compute_seconds"' in text
    text = re.sub(r'"rtf": (\{[^}]*\}|null)', '"rtf": 0', text)
    return re.sub(r'"compute_seconds": [^,]*', '"compute_seconds": 0', text)


def test_a_killed_run_goes_on_and_says_what_an_uninterrupted_one_says(
    clips, judges, judge_log, speaker, tmp_path
):
    systems = [Recordings(), Protocol(speaker, "plain", SHORT)]
    whole = evaluate(clips, systems, judges, tmp_path / "whole")
    asked = len(judge_log.read_text().splitlines())
    judge_log.unlink()
    for parts in (3, 2, 6, 4):
        with pytest.raises(KilledError):
            evaluate(clips, systems, judges, tmp_path / "cut", progress=killed_after(parts))
    resumed = evaluate(clips, systems, judges, tmp_path / "cut")
    assert without_times(resumed) == without_times(whole)
    assert len(judge_log.read_text().splitlines()) == asked


def test_what_is_done_is_not_done_again(clips, judges, judge_log, tmp_path):
    first = evaluate(clips, [Recordings()], judges, tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run/real").iterdir()}
    judge_log.unlink()
    assert evaluate(clips, [Recordings()], judges, tmp_path / "run") == first
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert set(judge_log.read_text().split()) == {"words"}


def test_a_clip_whose_text_changed_is_done_again(test_set, judges, tmp_path):
    evaluate(read_clips(test_set, seconds=(0, 10)), [Recordings()], judges, tmp_path / "run")
    table = test_set / "metadata.csv"
    table.write_text(table.read_text().replace("b1.wav|bob|one two three", "b1.wav|bob|one"))
    changed = read_clips(test_set, seconds=(0, 10))
    report = evaluate(changed, [Recordings()], judges, tmp_path / "run")
    assert report == evaluate(changed, [Recordings()], judges, tmp_path / "fresh")


def test_a_recording_that_was_replaced_is_heard_again(test_set, clips, judges, tmp_path):
    evaluate(clips, [Recordings()], judges, tmp_path / "run")
    other = test_set / "b1.wav"
    wave, rate = read_audio(other)
    write_audio(other, wave.flip(0), rate)
    report = evaluate(clips, [Recordings()], judges, tmp_path / "run")
    assert (tmp_path / "run/real/b1.wav").stat().st_mtime_ns >= other.stat().st_mtime_ns
    assert report == evaluate(clips, [Recordings()], judges, tmp_path / "fresh")


def test_a_run_of_other_settings_is_not_mixed_in(clips, judges, speaker, tmp_path):
    evaluate(clips[:1], [Protocol(speaker, "plain", SHORT)], judges, tmp_path)
    other = Protocol(speaker, "plain", Speaking(max_seconds=0.4, batch_size=2, cfg=1.5))
    with pytest.raises(SynthesisError, match=r"plain: was spoken with cfg 2.0, not 1.5"):
        evaluate(clips[:1], [other], judges, tmp_path)


def test_the_page_needs_nothing_else_and_shows_the_worst(clips, judges, tmp_path):
    report = evaluate(clips, [Recordings()], judges, tmp_path)
    assert report["systems"][0]["worst"] == ["a2"]
    page = (tmp_path / "report.html").read_text()
    assert "<del>one two three</del>" in page
    sources = re.findall(r'src="([^"]*)"', page)
    assert sources
    assert all(source.startswith("data:audio/mpeg;base64,") for source in sources)
    assert "http" not in page
    assert json.loads((tmp_path / "report.json").read_text()) == report


def test_marks_around_words_are_no_errors_on_the_page(test_set, judges, tmp_path):
    (test_set / "metadata.csv").write_text("b1.wav|bob|“One” (two) - four!\n")
    clips = read_clips(test_set, seconds=(0, 10))
    evaluate(clips, [Recordings()], judges, tmp_path / "run")
    assert (
        "one two <del>- four!</del> <ins>three</ins>" in (tmp_path / "run/report.html").read_text()
    )


def test_texts_cannot_break_the_page(test_set, judges, tmp_path):
    (test_set / "metadata.csv").write_text("a2.wav|ann|<script>alert(1)</script> & co\n")
    clips = read_clips(test_set, seconds=(0, 10))
    evaluate(clips, [Recordings()], judges, tmp_path / "run")
    page = (tmp_path / "run/report.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_table_has_a_column_for_each_judge_and_a_line_for_each_system(clips, judges, tmp_path):
    header, lines = table(evaluate(clips, [Recordings()], judges, tmp_path))
    assert header[:5] == [
        "System",
        "Clips",
        "Fake text WER %, S/D/I",
        "Fake speaker similarity",
        "Fake quality",
    ]
    assert len(lines) == 1
    assert len(lines[0]) == len(header)
    assert lines[0][2].endswith("\n0/3/0 of 12")
