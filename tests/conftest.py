"""What the tests of the whole project share."""

import runpy
import sys
from pathlib import Path

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


@pytest.fixture(scope="module")
def embedded_tools():
    """Return the folder of the scripts that made the embedded voices; they can be imported."""
    folder = Path(__file__).parents[1] / "tools" / "embedded"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder
