"""`sled train offline`: a corpus becomes a model that `sled synth` speaks with."""

import json

import pytest
from sled_infer import embedded


@pytest.fixture
def trained(sled, corpus, tiny_training, tmp_path, monkeypatch):
    """Run `sled train offline` on the tiny corpus in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return sled("train", "offline", corpus, "--out", "run", *tiny_training, *arguments)

    return run


def test_it_trains_counts_what_it_skips_and_leaves_a_model_that_speaks(trained, sled, tmp_path):
    outcome = trained("--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["step"] == 2
    assert outcome.json["finished"] is True
    assert outcome.json["skipped"] == 1
    assert outcome.json["losses"]["loss"] > 0
    assert "missing.wav" in outcome.err
    spoken = sled("synth", "number 1", "-m", "run/final", "-o", "out.wav", "--max-seconds", "0.3")
    assert spoken.code == 0, spoken.err


def test_it_goes_on_where_it_ended(trained):
    assert trained("--quiet").err == ""
    again = trained("--json", "--set", "run.steps=3")
    assert again.code == 0, again.err
    assert again.json["step"] == 3


def test_a_recipe_file_and_overrides_are_both_heard(trained, tmp_path):
    (tmp_path / "mine.yaml").write_text("optim:\n  lr: 0.25\n")
    assert trained("--recipe", "mine.yaml", "--quiet", "--set", "optim.clip=0.5").code == 0
    saved = (tmp_path / "run" / "recipe.yaml").read_text()
    assert "lr: 0.25" in saved
    assert "clip: 0.5" in saved


def test_held_out_texts_are_spoken_for_tensorboard(trained, corpus, tmp_path):
    assert trained("--eval-data", corpus, "--set", "run.eval_audio=1", "--quiet").code == 0
    lines = (tmp_path / "run" / "progress.jsonl").read_text().splitlines()
    assert any(json.loads(line)["kind"] == "eval" for line in lines)
    logs = b"".join(p.read_bytes() for p in (tmp_path / "run").rglob("events*"))
    assert b"reconstruction/0" in logs
    assert b"speech/0" in logs


def test_strict_refuses_the_row_that_would_be_skipped(trained, tmp_path):
    outcome = trained("--strict")
    assert outcome.code == 2
    assert "metadata.csv:7: no such file" in outcome.err
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_an_offline_model_learns_to_stream(trained, sled, corpus, tmp_path):
    assert trained("--quiet").code == 0
    sets = ("--set", "run.steps=1", "--set", "data.batch_frames=150")
    turns = ("--tokens", 2, "--frames", 9)
    outcome = sled(
        "train", "streaming", corpus, "--from", "run/final", "--out", "stream", *turns, *sets,
        "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert outcome.json["finished"] is True
    config = json.loads((tmp_path / "stream/final/config.json").read_text())
    assert (config["stream_n"], config["stream_m"]) == (2, 9)


def test_streaming_without_a_start_says_what_is_missing(sled, corpus, tmp_path):
    outcome = sled("train", "streaming", corpus, "--out", tmp_path / "run")
    assert outcome.code == 2
    assert "--from" in outcome.err
    assert not (tmp_path / "run").exists()


def test_a_recipe_of_another_layout_is_refused(trained, sled, corpus, tmp_path):
    assert trained("--quiet").code == 0
    outcome = sled(
        "train", "streaming", corpus, "--from", "run/final", "--recipe", "run/recipe.yaml",
        "--out", "stream",
    )  # fmt: skip
    assert outcome.code == 2
    assert "recipe.yaml says layout.kind offline, but the training is to be streaming" in (
        outcome.err
    )
    assert not (tmp_path / "stream").exists()


def test_fine_tuning_keeps_the_codec_of_the_model(trained, sled, corpus):
    assert trained("--quiet").code == 0
    plan = ("train", "offline", corpus, "--from", "run/final", "--out", "more", "--dry-run")
    assert sled(*plan).code == 0


def test_the_voices_in_the_box_are_not_fine_tuned(sled, corpus, tmp_path):
    for name in ("embedded", *embedded.names()):
        outcome = sled("train", "offline", corpus, "--from", name, "--out", "run")
        assert (outcome.code, "is a voice in the box" in outcome.err) == (2, True)
    assert not (tmp_path / "run").exists()


def test_an_offline_model_has_no_turns(trained, tmp_path):
    outcome = trained("--tokens", 2)
    assert outcome.code == 2
    assert "--tokens and --frames are the turns of a streaming model" in outcome.err
    assert not (tmp_path / "run").exists()


def test_a_dry_run_says_what_would_run_and_writes_nothing(trained, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    plan = trained("--dry-run", "--json").json
    assert (plan["clips"], plan["steps"], plan["first_step"]) == (6, 2, 0)
    assert plan["memory_gb"] == plan["state_gb"] + plan["activations_gb"] > 0
    shown = trained("--dry-run", "--quiet")
    assert shown.err == ""
    assert [line.split()[0] for line in shown.out.splitlines()] == [
        "parameters", "corpus", "steps", "hours", "layout", "precision", "memory",
    ]  # fmt: skip
    assert sorted(tmp_path.rglob("*")) == before
