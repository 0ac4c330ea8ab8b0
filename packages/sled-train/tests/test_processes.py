"""Several processes do what one does: same batches, same noise, same losses."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest
import torch
from sled_model import SledModel
from sled_train import TrainError, list_checkpoints, recipe_to_yaml, train

PROGRAM = """\
import os, pathlib, sys
from sled_train import TrainError, load_recipe, train
pathlib.Path(f"pid-{os.environ['RANK']}").write_text(str(os.getpid()))
try:
    result = train(load_recipe(file=sys.argv[1]), quiet=True)
except TrainError as error:
    sys.exit(f"train: {error}")
sys.exit(0 if result.finished else 130)
"""
MICRO = ("data.micro_frames=50", "run.threads=1")

pytestmark = pytest.mark.slow


def losses(run, kind="train"):
    rows = [json.loads(line) for line in (run / "progress.jsonl").read_text().splitlines()]
    return [row["loss"] for row in rows if row["kind"] == kind]


@pytest.fixture
def launch(tmp_path):
    """Start a recipe in two processes with torchrun."""

    @contextmanager
    def start(recipe):
        (tmp_path / "recipe.yaml").write_text(recipe_to_yaml(recipe))
        (tmp_path / "program.py").write_text(PROGRAM)
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
        command = [sys.executable, "-W", "ignore", *torchrun, "program.py", "recipe.yaml"]
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    kill(process, tmp_path)

    return start


def kill(process, folder):
    """End torchrun and its workers, which are sessions of their own, with signal 9."""
    process.kill()
    process.wait()
    for file in folder.glob("pid-*"):
        with suppress(OSError, ValueError):
            os.kill(int(file.read_text()), signal.SIGKILL)


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("parallel", "optimizer"), [("ddp", "adamw"), ("ddp", "muon"), ("fsdp", "adamw")]
)
def test_two_processes_give_the_losses_of_one(make_recipe, launch, tmp_path, parallel, optimizer):
    options = (*MICRO, "data.eval_fraction=0.2", "run.eval_every=3", f"optim.kind={optimizer}")
    alone = train(make_recipe(*options, run="alone"), quiet=True)
    with launch(make_recipe(*options, f"run.parallel={parallel}", run="both")) as process:
        assert process.wait(300) == 0, process.stderr.read()
    both = tmp_path / "both"
    for kind in ("train", "eval"):
        assert losses(both, kind) == pytest.approx(losses(alone.run, kind), rel=1e-4)
    first, second = (
        SledModel.from_pretrained(run / "best").state_dict() for run in (alone.run, both)
    )
    # Muon makes directions that a gradient hardly has as large as the others, rounding and all.
    apart = 1e-3 if optimizer == "muon" else 1e-4
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=1e-3, atol=apart)


@pytest.mark.parametrize(
    "options",
    [(), ("run.parallel=fsdp",), ("run.parallel=fsdp", "run.precision=bf16-pure")],
    ids=["ddp", "fsdp", "fsdp in pure bfloat16"],
)
def test_a_killed_run_of_two_processes_goes_on_in_one(make_recipe, launch, tmp_path, options):
    common = (*MICRO, "run.steps=12", "run.save_every=3", *options)
    whole = train(make_recipe(*common, "run.parallel=ddp", run="whole"), quiet=True)
    with launch(make_recipe(*common, run="killed")) as process:
        wait_for(lambda: list_checkpoints(tmp_path / "killed"), process)
        kill(process, tmp_path)
    resumed = train(make_recipe(*common, "run.parallel=ddp", run="killed"), quiet=True)
    assert resumed.finished
    tolerance = 1e-2 if "run.precision=bf16-pure" in options else 1e-4
    assert losses(resumed.run) == pytest.approx(losses(whole.run), rel=tolerance)


def test_a_process_that_dies_ends_the_run_with_a_clear_message(make_recipe, launch, tmp_path):
    recipe = make_recipe(*MICRO, "run.steps=100000", run="broken")
    with launch(recipe) as process:
        wait_for(lambda: list_checkpoints(tmp_path / "broken"), process)
        os.kill(int((tmp_path / "pid-1").read_text()), signal.SIGKILL)
        _, told = process.communicate(timeout=120)
    assert process.returncode != 0
    line = re.search(r"^train: (.*)$", told, re.M)
    assert line, told
    assert "process 0 of 2: another process of the run ended" in line[1]
    assert "go on from the last checkpoint" in line[1]


def test_sigterm_at_the_launcher_saves_and_ends(make_recipe, launch, tmp_path):
    with launch(make_recipe(*MICRO, "run.steps=100000", "run.save_every=100000")) as process:
        log = tmp_path / "run/progress.jsonl"
        wait_for(lambda: log.is_file() and log.stat().st_size, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    (checkpoint,) = list_checkpoints(tmp_path / "run")
    assert len(losses(tmp_path / "run")) == int(checkpoint.name.removeprefix("step-"))


def test_weights_are_not_cut_up_for_a_single_process(make_recipe):
    with pytest.raises(TrainError, match="torchrun"):
        train(make_recipe("run.parallel=fsdp"), quiet=True)


def test_accelerate_may_not_cut_the_model_up_itself(make_recipe, monkeypatch, tmp_path):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(TrainError, match=r"to use FSDP.*set run\.parallel=fsdp"):
        train(make_recipe(), quiet=True)
    assert not list(tmp_path.glob("run/checkpoints/*"))
