"""One writer at a time, whoever was killed before."""

import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest
from sled_train import TrainError, train
from sled_train import _lock as lock_module
from sled_train._inputs import own_folder
from sled_train._lock import only_writer
from sled_train.data import EncodeOptions, Store, encode, prepare

PROGRAM = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(lock_module, "_PATIENCE", 0.0)


@pytest.mark.usefixtures("hurried")
def test_a_place_has_one_writer_at_a_time(tmp_path):
    lock = tmp_path / ".lock"
    second = only_writer(tmp_path, lock)
    refused = pytest.raises(TrainError, match="is being written by another process")
    with only_writer(tmp_path, lock), refused, second:
        pass
    assert list(tmp_path.iterdir()) == []
    with only_writer(tmp_path, lock):
        assert lock.exists()


def test_who_ends_within_a_moment_is_waited_for(tmp_path):
    lock = tmp_path / ".lock"
    with ExitStack() as held:
        held.enter_context(only_writer(tmp_path, lock))
        leaving = threading.Timer(0.2, held.pop_all().close)
        leaving.start()
        with only_writer(tmp_path, lock):
            leaving.join()
            assert lock.exists()


@pytest.mark.usefixtures("hurried")
def test_who_is_killed_holds_nothing(tmp_path):
    lock = tmp_path / ".lock"
    command = [sys.executable, "-S", "-c", PROGRAM, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(TrainError), only_writer(tmp_path, lock):
            pass
        process.kill()
    with only_writer(tmp_path, lock):
        pass
    assert not lock.exists()


@pytest.mark.usefixtures("hurried")
def test_a_cuts_file_is_prepared_once_at_a_time(corpus_folder, tmp_path):
    out = tmp_path / "cuts.jsonl"

    def again(_):
        with pytest.raises(TrainError, match=r"cuts\.jsonl is being written"):
            prepare("folder", corpus_folder, out)

    assert prepare("folder", corpus_folder, out, advance=again).cuts == 12
    assert [path.name for path in tmp_path.iterdir()] == ["cuts.jsonl"]


@pytest.mark.usefixtures("hurried")
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


@pytest.mark.usefixtures("hurried")
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
