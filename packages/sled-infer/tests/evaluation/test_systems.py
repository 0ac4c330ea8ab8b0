"""Who speaks in an evaluation: the protocols, other programs, and how they are chosen."""

import pytest
import torch
from sled_codec import read_audio
from sled_infer import SynthesisError, Voice
from sled_infer.evaluation import (
    Flite,
    Protocol,
    Recordings,
    Speaking,
    evaluate,
    make_systems,
    read_clips,
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
    lines[1] = "a2.wav|ann|" + "one-" * 270
    (test_set / "metadata.csv").write_text("\n".join(lines))
    clips = read_clips(test_set, seconds=(0, 10))
    report = evaluate(clips, [Protocol(speaker, "plain", SHORT)], judges, tmp_path / "run")
    rows = {row["name"]: row for row in report["systems"][0]["utterances"]}
    assert "too long" in rows["a2"]["refused"]
    assert rows["a2"]["fake-text"]["errors"]["deletions"] == 270
    assert [rows[name]["refused"] for name in ("a1", "b1", "b2")] == [None] * 3
    assert figures(report)["plain"]["refused"] == 1


def test_flite_speaks_through_its_program(clips, judges, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "flite"
    program.write_text(f'#!/bin/sh\ntest "$2" = slt && cp "{clips[2].path}" "$6"\n')
    program.chmod(0o755)
    (system,) = make_systems(["flite:slt"], speaker=pytest.fail, codec=pytest.fail)
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


def test_systems_that_do_not_exist_are_refused(clips, judges, tmp_path):
    with pytest.raises(SynthesisError, match="system 'best' is not one of real, codec, plain"):
        make_systems(["best"], speaker=pytest.fail, codec=pytest.fail)
    with pytest.raises(SynthesisError, match="named twice"):
        evaluate(clips, [Recordings(), Recordings()], judges, tmp_path)
    with pytest.raises(SynthesisError, match="at least one system and one judge"):
        evaluate(clips, [Recordings()], [], tmp_path)


def test_the_model_is_loaded_once_and_only_if_it_speaks(speaker, codec):
    loads = []

    def load():
        loads.append(1)
        return speaker, SHORT

    make_systems(["real", "codec"], speaker=load, codec=lambda: codec)
    assert loads == []
    made = make_systems(["codec", "plain", "cloning"], speaker=load, codec=pytest.fail)
    assert [system.name for system in made] == ["codec", "plain", "cloning"]
    assert loads == [1]
