"""What `sled synth` does with a whole text, and what it says of whatever it spoke."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, TypedDict

from sled_cli._errors import CliError
from sled_cli._session import Session
from sled_cli._targets import check_target, write_wave
from sled_cli._text import free_name

if TYPE_CHECKING:
    from sled_infer import Speech, Synthesizer, Voice
    from torch import Tensor

    from sled_cli._options import Normalise


class Manner(TypedDict):
    """How something is to be said."""

    voice: "Voice | None"
    cfg: float
    seed: int
    max_seconds: float | None
    normalise: "Normalise | None"


@dataclass(frozen=True)
class WholeJob:
    """A text that is known, and the audio file it becomes."""

    text: str
    target: Path
    sentences: bool

    @classmethod
    def check(cls, text: str, output: Path | None, seed: int, *, sentences: bool) -> "WholeJob":
        """Check the target, or choose a free name; raise `CliError` or `OSError`."""
        target = output or free_name(text, seed, Path())
        check_target(target, audio=True)
        return cls(text, target, sentences)

    def speak(
        self, channels: Session, synthesizer: "Synthesizer", manner: Manner
    ) -> tuple[str, dict[str, object]]:
        """Speak and write it; give a line and the facts of it."""
        began = perf_counter()
        pieces = list(self._pieces(channels, synthesizer, manner))
        spent = perf_counter() - began
        wave = _joined(pieces)
        if not any(len(piece.wave) for piece in pieces):
            raise silence(manner["seed"])
        write_wave(self.target, wave, pieces[0].sample_rate, channels.stdout)
        left_out = [word for piece in pieces for word in piece.unsupported]
        stopped = all(piece.stopped for piece in pieces)
        say_what_is_missing(channels, left_out, stopped=stopped)
        seconds = len(wave) / pieces[0].sample_rate
        return f"{seconds:.2f} s, RTF {spent / seconds:.2f}", {
            "path": str(self.target),
            "text": " ".join(piece.text for piece in pieces),
            "pieces": len(pieces),
            "seconds": round(seconds, 3),
            "rtf": round(spent / seconds, 3),
            "stopped": stopped,
            "left_out": left_out,
        }

    def _pieces(
        self, channels: Session, synthesizer: "Synthesizer", manner: Manner
    ) -> "Iterator[Speech]":
        """Speak the text, in pieces if it is long, and show how far it is."""
        from rich.progress import Progress  # noqa: PLC0415 - kept out of `sled --help`
        from sled_infer import Request  # noqa: PLC0415 - heavy

        request = Request(self.text, **manner, split=self.sentences or None)
        console = channels.console()
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            words = bar.add_task("speaking", total=len(self.text.split()))
            for speech in synthesizer.synthesize_pieces(request):
                bar.advance(words, len(speech.text.split()))
                yield speech


def _joined(pieces: "Sequence[Speech]") -> "Tensor":
    import torch  # noqa: PLC0415 - heavy

    silences = [torch.zeros(round(piece.pause * piece.sample_rate)) for piece in pieces]
    pairs = zip(silences, pieces, strict=True)
    return torch.cat([part for quiet, piece in pairs for part in (quiet, piece.wave)])


def silence(seed: int) -> CliError:
    """Make the error for speech without audio."""
    return CliError(f"the model ended before it said anything; try another --seed than {seed}")


def say_what_is_missing(channels: Session, left_out: Sequence[str], *, stopped: bool) -> None:
    """Tell of words left out, and of an end that was not the model's."""
    if left_out:
        channels.note(f"left out, for this voice cannot say it: {' '.join(left_out)}")
    if not stopped:
        channels.note("the model did not come to an end: words may be missing, or noise be added")
