"""What `sled synth` does with a whole text, and what it says of whatever it spoke."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from sled_cli._errors import CliError
from sled_cli._session import Session
from sled_cli._targets import check_target, write_wave
from sled_cli._text import free_name

if TYPE_CHECKING:
    from sled_infer import Synthesizer, Voice

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

    @classmethod
    def check(cls, text: str, output: Path | None, seed: int) -> "WholeJob":
        """Check the target, or choose a free name; raise `CliError` or `OSError`."""
        target = output or free_name(text, seed, Path())
        check_target(target, audio=True)
        return cls(text, target)

    def speak(
        self, channels: Session, synthesizer: "Synthesizer", manner: Manner
    ) -> tuple[str, dict[str, object]]:
        """Speak and write it; give a line and the facts of it."""
        with channels.working("speaking"):
            speech = synthesizer.synthesize(self.text, **manner)
        if not len(speech.wave):
            raise silence(manner["seed"])
        write_wave(self.target, speech.wave, speech.sample_rate, channels.stdout)
        say_what_is_missing(channels, speech.unsupported, stopped=speech.stopped)
        line = f"{speech.audio_seconds:.2f} s, RTF {speech.rtf:.2f}"
        return line, {
            "path": str(self.target),
            "text": speech.text,
            "seconds": round(speech.audio_seconds, 3),
            "rtf": round(speech.rtf, 3),
            "stopped": speech.stopped,
            "left_out": list(speech.unsupported),
        }


def silence(seed: int) -> CliError:
    """Make the error for speech without audio."""
    return CliError(f"the model ended before it said anything; try another --seed than {seed}")


def say_what_is_missing(channels: Session, left_out: Sequence[str], *, stopped: bool) -> None:
    """Tell of words left out, and of an end that was not the model's."""
    if left_out:
        channels.note(f"left out, for this voice cannot say it: {' '.join(left_out)}")
    if not stopped:
        channels.note("the model did not come to an end: words may be missing, or noise be added")
