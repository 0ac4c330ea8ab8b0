"""`sled eval`: a test set in, figures and a report with audio out."""

import re
from contextlib import contextmanager
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sled_cli._errors import CliError
from sled_cli._load import codec_for
from sled_cli._options import (
    Codec,
    Device,
    Draws,
    Dtype,
    Guidance,
    Json,
    Model,
    Offline,
    Quiet,
    Temperature,
    Threads,
    Verbose,
)
from sled_cli._session import Session, session
from sled_cli._speakers import find_voice, load_synthesizer
from sled_cli._text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sled_infer import Synthesizer
    from sled_infer.evaluation import Progress, Report, Speaking
    from sled_model import StreamingLayout


_FILE_WIDTH = 140


def evaluate(
    data: Annotated[
        Path, typer.Argument(help="Folder with metadata.csv, that file, or a JSONL manifest.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder; goes on if it has one.")],
    systems: Annotated[
        list[str] | None,
        typer.Option(
            "--system",
            "-s",
            help="real, codec, plain, continuation, cloning, streaming, flite, flite:VOICE, "
            "or NAME=FOLDER of finished audio.",
            show_default="real, codec, plain; plain alone without recordings",
        ),
    ] = None,
    judges: Annotated[
        list[str] | None,
        typer.Option("--judge", "-j", help="Who listens.", show_default="one of each kind"),
    ] = None,
    model: Model = None,
    codec: Codec = None,
    voice: Annotated[
        str | None, typer.Option("--voice", help="Of plain and streaming: file or speaker.")
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="N:M", help="Of streaming.", show_default="the model's"),
    ] = None,
    seconds: Annotated[
        str, typer.Option("--seconds", metavar="LOW:HIGH", help="Only clips of such a length.")
    ] = "4:10",
    only: Annotated[
        Path | None, typer.Option("--only", help="Only the files listed here, one a line.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="So many clips, spread over the set.")
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Texts that are spoken at once.")
    ] = 8,
    cfg: Guidance = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same audio.")] = 0,
    temperature: Temperature = None,
    draws: Draws = None,
    max_seconds: Annotated[
        float, typer.Option("--max-seconds", help="Who speaks longer has not stopped.")
    ] = 20.0,
    dtype: Dtype = "fp32",
    device: Device = "auto",
    threads: Threads = None,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure a voice beside real speech: word errors, likeness, quality, speed, stops."""
    between, turns = _range(seconds), _layout(layout)
    listed = None if only is None else _names(only)
    with session(quiet=quiet, verbose=verbose) as channels:
        from sled_infer import evaluation  # noqa: PLC0415 - heavy

        chosen = evaluation.find_judges(judges or evaluation.DEFAULT_JUDGES)
        with channels.working("reading the test set"):
            clips = evaluation.read_clips(data, seconds=between, only=listed, limit=limit)

        def speaker() -> "tuple[Synthesizer, Speaking]":
            loaded = load_synthesizer(model, codec, device, dtype, threads=threads, offline=offline)
            found = None if voice is None else find_voice(loaded, voice)
            return loaded, evaluation.Speaking(
                found, cfg, seed, max_seconds, turns, batch_size, temperature, draws
            )

        with channels.working("loading"):
            made = evaluation.make_systems(
                systems or evaluation.default_systems(clips),
                clips,
                speaker=speaker,
                codec=lambda: codec_for(model, codec, device, offline=offline),
            )
        with _progress(channels) as progress:
            report = evaluation.evaluate(
                clips, made, chosen, out, progress=progress, offline=offline
            )
        _show(channels, report, out, as_json=as_json)


def _names(listed: Path) -> set[str]:
    lines = read_text(None, listed).split("\n")
    return {name for line in lines if (name := line.strip())}


def _range(text: str) -> tuple[float, float]:
    found = re.fullmatch(r"(\d+(?:\.\d*)?)?:(\d+(?:\.\d*)?)?", text.strip())
    low, high = (float(found[1] or 0), float(found[2] or inf)) if found else (nan, nan)
    if not low <= high:
        raise CliError(f"--seconds {text}: not a range such as 4:10, 4: or :10")
    return low, high


def _layout(text: str | None) -> "StreamingLayout | None":
    if text is None:
        return None
    from sled_model import StreamingLayout  # noqa: PLC0415 - heavy

    found = re.fullmatch(r"(\d+):(\d+)", text.strip())
    if found is None:
        raise CliError(f"--layout {text}: not tokens and frames such as 5:45")
    return StreamingLayout(int(found[1]), int(found[2]))


@contextmanager
def _progress(channels: Session) -> "Iterator[Progress]":
    """Draw one bar for each part of the work."""
    from rich.progress import MofNCompleteColumn, Progress, TaskID, TimeRemainingColumn  # noqa: PLC0415

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=channels.console()) as bars:
        parts: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in parts:
                parts[what] = bars.add_task(what, total=total)
            bars.update(parts[what], completed=done, total=total)

        yield tell


def _show(channels: Session, report: "Report", run: Path, *, as_json: bool) -> None:
    """Print the table for people, or the figures as one line for programs."""
    from rich import box  # noqa: PLC0415 - kept out of `sled --help`
    from rich.table import Table  # noqa: PLC0415
    from sled_infer.evaluation import table  # noqa: PLC0415 - heavy

    if not as_json:
        console = channels.console()
        header, lines = table(report)
        shown = Table(*header, box=box.SIMPLE)
        for line in lines:
            shown.add_row(*line)
        if not console.is_terminal:
            console.width = _FILE_WIDTH
        console.print(shown)
    facts = {"report": str(run / "report.html"), "clips": report["clips"]}
    facts |= {"systems": {each["name"]: each["figures"] for each in report["systems"]}}
    channels.summary(f"{run / 'report.html'}: all figures, and audio", facts, as_json=as_json)
