"""`sled synth --stream`: text in as it comes, audio out as it is made."""

import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from sled_cli._errors import CliError
from sled_cli._session import Session
from sled_cli._stream_out import Format, StreamSink, choose_format
from sled_cli._stream_text import Pieces
from sled_cli._whole import Manner, say_what_is_missing, silence

if TYPE_CHECKING:
    from sled_infer import Stream, Synthesizer
    from sled_model import Layout

_CHUNK_FRAMES = 5


@dataclass(frozen=True)
class StreamJob:
    """A text that comes in pieces, and where its audio goes."""

    pieces: Pieces
    target: Path
    kind: Format
    interleave: tuple[int, int] | str | None
    chunk_frames: int

    @classmethod
    def check(
        cls,
        pieces: Pieces,
        target: Path,
        kind: Format | None,
        interleave: str | None,
        chunk_frames: int | None,
    ) -> "StreamJob":
        """Check target and interleaving; raise `CliError` or `OSError`."""
        kind = choose_format(target, kind)
        return cls(pieces, target, kind, _parse(interleave), chunk_frames or _CHUNK_FRAMES)

    def speak(
        self, channels: Session, synthesizer: "Synthesizer", manner: Manner
    ) -> tuple[str, dict[str, object]]:
        """Write the audio that each piece of text allows; give a line and the facts of it."""
        stream = synthesizer.open_stream(
            **manner, layout=self._layout(), chunk_frames=self.chunk_frames
        )
        pieces = self.pieces(synthesizer.tokenizer)
        with StreamSink(self.target, channels.stdout, stream.sample_rate, self.kind) as sink:
            for wave in stream.speak(pieces):
                sink.write(wave)
        if not stream.clock.chunks:
            raise silence(synthesizer, manner)
        facts = self._facts(stream)
        say_what_is_missing(channels, stream.unsupported, stopped=bool(facts["stopped"]))
        return _line(stream), facts

    def _layout(self) -> "Layout | None":
        from sled_model import OfflineLayout, StreamingLayout  # noqa: PLC0415 - heavy

        if self.interleave is None:
            return None
        if isinstance(self.interleave, str):
            return OfflineLayout()
        return StreamingLayout(*self.interleave)

    def _facts(self, stream: "Stream") -> dict[str, object]:
        clock = stream.clock
        return {
            "path": str(self.target),
            "text": stream.text,
            "seconds": round(clock.audio, 3),
            "rtf": round(clock.rtf, 3),
            "ttfa": _rounded(clock.ttfa),
            "ttfa_from_text": _rounded(clock.ttfa_from_text),
            "margin": _rounded(clock.margin),
            "chunks": clock.chunks,
            "stopped": stream.state == "finished",
            "left_out": list(stream.unsupported),
        }


def _line(stream: "Stream") -> str:
    clock = stream.clock
    return (
        f"{clock.audio:.2f} s, first sound {_seconds(clock.ttfa)} after the text that allowed it "
        f"and {_seconds(clock.ttfa_from_text)} after the first text, "
        f"smallest margin {_seconds(clock.margin)}, RTF {clock.rtf:.2f}"
    )


def _parse(interleave: str | None) -> tuple[int, int] | str | None:
    if interleave is None or interleave == "all":
        return interleave
    match = re.fullmatch(r"([1-9]\d{0,5}):([1-9]\d{0,5})", interleave)
    if match is None:
        raise CliError(
            f"--interleave {interleave}: give tokens:frames, such as 5:45, or all for the whole "
            "text first"
        )
    return int(match[1]), int(match[2])


def _rounded(seconds: float | None) -> float | None:
    return round(seconds, 4) if seconds is not None and isfinite(seconds) else None


def _seconds(seconds: float | None) -> str:
    return f"{seconds:.3f} s" if seconds is not None and isfinite(seconds) else "-"
