"""One writer at a time, whoever was killed before."""

import signal
import subprocess
import sys

import pytest
from sled_train import TrainError, train
from sled_train._inputs import own_folder
from sled_train._lock import only_writer
from sled_train.data import EncodeOptions, Store, encode, prepare

PROGRAM = """
import os, pathlib, signal, sys
from sled_train._lock import only_writer
with only_writer(pathlib.Path("run"), pathlib.Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_place_has_one_writer_at_a_time(tmp_path):
    lock = tmp_path / ".lock"
    second = only_writer(tmp_path, lock)
    refused = pytest.raises(TrainError, match="is being written by another process")
    with only_writer(tmp_path, lock), refused, second:
        pass
    assert list(tmp_path.iterdir()) == []
    with only_writer(tmp_path, lock):
        assert lock.exists()


def test_who_is_killed_holds_nothing(tmp_path):
    lock = tmp_path / ".lock"
    command = [sys.executable, "-c", PROGRAM, str(lock)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert lock.exists()
    with only_writer(tmp_path, lock):
        pass
    assert not lock.exists()


def test_a_cuts_file_is_prepared_once_at_a_time(corpus_folder, tmp_path):
    out = tmp_path / "cuts.jsonl"

    def again(_):
        with pytest.raises(TrainError, match=r"cuts\.jsonl is being written"):
            prepare("folder", corpus_folder, out)

    assert prepare("folder", corpus_folder, out, advance=again).cuts == 12
    assert [path.name for path in tmp_path.iterdir()] == ["cuts.jsonl"]


def test_a_shard_is_made_once_at_a_time_and_others_meanwhile(corpus_folder, codec, tmp_path):
    cuts = prepare("folder", corpus_folder, tmp_path / "cuts.jsonl").path
    out, options = tmp_path / "codes", EncodeOptions(shard_clips=6)

    def meanwhile(count, seen=[]):  # noqa: B006
        seen.append(count)
        if len(seen) > 1:
            return
        with pytest.raises(TrainError, match=r"codes-000000\.safetensors is being written"):
            encode(cuts, out, codec, options=options)
        assert encode(cuts, out, codec, options=options, share=(1, 2)).made == 1

    done = encode(cuts, out, codec, options=options, advance=meanwhile)
    assert (done.made, done.found) == (1, 1)
    assert len(Store(out)) == 12
    assert not list(out.glob(".*"))


def test_a_run_folder_has_one_run_at_a_time(make_recipe):
    recipe = make_recipe("data.eval_fraction=0.2", "run.eval_every=3")

    def again(*_, **__):
        with pytest.raises(TrainError, match="run is being written by another process"):
            train(recipe, quiet=True)
        return []

    result = train(recipe, quiet=True, speak=again)
    assert result.finished
    assert not (result.run / ".lock").exists()


def test_of_the_processes_of_a_run_only_the_first_holds_its_folder(make_recipe, monkeypatch):
    out = make_recipe().run.out
    with own_folder(out):
        monkeypatch.setenv("RANK", "1")
        with own_folder(out):
            pass
