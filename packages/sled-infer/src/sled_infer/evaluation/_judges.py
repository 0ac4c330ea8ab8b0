"""Judges: programs that had no part in the training and say what they make of a wave.

A judge is a script of `judges/` that names what it needs in its own header. It runs as a process
of its own, in an environment that uv makes on first use: what judges need fits neither each
other nor what they judge.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Literal, Self

from sled_infer import SynthesisError
from sled_infer._text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["text", "speaker", "quality", "words"]
_SCRIPTS = Path(__file__).parent / "judges"
_QUOTED = 60  # letters of an answer that is none
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Judge:
    """A judge.

    Attributes:
        name: how it is chosen.
        title: its name in tables.
        kind: what it answers: the "text" it hears, an embedding of the "speaker", the "quality",
            or, of a text, its normalised "words".
        script: a file of `judges/`, or any other.
        options: of the script.

    """

    name: str
    title: str
    kind: Kind
    script: str | Path
    options: tuple[str, ...] = ()


def _hub(name: str, title: str, kind: Kind, model: str) -> Judge:
    script = "hear_hub.py" if kind == "text" else "tell_hub.py"
    return Judge(name, title, kind, script, ("--model", model))


_KNOWN = (
    Judge("moonshine", "Moonshine tiny", "text", "hear_moonshine.py"),
    Judge("whisper-tiny", "Whisper tiny.en", "text", "hear_whisper.py"),
    _hub("whisper-large", "Whisper large v3", "text", "openai/whisper-large-v3"),
    _hub("hubert-large", "HuBERT large", "text", "facebook/hubert-large-ls960-ft"),
    Judge("resemblyzer", "Resemblyzer", "speaker", "tell_speaker.py"),
    _hub("wavlm-sv", "WavLM", "speaker", "microsoft/wavlm-base-plus-sv"),
    Judge("dnsmos", "DNSMOS", "quality", "rate_dnsmos.py"),
    Judge("distillmos", "DistillMOS", "quality", "rate_distillmos.py"),
)
JUDGES = {judge.name: judge for judge in _KNOWN}
DEFAULT_JUDGES = ("moonshine", "resemblyzer", "dnsmos")
WORDS = Judge("words", "Whisper's English normalisation", "words", "read_words.py")


def find_judges(names: Sequence[str]) -> tuple[Judge, ...]:
    """Give the judges of these names, each once; SynthesisError for an unknown one."""
    for name in names:
        if name not in JUDGES:
            raise SynthesisError(f"judge {name!r} is not one of {', '.join(JUDGES)}")
    return tuple(JUDGES[name] for name in dict.fromkeys(names))


class Session:
    """A judge at work: started by `with`, asked line by line, gone when the block ends.

    Raises:
        SynthesisError: uv is not there, the environment cannot be made, or the judge fails.

    """

    def __init__(self, judge: Judge, *, offline: bool = False) -> None:
        self._judge = judge
        self._offline = offline

    def __enter__(self) -> Self:
        script = _SCRIPTS / self._judge.script
        command = [_uv(self._judge), "run", "--quiet", *(["--offline"] if self._offline else [])]
        environment = os.environ | ({"HF_HUB_OFFLINE": "1"} if self._offline else {})
        # A file, not a pipe: a judge that talks much would wait for a reader for ever.
        self._said: IO[bytes] = TemporaryFile()
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [*command, "--script", str(script), *self._judge.options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=environment,
            encoding="utf-8",
            errors="backslashreplace",
        )
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                _close(pipe)
        self._process.kill()
        self._process.wait()
        self._said.close()

    def ask(self, line: str) -> dict[str, Any]:
        """Give the judge's answer to one line: the path of a 16 kHz WAV, or a JSON string."""
        sink, source = self._process.stdin, self._process.stdout
        if sink is None or source is None:
            raise self._gone()
        try:
            sink.write(f"{line}\n")
            sink.flush()
            said = source.readline()
        except BrokenPipeError:
            raise self._gone() from None
        if not said:
            raise self._gone()
        answer = _read(said)
        if answer is None:
            script = _SCRIPTS / self._judge.script
            raise SynthesisError(
                f"judge {self._judge.name}: answers {shortened(said.strip(), _QUOTED)}, and a "
                f"JSON object a line is wanted: what else {script} says is to go to stderr"
            )
        return answer

    def _gone(self) -> SynthesisError:
        code = self._ended()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), f"exit code {code}")
        way = "without --offline" if self._offline else "with a network"
        script = _SCRIPTS / self._judge.script
        return SynthesisError(
            f"judge {self._judge.name}: does not run here ({last}); what it needs is installed by "
            f"its first run {way}, or by: uv run --script {script} < /dev/null"
        )

    def _ended(self) -> int:
        """Let the process that closed its pipe end by itself; its own exit code tells more."""
        try:
            return self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _read(said: str) -> dict[str, Any] | None:
    """Read a JSON object; None if it is none."""
    try:
        answer = json.loads(said)
    except json.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _close(pipe: IO[str]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        pipe.close()


def _uv(judge: Judge) -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which("uv") or shutil.which("uv", path=beside)
    if found is None:
        raise SynthesisError(
            f"judge {judge.name}: judges run in environments that uv makes, and uv is missing; "
            "pip install 'sled-infer[eval]'"
        )
    return found
