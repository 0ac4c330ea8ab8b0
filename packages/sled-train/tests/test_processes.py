"""Several processes do what one does: same batches, same noise, same losses."""

import json
import os
import subprocess
import sys

import pytest
from sled_train import recipe_to_yaml, train

PROGRAM = "import sys; from sled_train import *; train(load_recipe(file=sys.argv[1]), quiet=True)"


def losses(run):
    rows = [json.loads(line) for line in (run / "progress.jsonl").read_text().splitlines()]
    return [row["loss"] for row in rows]


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(make_recipe, tmp_path):
    options = ("data.micro_frames=50", "data.eval_fraction=0.2", "run.eval_every=3")
    alone = train(make_recipe(*options, run="alone"), quiet=True)
    (tmp_path / "recipe.yaml").write_text(recipe_to_yaml(make_recipe(*options, run="both")))
    (tmp_path / "program.py").write_text(PROGRAM)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [sys.executable, "-W", "ignore", *launch, "program.py", "recipe.yaml"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
    assert losses(tmp_path / "both") == pytest.approx(losses(alone.run), rel=1e-4)
