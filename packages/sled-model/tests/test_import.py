"""What a model costs before it says anything: modules that are imported, numbers that are drawn."""

import subprocess
import sys

import torch
from sled_model import SledModel

# Each takes longer to import than a sentence to speak.
HEAVY = ("transformers.modeling_utils", "torch._dynamo", "torch.distributed.tensor", "sympy")
SCRIPT = """
import sys
from sled_model import SledModel
SledModel.from_pretrained(sys.argv[1])
print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


def test_neither_import_nor_loading_pulls_in_compilers(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path, *HEAVY], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_loading_draws_no_random_numbers(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    before = torch.get_rng_state()
    loaded = SledModel.from_pretrained(tmp_path)
    torch.testing.assert_close(torch.get_rng_state(), before)
    for name, value in tiny_model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value)
