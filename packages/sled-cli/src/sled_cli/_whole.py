"""What `sled synth` does with a whole text, and what it says of whatever it spoke."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, TypedDict

from sled_cli._errors import CliError
from sled_cli._part_file import PartFile, Said
from sled_cli._session import Session
from sled_cli._targets import STDOUT, check_target, write_wave
from sled_cli._text import free_name

if TYPE_CHECKING:
    from sled_infer import Pieces, Request, Speech, Synthesizer, Voice
    from torch import Tensor

    from sled_cli._options import Normalise


class Manner(TypedDict):
    """How something is to be said."""

    voice: "Voice | None"
    cfg: float | None
    seed: int
    max_seconds: float | None
    normalise: "Normalise | None"
    temperature: float | None
    draws: int | None


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
        from sled_infer import Request  # noqa: PLC0415 - heavy

        request = Request(self.text, **manner, split=self.sentences or None)
        pieces = synthesizer.synthesize_pieces(request)
        if pieces.total == 1 or self.target == STDOUT:
            said = self._speak_at_once(channels, pieces, synthesizer.sample_rate)
        else:
            said = self._speak_growing(channels, synthesizer, request)
        if not any(each.samples for each in said):
            raise silence(synthesizer, manner)
        return self._facts(channels, said, synthesizer.sample_rate)

    def _speak_at_once(self, channels: Session, pieces: "Pieces", rate: int) -> list[Said]:
        """Hold all of it in memory, and write it at the end."""
        import torch  # noqa: PLC0415 - heavy

        said: list[Said] = []
        waves: list[Tensor] = []
        for speech, spent in _watched(channels, pieces, []):
            said.append(Said.of(speech, spent))
            waves += [torch.zeros(said[-1].pause), speech.wave]
        if any(each.samples for each in said):
            write_wave(self.target, torch.cat(waves), rate, channels.stdout)
        return said

    def _speak_growing(
        self, channels: Session, synthesizer: "Synthesizer", request: "Request"
    ) -> list[Said]:
        """Write each piece when it is spoken; go on where the same text was broken off."""
        from sled_infer import speech_digest  # noqa: PLC0415 - heavy

        rate, digest = synthesizer.sample_rate, speech_digest(synthesizer, request)
        with PartFile(self.target, rate, digest) as part:
            done = [each.samples / rate for each in part.said]
            pieces = synthesizer.synthesize_pieces(request, done=done)
            if part.began:
                channels.note(f"{part.path}: {part.began}")
            with _telling(channels, part, pieces.total):
                for speech, spent in _watched(channels, pieces, done):
                    part.add(speech, spent)
                part.finish()
            return part.said

    def _facts(
        self, channels: Session, said: list[Said], rate: int
    ) -> tuple[str, dict[str, object]]:
        left_out = [word for each in said for word in each.left_out]
        stopped = all(each.stopped for each in said)
        say_what_is_missing(channels, left_out, stopped=stopped)
        seconds = sum(each.pause + each.samples for each in said) / rate
        rtf = sum(each.spent for each in said) / seconds
        return f"{seconds:.2f} s, RTF {rtf:.2f}", {
            "path": str(self.target),
            "text": " ".join(each.text for each in said),
            "pieces": len(said),
            "seconds": round(seconds, 3),
            "rtf": round(rtf, 3),
            "stopped": stopped,
            "left_out": left_out,
        }


@contextmanager
def _telling(channels: Session, part: PartFile, total: int) -> "Iterator[None]":
    """Say, when the work is broken off, what there is of it."""
    try:
        yield
    except BaseException:
        if part.said:
            channels.note(
                f"{part.path}: {len(part.said)} of {total} pieces, {part.seconds:.1f} s; "
                "the same command goes on from there"
            )
        raise


def _watched(
    channels: Session, pieces: "Pieces", done: "Sequence[float]"
) -> "Iterator[tuple[Speech, float]]":
    """Give the pieces, and what each took, and show on a terminal how far they are."""
    from rich import progress  # noqa: PLC0415 - kept out of `sled --help`

    columns = (
        *(progress.TextColumn("speaking"), progress.BarColumn(), progress.MofNCompleteColumn()),
        *(progress.TextColumn("{task.fields[audio]:.0f} s"), progress.TimeRemainingColumn()),
    )
    console, audio = channels.console(), sum(done)
    shown = console.is_terminal
    with progress.Progress(*columns, console=console, transient=True, disable=not shown) as bar:
        task = bar.add_task("", total=pieces.total, completed=len(done), audio=audio)
        began = perf_counter()
        for speech in pieces:
            audio += speech.audio_seconds
            bar.update(task, advance=1, audio=audio)
            yield speech, perf_counter() - began
            began = perf_counter()


def silence(synthesizer: "Synthesizer", manner: Manner) -> CliError:
    """Make the error for speech without audio."""
    seconds = manner["max_seconds"]
    if seconds is not None and seconds * synthesizer.codec.frame_rate <= 1:
        return CliError(f"--max-seconds {seconds:g}: leaves no time to speak; give more")
    seed = manner["seed"]
    return CliError(f"the model ended before it said anything; try another --seed than {seed}")


def say_what_is_missing(channels: Session, left_out: Sequence[str], *, stopped: bool) -> None:
    """Tell of words left out, and of an end that was not the model's."""
    if left_out:
        channels.note(f"left out, for this voice cannot say it: {' '.join(left_out)}")
    if not stopped:
        channels.note("the model did not come to an end: words may be missing, or noise be added")
