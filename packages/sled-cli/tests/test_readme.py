"""Every command that the README shows runs as it stands there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
HAS_CODEC = resources.files("sled_codec").joinpath("assets/embedded/codec.json").is_file()

SMALL = """\
model: {hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2,
        noise_channels: 8, diffloss_d: 1, diffloss_w: 16, max_position_embeddings: 256}
data: {vocab_size: 270, batch_frames: 150}
"""


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text(), re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [re.sub(r"\s+#.*$", "", line).strip() for line in lines if line.strip()]


@pytest.fixture
def scene(tmp_path, monkeypatch, corpus, recording) -> Path:
    """What the README supposes to be there; a tiny model stands for the voice in the box."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(recording, "x.flac")
    shutil.copytree(corpus, "speech")
    Path("text.txt").write_text("three one four\n")
    Path("small.yaml").write_text(SMALL)
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CODEC, reason="this copy of sled-codec holds no embedded codec")
def test_every_command_runs(sled, scene, model_folder, monkeypatch):
    monkeypatch.setenv("SLED_MODEL", str(model_folder))
    for command in commands():
        if "|" in command:
            continue
        words = shlex.split(command)
        if "&&" in words:
            subprocess.run(words[: words.index("&&")], check=True)
            words = words[words.index("&&") + 1 :]
        outcome = sled(*words[1:])
        assert outcome.code == 0, f"{command}\n{outcome.err}"


@pytest.mark.slow
def test_every_pipe_runs(scene, model_folder):
    environment = {
        **os.environ,
        "SLED_MODEL": str(model_folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    pipes = [command for command in commands() if "|" in command]
    assert pipes
    for command in pipes:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert Path("piped.wav").read_bytes()[:4] == b"RIFF"


def test_every_command_and_option_is_mentioned(sled):
    text = README.read_text()
    corpora = ("data prepare", "data encode", "data validate", "data stats")
    for command in ("synth", "serve", "voice export", "train", *corpora, "codec encode", "info"):
        shown = sled(*command.split(), "--help").out
        options = set(re.findall(r"--[a-z][a-z-]+", shown)) - {"--help", "--no-strict"}
        known = {"--mode", "--text", "--verbose"}
        missing = {o for o in options - known if o not in text and f"`{o}" not in text}
        assert not missing, f"{command}: {missing}"
