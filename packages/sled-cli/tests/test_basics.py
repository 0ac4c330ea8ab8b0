"""What every command has in common: help, version, usage errors, quick start."""

import re
import subprocess
import sys
from typing import get_args

import pytest
import sled_cli
from sled_cli._options import Dtype
from sled_model import WEIGHTS


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("synth",),
        ("voice", "export"),
        ("train",),
        ("codec", "encode"),
        ("codec", "decode"),
        ("codec", "roundtrip"),
        ("data", "prepare"),
        ("data", "encode"),
        ("data", "validate"),
        ("data", "stats"),
        ("info",),
    ],
)
def test_every_command_explains_itself(sled, command):
    outcome = sled(*command, "--help")
    assert outcome.code == 0
    assert "Usage: sled" in outcome.out
    assert outcome.err == ""


@pytest.mark.parametrize("group", [(), ("voice",), ("codec",), ("data",)])
def test_a_bare_group_shows_its_commands(sled, group):
    outcome = sled(*group)
    assert outcome.code == 0
    assert "Commands" in outcome.out


def test_version(sled):
    assert sled("--version").out == f"sled {sled_cli.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--bogus",), "No such option"),
        (("bogus",), "No such command"),
        (("synth", "hi", "--bogus"), "No such option"),
        (("synth", "hi", "--seed", "many"), "--seed"),
        (("synth", "hi", "--dtype", "fp8"), "fp32"),
        (("synth", "hi", "there"), "there"),
        (("train", "offline"), "Missing argument"),
        (("voice", "export", "x.wav"), "Missing option"),
        (("codec", "encode", "x.wav"), "Missing option"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_code_2(sled, arguments, says):
    outcome = sled(*arguments)
    assert outcome.code == 2
    assert outcome.raw == b""
    assert re.fullmatch(r"sled: error: [^\n]+\n", outcome.err)
    assert says in outcome.err
    assert "--help" in outcome.err


def test_weights_may_be_of_each_kind_that_a_model_has():
    # The option names them again: --help imports no model.
    choices, *_ = get_args(Dtype)
    assert get_args(choices) == WEIGHTS


def test_an_unforeseen_error_is_one_line_and_exit_code_1(sled, monkeypatch):
    def broken(*_):
        raise RuntimeError("the moon\nis in the way")

    monkeypatch.setattr("sled_cli._synth.read_text", broken)
    outcome = sled("synth", "hi")
    assert outcome.code == 1
    assert outcome.err == (
        "sled: internal error: RuntimeError: the moon is in the way; "
        "run it with -v for the traceback\n"
    )
    assert "Traceback" in sled("synth", "hi", "-v").err


def test_ctrl_c_is_exit_code_130(sled, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sled_cli._synth.read_text", interrupted)
    outcome = sled("synth", "hi")
    assert (outcome.code, outcome.err) == (130, "sled: interrupted\n")


def test_help_loads_nothing_heavy():
    script = (
        "import sys; from sled_cli.main import main; main(['--help']);"
        "heavy = {'torch', 'transformers', 'numpy', 'sled_infer', 'sled_train', 'sled_codec'};"
        "sys.exit(str(sorted(heavy & set(sys.modules)) if heavy & set(sys.modules) else ''))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def test_the_package_exports_what_it_says():
    assert sled_cli.__all__ == sorted(sled_cli.__all__)
    assert all(hasattr(sled_cli, name) for name in sled_cli.__all__)
