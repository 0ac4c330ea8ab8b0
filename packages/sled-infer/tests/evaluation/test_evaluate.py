"""A whole evaluation: what is spoken, judged, counted, kept and shown."""

import json
import re

import pytest
import torch
from sled_codec import read_audio
from sled_infer import SynthesisError, Synthesizer, Voice
from sled_infer.evaluation import (
    Flite,
    Protocol,
    Recordings,
    Speaking,
    ThroughCodec,
    evaluate,
    make_systems,
    read_clips,
    table,
)
from sled_model import SledConfig, SledModel, StreamingLayout, Tokenizer

SHORT = Speaking(max_seconds=0.4, batch_size=2)


@pytest.fixture(scope="session")
def speaker(codec):
    """A tiny random model that never stops, with room for a prompt of 3 s."""
    tokenizer = Tokenizer.train(["one two three"], 280)
    config = SledConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=400,
        vae_embed_dim=codec.latent_size,
        noise_channels=8,
        diffloss_d=1,
        diffloss_w=16,
        codec_fingerprint=codec.fingerprint,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = SledModel(config)
        for value in model.parameters():
            if not value.any():  # the head begins at zero, and would say the same to everything
                torch.nn.init.normal_(value, std=0.5)
    torch.nn.init.zeros_(model.stop.weight)
    return Synthesizer(model, codec, tokenizer)


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
    lines[1] = "a2.wav|ann|" + "one two three " * 90
    (test_set / "metadata.csv").write_text("\n".join(lines))
    clips = read_clips(test_set, seconds=(0, 10))
    report = evaluate(clips, [Protocol(speaker, "plain", SHORT)], judges, tmp_path / "run")
    rows = {row["name"]: row for row in report["systems"][0]["utterances"]}
    assert "too long" in rows["a2"]["refused"]
    assert rows["a2"]["fake-text"]["errors"]["deletions"] == 270
    assert [rows[name]["refused"] for name in ("a1", "b1", "b2")] == [None] * 3
    assert figures(report)["plain"]["refused"] == 1


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
