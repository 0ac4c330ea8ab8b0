"""Every command that the README and the documents show is run here, as it stands there.

Hub ids resolve through a Hugging Face cache made for the test: small random models in the
published layout, so the loading code is the real one and no network is needed.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from sled_cli.main import main
from sled_model import SledConfig, SledModel, Tokenizer
from transformers import EncodecConfig, EncodecModel

Run = Callable[[str], tuple[int, str]]
Capture = pytest.CaptureFixture[str]

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# These start this very test, or install what it already runs in; .ci/run runs them.
RUN_BY_CI = {"pip install uv", "uv run pytest", "uv run pytest -m slow", ".ci/run"}

# What a shell is needed for; and the cache of hub ids is chosen when a process begins.
NEEDS_PROCESS = re.compile(r"[|&;<>$`*]|ICTNLP/")

PORT = "8000"  # that documents show; whatever is free is used

# Random weights and few positions: long enough to speak, short enough to test.
TINY = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "diffloss_d": 1,
    "diffloss_w": 32,
    "noise_channels": 16,
    "max_position_embeddings": 400,
}


def blocks(document: Path, kind: str = "sh") -> list[str]:
    """The blocks of a document in a language, those of the shell by default."""
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def commands(block: str) -> list[str]:
    """The commands of a block, continued lines joined, comments dropped."""
    lines = block.replace("\\\n", " ").splitlines()
    bare = (re.sub(r"\s+#.*$", "", line).strip() for line in lines)
    return [line for line in bare if line and not line.startswith("#")]


def cases() -> list[object]:
    return [
        pytest.param(document, id=str(document.relative_to(ROOT)))
        for document in DOCUMENTS
        if blocks(document) or blocks(document, "python")
    ]


def put_in_cache(cache: Path, hub_id: str) -> Path:
    """An empty snapshot folder for `hub_id`, laid out as huggingface_hub lays it out."""
    commit = "0" * 40
    repo = cache / "hub" / f"models--{hub_id.replace('/', '--')}"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(commit)
    snapshot = repo / "snapshots" / commit
    snapshot.mkdir(parents=True)
    return snapshot


def write_tiny_model(folder: Path, **changes: int) -> None:
    torch.manual_seed(0)
    tokenizer = Tokenizer.train(["three one four"], 300)
    model = SledModel(SledConfig(vocab_size=tokenizer.vocab_size, **TINY, **changes))
    model.save_pretrained(folder)
    tokenizer.save(folder)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("hf")
    write_tiny_model(put_in_cache(home, "ICTNLP/SLED-TTS-Libriheavy"))
    write_tiny_model(
        put_in_cache(home, "ICTNLP/SLED-TTS-Streaming-Libriheavy"), stream_n=5, stream_m=45
    )
    codec = EncodecModel(EncodecConfig(num_filters=4))
    codec.save_pretrained(put_in_cache(home, "facebook/encodec_24khz"))
    return home


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """What the documents suppose to be at hand: a recording and a folder of speech."""
    shutil.copy(DATA / "LJ001-0002.flac", tmp_path / "x.flac")
    shutil.copytree(DATA / "digits", tmp_path / "speech")
    for name in ("benchmarks", "tools", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.fixture
def environment(cache: Path) -> dict[str, str]:
    """That of commands: the tools of this one first, and a cache of hub ids."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "PATH": path}


@pytest.fixture
def listen(environment: dict[str, str]) -> Iterator[Callable[[str], str]]:
    """Return a function that starts a server at any free port and says which."""
    servers: list[subprocess.Popen[str]] = []

    def listen(command: str) -> str:
        words = [*shlex.split(command.replace(f"--port {PORT}", "")), "--port", "0"]
        servers.append(subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True))
        told = ""
        for line in servers[-1].stderr or ():
            told += line
            if found := re.search(r"listening at http://127.0.0.1:(\d+);", line):
                return found[1]
        raise AssertionError(f"{command}\n{told}")

    yield listen
    for server in servers:
        server.kill()
        server.communicate()


@pytest.fixture
def run(
    scene: Path,
    environment: dict[str, str],
    listen: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: Capture,
) -> Run:
    """Return a function that runs a command: in this process where that is the same."""
    monkeypatch.chdir(scene)
    port = PORT

    def in_process(command: str) -> tuple[int, str]:
        code = main(shlex.split(command)[1:])
        return code, capfd.readouterr().err

    def by_shell(command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.replace(f":{PORT}/", f":{port}/")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stderr

    def run(command: str) -> tuple[int, str]:
        nonlocal port
        command = command.replace("uv run ", "")
        if command.startswith("sled serve"):
            port = listen(command)
            return 0, ""
        here = command.startswith("sled ") and not NEEDS_PROCESS.search(command)
        return in_process(command) if here else by_shell(command)

    return run


@pytest.mark.slow
@pytest.mark.parametrize("document", cases())
def test_every_command_of_the_document_runs_and_so_does_its_python(
    document: Path, run: Run
) -> None:
    shown = [command for block in blocks(document) for command in commands(block)]
    program = "\n".join(blocks(document, "python"))
    if program:
        shown.append(f"python -c {shlex.quote(program)}")
    for command in shown:
        if command not in RUN_BY_CI:
            code, told = run(command)
            assert code == 0, f"{command}\n{told}"


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = [c for block in blocks(ROOT / "README.md")[:1] for c in commands(block)]
    assert opening[0] == "pip install uv"
    assert opening[1].startswith("uv run sled synth ")
    assert opening[2] == "uv run pytest"


def test_what_is_left_to_ci_is_in_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for command in RUN_BY_CI - {".ci/run", "pip install uv"}:
        assert command in script
    assert "pip install --quiet uv" in script


def test_documents_link_only_to_what_is_there() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"
