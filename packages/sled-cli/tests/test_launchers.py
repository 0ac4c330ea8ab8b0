"""`sled` under torchrun and accelerate, as the documents start it: two processes of one command."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest
from sled_codec import write_audio

RATE = 16_000
CLIPS = 60
LONGER = ("data.micro_frames=60", "run.steps=40", "run.save_every=3", "run.threads=1",
          "run.tensorboard=false", "run.device=cpu")  # fmt: skip
TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node=2", "--no-python")
# What it was not told it would guess, and say so.
ACCELERATE = ("accelerate.commands.launch", "--multi_gpu", "--num_processes=2", "--num_machines=1",
              "--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0",
              "--no_python")  # fmt: skip
# Each process notes its id, so that a test can end one of them.
NOTING = 'echo $BASHPID > "pid-$RANK.part" && mv "pid-$RANK.part" "pid-$RANK" && exec "$@"'

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def launched(place, *arguments, by=TORCHRUN):
    """Start `sled` with these arguments in two processes."""
    noting = ["bash", "-c", NOTING, "bash"]
    sled = [sys.executable, "-m", "sled_cli", *map(str, arguments)]
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", *by, *noting, *sled],
        cwd=place,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                for rank in (0, 1):
                    with suppress(OSError, ValueError):
                        end(place, rank)


def end(place, rank):
    os.kill(int((place / f"pid-{rank}").read_text()), signal.SIGKILL)


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def finished(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def cuts(sled, place, make_tone):
    """Sixty short clips: with one a shard, work for long enough to be interrupted."""
    (place / "speech").mkdir()
    for number in range(CLIPS):
        write_audio(place / f"speech/{number:02}.wav", make_tone(0.2 + 0.01 * number), RATE)
        (place / f"speech/{number:02}.txt").write_text(f"number {number}")
    assert sled("data", "prepare", "folder", "speech", "cuts.jsonl", "-q").code == 0
    return place / "cuts.jsonl"


def test_two_processes_encode_what_one_encodes_and_one_ends_what_two_began(
    sled, place, cuts, codec_folder
):
    command = ("data", "encode", cuts, "--codec", codec_folder, "--shard-clips", 1)
    assert sled(*command, "alone", "-q").code == 0
    with launched(place, *command, "both", "--json") as process:
        told = finished(process).splitlines()
    assert 1 <= len(told) <= 2  # by the one that ended last, or by both that ended together
    assert {json.loads(line)["clips"] for line in told} == {CLIPS}
    assert contents(place / "both") == contents(place / "alone")

    with launched(place, *command, "killed") as process:
        wait_for((place / "killed/codes-000001.safetensors").exists, process)
        end(place, 1)
        _, err = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "SIGKILL" in err
    assert not (place / "killed/index.json").exists()
    found = len(list((place / "killed").glob("codes-*")))
    resumed = sled(*command, "killed", "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.json["made"] == CLIPS - found
    assert contents(place / "killed") == contents(place / "alone")


def losses(run):
    rows = [json.loads(line) for line in (run / "progress.jsonl").read_text().splitlines()]
    return {row["step"]: row["loss"] for row in rows}


def test_two_processes_train_as_one_and_one_ends_what_two_began(
    sled, place, cuts, codec_folder, tiny_training
):
    sets = (*tiny_training, *(word for value in LONGER for word in ("--set", value)))
    command = ("train", "offline", "codes", *sets, "--out")
    assert sled("data", "encode", cuts, "codes", "--codec", codec_folder, "-q").code == 0
    assert sled(*command, "alone", "-q").code == 0
    with launched(place, *command, "both", "--json") as process:
        (told,) = finished(process).splitlines()
    assert json.loads(told)["step"] == 40
    assert losses(place / "both") == pytest.approx(losses(place / "alone"), rel=1e-4)

    with launched(place, *command, "killed") as process:
        wait_for(lambda: list((place / "killed").glob("checkpoints/step-*")), process)
        end(place, 1)
        _, err = process.communicate(timeout=120)
    assert process.returncode != 0
    (line,) = re.findall(r"^sled: error: (.*)$", err, re.M)
    assert "process 0 of 2: another process of the run ended" in line
    assert not (place / "killed/final").exists()
    resumed = sled(*command, "killed", "--json")
    assert resumed.code == 0, resumed.err
    assert losses(place / "killed") == pytest.approx(losses(place / "alone"), rel=1e-4)


def test_accelerate_starts_the_same_processes(sled, place, cuts, codec_folder, tiny_training):
    sets = (*tiny_training, "--set", "run.device=cpu", "--set", "run.tensorboard=false")
    command = ("train", "offline", "codes", *sets, "--out")
    assert sled("data", "encode", cuts, "codes", "--codec", codec_folder, "-q").code == 0
    assert sled(*command, "alone", "-q").code == 0
    with launched(place, *command, "both", "--json", by=ACCELERATE) as process:
        (told,) = finished(process).splitlines()
    assert json.loads(told)["step"] == 2
    assert json.loads((place / "both/versions.json").read_text())["processes"] == 2
    assert losses(place / "both") == pytest.approx(losses(place / "alone"), rel=1e-4)
