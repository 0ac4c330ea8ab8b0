"""`kill -9` at any moment, then the same command again."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from sled_train import list_checkpoints, recipe_to_yaml, train

PROGRAM = "import sys; from sled_train import *; train(load_recipe(file=sys.argv[1]), quiet=True)"


def losses(run):
    rows = [json.loads(line) for line in (run / "progress.jsonl").read_text().splitlines()]
    return [(row["step"], row["loss"], row["grad_norm"]) for row in rows]


@pytest.mark.slow
def test_a_killed_and_resumed_run_gives_the_losses_of_an_uninterrupted_one(make_recipe, tmp_path):
    options = ("run.steps=60", "run.save_every=5", "run.threads=1")  # sums in one order
    whole = train(make_recipe(*options, run="whole"), quiet=True)
    recipe = make_recipe(*options, run="killed")
    run = tmp_path / "killed"
    (tmp_path / "recipe.yaml").write_text(recipe_to_yaml(recipe))
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tmp_path / "recipe.yaml")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment) as process:
        while not list_checkpoints(run):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (run / "final").exists()
    result = train(recipe, quiet=True)
    assert result.finished
    assert losses(run) == losses(whole.run)
