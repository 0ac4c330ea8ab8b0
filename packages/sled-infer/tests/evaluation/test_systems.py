"""Who speaks in an evaluation: the protocols, other programs, and how they are chosen."""

import re
from dataclasses import replace

import pytest
import torch
from sled_codec import read_audio, write_audio
from sled_infer import SynthesisError, Voice
from sled_infer._text import LONGEST_WORD
from sled_infer.evaluation import (
    Finished,
    Flite,
    Protocol,
    Recordings,
    Speaking,
    default_systems,
    evaluate,
    make_systems,
    read_clips,
    table,
)
from sled_model import StreamingLayout

SHORT = Speaking(max_seconds=0.4, batch_size=2)


def figures(report):
    return {system["name"]: system["figures"] for system in report["systems"]}


def test_every_protocol_speaks_with_its_own_prompt(clips, speaker):
    spoken = {
        name: Protocol(speaker, name, SHORT).speak(clips[:1])[0]
        for name in ("plain", "cloning", "streaming")
    }
    waves = [each.wave for each in spoken.values()]
    assert [len(wave) for wave in waves] == [round(0.4 * 24_000)] * 3
    assert not any(torch.equal(a, b) for a, b in zip(waves, [*waves[1:], waves[0]], strict=True))


def test_cloning_is_the_synthesizer_with_the_previous_clip_as_its_voice(clips, speaker):
    (spoken,) = Protocol(speaker, "cloning", SHORT).speak(clips[:1])
    voice = Voice.from_audio(clips[1].path, "one two three", speaker.codec)
    seed = Protocol(speaker, "cloning", SHORT)._request(clips[0]).seed
    alone = speaker.synthesize("one two three", voice=voice, seed=seed, max_seconds=0.4)
    torch.testing.assert_close(spoken.wave, alone.wave, atol=1e-4, rtol=0)


def test_a_clip_is_spoken_the_same_whatever_else_is_in_the_set(clips, speaker):
    system = Protocol(speaker, "plain", SHORT)
    together = system.speak(clips)
    for clip, spoken in zip(clips, together, strict=True):
        torch.testing.assert_close(system.speak([clip])[0].wave, spoken.wave, atol=1e-4, rtol=0)


def test_a_continuation_is_heard_with_its_prefix_and_judged_without(
    tmp_path, judges, speaker, make_long
):
    clips = read_clips(make_long(4.0))
    system = Protocol(speaker, "continuation", SHORT)
    report = evaluate(clips, [system], judges, tmp_path / "run")
    (row,) = report["systems"][0]["utterances"]
    wave, rate = read_audio(tmp_path / "run" / "continuation" / "long.wav")
    assert len(wave) / rate == pytest.approx(3.4)
    assert row["seconds"] == pytest.approx(0.4)
    assert row["fake-quality"]["mos"] == pytest.approx(1.4)
    assert "similarity" in row["fake-speaker"]  # with the first 3 s of itself


def test_clips_too_short_to_go_on_are_left_out(clips, speaker, judges, tmp_path):
    system = Protocol(speaker, "continuation", SHORT)
    assert not any(system.suits(clip) for clip in clips)
    with pytest.raises(SynthesisError, match="continuation: none of 4 clips"):
        evaluate(clips, [system], judges, tmp_path)


def test_streaming_takes_the_layout_it_is_given(speaker):
    system = Protocol(speaker, "streaming", Speaking(layout=StreamingLayout(2, 7)))
    assert system.title == "Streaming 2:7, cloning"
    assert "5:45" in Protocol(speaker, "streaming", SHORT).title


def test_a_text_that_cannot_be_spoken_is_refused_alone(test_set, speaker, judges, tmp_path):
    lines = (test_set / "metadata.csv").read_text().splitlines()
    words = LONGEST_WORD // 4 + 1
    lines[1] = "a2.wav|ann|" + "one-" * words
    (test_set / "metadata.csv").write_text("\n".join(lines))
    clips = read_clips(test_set, seconds=(0, 10))
    report = evaluate(clips, [Protocol(speaker, "plain", SHORT)], judges, tmp_path / "run")
    rows = {row["name"]: row for row in report["systems"][0]["utterances"]}
    assert "put spaces between words" in rows["a2"]["refused"]
    assert rows["a2"]["fake-text"]["errors"]["deletions"] == words
    assert [rows[name]["refused"] for name in ("a1", "b1", "b2")] == [None] * 3
    assert figures(report)["plain"]["refused"] == 1
    spent = sum(rows[name]["compute_seconds"] for name in ("a1", "b1", "b2"))
    assert figures(report)["plain"]["rtf"]["value"] == pytest.approx(spent / 1.2)


def test_flite_speaks_through_its_program(clips, judges, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "flite"
    program.write_text(f'#!/bin/sh\ntest "$2" = slt && cp "{clips[2].path}" "$6"\n')
    program.chmod(0o755)
    (system,) = make_systems(["flite:slt"], clips, speaker=pytest.fail, codec=pytest.fail)
    assert (system.name, system.title) == ("flite-slt", "flite slt")
    found = figures(evaluate(clips, [system], judges, tmp_path / "run"))["flite-slt"]
    assert found["judges"]["fake-text"]["wer"]["value"] == 0
    with pytest.raises(SynthesisError, match="failed with exit code 1"):
        Flite("kal").speak(clips[:1])
    with pytest.raises(SynthesisError, match="no voice's name"):
        Flite("-o /etc/passwd")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SynthesisError, match="apt-get install flite"):
        Flite()


@pytest.fixture
def finished(tmp_path):
    """Audio of every clip, made elsewhere: at another rate, in several formats, with its texts."""
    folder = tmp_path / "teacher"
    folder.mkdir()
    wave = 0.5 * torch.sin(torch.arange(6000) / 5)
    for name in ("a1.wav", "a2.flac", "b1.ogg", "b2.WAV"):
        write_audio(folder / name, wave, 12_000)
    (folder / "a1.txt").write_text("one two three")
    (folder / "other.wav").write_bytes(b"looked at by nobody")
    return folder


def test_finished_audio_is_measured_as_it_is(clips, finished, judges, tmp_path):
    asked = {"speaker": pytest.fail, "codec": pytest.fail}
    (system,) = make_systems([f"teacher={finished}"], clips, **asked)
    assert (system.name, system.title) == ("teacher", "teacher")
    report = evaluate(clips, [Recordings(), system], judges, tmp_path / "run")
    found = figures(report)["teacher"]
    assert found["judges"]["fake-text"]["wer"]["value"] == 0
    assert found["judges"]["fake-quality"]["mos"]["value"] == pytest.approx(1.5)
    assert (found["rtf"], found["never_stopped"], found["stopped_at_once"]) == (None, None, None)
    assert table(report)[1][1][-3:] == ["-", "-", "-"]
    kept, rate = read_audio(tmp_path / "run" / "teacher" / "a2.wav")
    torch.testing.assert_close(kept, read_audio(finished / "a2.flac")[0], atol=1e-4, rtol=0)
    assert rate == 12_000


def test_what_an_older_run_said_is_finished_audio(clips, judges, tmp_path):
    """Its folder holds journals beside the audio."""
    first = evaluate(clips, [Recordings()], judges, tmp_path / "old")
    again = Finished("old", tmp_path / "old" / "real", clips)
    assert (
        figures(evaluate(clips, [again], judges, tmp_path / "new"))["old"]
        == (figures(first)["real"])
    )


def test_finished_audio_that_was_made_again_is_judged_again(clips, finished, judges, tmp_path):
    def quality():
        report = evaluate(clips, [Finished("t", finished, clips)], judges, tmp_path / "run")
        return [row["fake-quality"]["mos"] for row in report["systems"][0]["utterances"]]

    assert quality() == [1.5] * 4
    write_audio(finished / "a1.wav", torch.full((12_000,), 0.5), 12_000)
    assert quality() == [2.0, 1.5, 1.5, 1.5]


def test_finished_audio_that_is_not_whole_is_refused_before_anything_is_spoken(clips, finished):
    def refused(name="teacher", folder=finished):
        asked = {"speaker": pytest.fail, "codec": pytest.fail}
        with pytest.raises(SynthesisError) as caught:
            make_systems([f"{name}={folder}", "plain"], clips, **asked)
        return str(caught.value)

    assert "nowhere is no folder" in refused(folder="nowhere")
    for name in ("real", "../x", "", "a b"):
        assert "give NAME=FOLDER" in refused(name)
    write_audio(finished / "a1.flac", torch.ones(4000), 8000)
    assert "clip a1 is there twice: a1.flac, a1.wav; remove one" in refused()
    (finished / "a1.flac").unlink()
    (finished / "a1.wav").write_bytes(b"no audio")
    assert re.search(r"teacher: .*a1.wav: not readable .*; make this clip's audio", refused())
    for name in ("a1.wav", "a1.txt", "b1.ogg"):
        (finished / name).unlink()
    assert f"{finished} has no audio for 2 of 4 clips, such as a1 (a1.wav" in refused()


def test_files_of_one_stem_are_told_apart_in_finished_audio_too(clips, finished):
    twins = [replace(clips[0], name=name) for name in ("x_1.wav", "y_1.wav")]
    for number, twin in enumerate(twins, 1):
        write_audio(finished / twin.name, torch.full((1000,), 0.1 * number), 8000)
    spoken = Finished("teacher", finished, twins).speak(twins)
    assert [float(each.wave[0]) for each in spoken] == pytest.approx([0.1, 0.2], abs=1e-3)


def test_texts_alone_are_spoken_but_have_no_recordings(tmp_path, speaker, codec, judges, judge_log):
    (tmp_path / "metadata.csv").write_text("s1|one two three\ns2|two three\n")
    clips = read_clips(tmp_path)
    for name in ("real", "codec", "continuation", "cloning", "streaming"):
        systems = make_systems([name], clips, speaker=lambda: (speaker, SHORT), codec=lambda: codec)
        with pytest.raises(SynthesisError, match=f"{name}: none of 2 clips suits it; real and"):
            evaluate(clips, systems, judges, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert default_systems(clips) == ("plain",)
    report = evaluate(clips, [Protocol(speaker, "plain", SHORT)], judges, tmp_path / "run")
    found = figures(report)["plain"]
    assert found["judges"]["fake-text"]["words"] == 5
    assert "similarity" not in found["judges"]["fake-speaker"]
    assert "speaker" not in judge_log.read_text()


def test_systems_that_do_not_exist_are_refused(clips, judges, tmp_path):
    with pytest.raises(SynthesisError, match="system 'best' is not one of real, codec, plain"):
        make_systems(["best"], clips, speaker=pytest.fail, codec=pytest.fail)
    with pytest.raises(SynthesisError, match="named twice"):
        evaluate(clips, [Recordings(), Recordings()], judges, tmp_path)
    with pytest.raises(SynthesisError, match="at least one system and one judge"):
        evaluate(clips, [Recordings()], [], tmp_path)


def test_the_model_is_loaded_once_and_only_if_it_speaks(clips, speaker, codec):
    loads = []

    def load():
        loads.append(1)
        return speaker, SHORT

    make_systems(["real", "codec"], clips, speaker=load, codec=lambda: codec)
    assert loads == []
    made = make_systems(["codec", "plain", "cloning"], clips, speaker=load, codec=pytest.fail)
    assert [system.name for system in made] == ["codec", "plain", "cloning"]
    assert loads == [1]
