"""The public face: a complete, sorted `__all__`, one base error, and a README that runs."""

import re
from pathlib import Path
from types import ModuleType

import sled_model
from sled_model import ModelError

README = Path(__file__).parents[1] / "README.md"


def test_all_is_complete_and_sorted():
    """Constants, then classes, then the rest, each by the alphabet."""
    names = sled_model.__all__
    assert names == sorted(
        names, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )
    public = {
        name
        for name, value in vars(sled_model).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert set(names) == public | {"__version__"}


def test_the_error_is_a_value_error():
    assert issubclass(ModelError, ValueError)


def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, str(README), "exec"), {})
