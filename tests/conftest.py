"""What the tests of the whole project share."""

import runpy
import sys

import pytest
import torch


@pytest.fixture(scope="session")
def run_script():
    """Return a function that runs a script with options, in this process: imports take long."""

    def run(path, *options):
        with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
            patch.syspath_prepend(str(path.parent))
            patch.setattr(sys, "argv", [str(path), *map(str, options)])
            runpy.run_path(str(path), run_name="__main__")

    return run
