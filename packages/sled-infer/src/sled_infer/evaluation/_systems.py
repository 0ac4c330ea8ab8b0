"""What is measured: recordings, recordings through the codec, and other programs' voices.

A model's own voice, by the published protocols, is in `_protocols`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from sled_codec import read_audio

from sled_infer import SynthesisError
from sled_infer._digest import weights_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_codec import Codec
    from torch import Tensor

    from ._clips import Clip


@dataclass(frozen=True)
class Spoken:
    """What a system said for one clip.

    Attributes:
        wave: float32 `[samples]`; empty where it said nothing.
        sample_rate: samples a second.
        compute_seconds: what it took; None for a recording.
        stopped: whether it came to an end by itself; None where that is no question.
        prefix_seconds: so much of the wave is the prompt: heard by recognisers, which need the
            whole sentence, but not judged otherwise.
        unsupported: words left out because the voice cannot say them.
        refused: why it did not speak at all.

    """

    wave: Tensor
    sample_rate: int
    compute_seconds: float | None = None
    stopped: bool | None = None
    prefix_seconds: float = 0.0
    unsupported: tuple[str, ...] = ()
    refused: str | None = None


class System(Protocol):
    """Something that says what clips say.

    Attributes:
        name: in options and in the run folder.
        title: in tables.
        settings: all that changes what it says, as JSON knows it.
        at_once: how many clips it wants at a time.

    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def settings(self) -> dict[str, object]: ...
    @property
    def at_once(self) -> int: ...

    def suits(self, clip: Clip) -> bool:
        """Tell whether the clip can be used at all; such as whether it has a reference."""
        ...

    def mark(self, clip: Clip) -> str:
        """Tell one thing that it says for a clip from another, beyond clip and `settings`."""
        ...

    def reference(self, clip: Clip) -> tuple[Tensor, int] | None:
        """Give the wave that the speaker is compared with, and its rate; None for none."""
        ...

    def speak(self, clips: Sequence[Clip]) -> list[Spoken]:
        """Say what each clip says."""
        ...


class Comparable:
    """What most systems have in common: any clip suits, its reference is the previous one."""

    def suits(self, clip: Clip) -> bool:  # noqa: ARG002 - see `System`
        """Tell whether the clip can be used at all."""
        return True

    def mark(self, clip: Clip) -> str:  # noqa: ARG002 - see `System`
        """Say that nothing else matters."""
        return ""

    def reference(self, clip: Clip) -> tuple[Tensor, int] | None:
        """Give the speaker's previous recording."""
        return None if clip.reference is None else clip.reference.read()


class Recorded(Comparable):
    """What systems have in common that send recordings somewhere."""

    def suits(self, clip: Clip) -> bool:
        """Tell whether there is a recording."""
        return clip.path is not None


@dataclass(frozen=True)
class Recordings(Recorded):
    """The recordings themselves."""

    name: str = "real"
    title: str = "Recordings"
    at_once: int = 1
    settings: dict[str, object] = field(default_factory=dict)

    def speak(self, clips: Sequence[Clip]) -> list[Spoken]:
        """Read them."""
        return [Spoken(*clip.read()) for clip in clips]


class ThroughCodec(Recorded):
    """The recordings, encoded and decoded: the best a voice of this codec can sound."""

    name = "codec"
    title = "Codec only"
    at_once = 1

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        # The decoder is no part of the codec's fingerprint, but of what is heard.
        self.settings: dict[str, object] = {"codec": weights_digest(codec)}

    def speak(self, clips: Sequence[Clip]) -> list[Spoken]:
        """Send them through."""
        return [self._through(*clip.read()) for clip in clips]

    def _through(self, wave: Tensor, rate: int) -> Spoken:
        began = perf_counter()
        codec = self._codec
        made = codec.decode(codec.latents(codec.encode(wave, rate))).cpu()
        length = round(len(wave) * codec.sample_rate / rate)
        return Spoken(made[:length], codec.sample_rate, perf_counter() - began)


class Flite(Comparable):
    """The `flite` program, if it is installed: a small robotic voice, the floor."""

    at_once = 1

    def __init__(self, voice: str | None = None) -> None:
        program = shutil.which("flite")
        if program is None:
            raise SynthesisError(
                "flite: no such program here; install it (apt-get install flite) or leave it out"
            )
        if voice is not None and not re.fullmatch(r"\w+", voice):
            raise SynthesisError(f"flite: {voice!r} is no voice's name; `flite -lv` lists them")
        self._command = [program, *(["-voice", voice] if voice else [])]
        self.name = f"flite-{voice}" if voice else "flite"
        self.title = f"flite {voice}" if voice else "flite"
        self.settings: dict[str, object] = {"voice": voice}

    def speak(self, clips: Sequence[Clip]) -> list[Spoken]:
        """Let it speak into files."""
        with TemporaryDirectory(prefix="sled-") as folder:
            return [self._speak(clip.text, Path(folder) / "said.wav") for clip in clips]

    def _speak(self, text: str, path: Path) -> Spoken:
        began = perf_counter()
        done = subprocess.run(  # noqa: S603 - a program the user asked for
            [*self._command, "-t", text, "-o", str(path)], capture_output=True, check=False
        )
        took = perf_counter() - began
        if done.returncode or not path.is_file():
            says = done.stderr.decode(errors="replace").strip().replace("\n", " ")
            raise SynthesisError(f"flite: failed with exit code {done.returncode}: {says}")
        return Spoken(*read_audio(path), compute_seconds=took)
