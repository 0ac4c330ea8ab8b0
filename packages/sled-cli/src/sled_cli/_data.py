"""`sled data`: corpora to cuts files, cuts files to codes, and a look at both."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from sled_cli._errors import CliError
from sled_cli._load import load_codec, pick_device
from sled_cli._options import Codec, Device, Json, Offline, Quiet, Strict, Verbose
from sled_cli._session import Session, session

Source = Annotated[Path, typer.Argument(help="A cuts file, or a folder of codes.")]


def prepare(
    kind: Annotated[
        Literal["libriheavy", "ljspeech", "libritts", "folder", "jsonl"],
        typer.Argument(help="What SOURCE is; jsonl is a list of clips, or any lhotse cuts file."),
    ],
    source: Annotated[Path, typer.Argument(help="Folder or list of the corpus.")],
    out: Annotated[Path, typer.Argument(help="Cuts file to write: .jsonl or .jsonl.gz.")],
    *,
    audio_root: Annotated[
        Path | None, typer.Option("--audio-root", help="Where relative audio paths start.")
    ] = None,
    limit_hours: Annotated[
        float | None, typer.Option("--limit-hours", help="A nested subset of so many hours.")
    ] = None,
    min_seconds: Annotated[float | None, typer.Option("--min-seconds")] = None,
    max_seconds: Annotated[float | None, typer.Option("--max-seconds")] = None,
    min_chars: Annotated[int | None, typer.Option("--min-chars", help="Of the text.")] = None,
    max_chars: Annotated[int | None, typer.Option("--max-chars", help="Of the text.")] = None,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write one lhotse cuts file for a corpus; Ctrl-C and run again to resume."""
    with session(quiet=quiet, verbose=verbose) as channels:
        from sled_train.data import Filters  # noqa: PLC0415 - heavy
        from sled_train.data import prepare as prepare_cuts  # noqa: PLC0415

        filters = Filters(min_seconds, max_seconds, min_chars, max_chars)
        with _counting(channels, "preparing") as advance:
            done = prepare_cuts(
                kind,
                source,
                out,
                filters=filters,
                audio_root=audio_root,
                limit_hours=limit_hours,
                strict=strict,
                advance=advance,
            )
        for reason, count in done.left_out.items():
            channels.note(f"left out {count}: {reason} (listed in {done.listed})")
        facts = {
            "path": str(out),
            "cuts": done.cuts,
            "hours": round(done.hours, 4),
            "left_out": done.left_out,
        }
        channels.summary(f"{out}: {done.cuts} cuts, {done.hours:.2f} h", facts, as_json=as_json)


def encode(
    cuts: Annotated[Path, typer.Argument(help="A lhotse cuts file, .jsonl or .jsonl.gz.")],
    out: Annotated[Path, typer.Argument(help="Folder for the codes; gone on with if it is there.")],
    *,
    codec: Codec = None,
    device: Device = "auto",
    shard_clips: Annotated[
        int, typer.Option("--shard-clips", min=1, help="Cuts a shard: what a kill may lose.")
    ] = 512,
    batch_seconds: Annotated[
        float, typer.Option("--batch-seconds", help="Audio in one pass of the codec.")
    ] = 60.0,
    readers: Annotated[
        int, typer.Option("--readers", min=1, help="Threads that read and resample.")
    ] = 4,
    strict: Strict = False,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Encode a cuts file once; under torchrun or accelerate each process takes its part."""
    rank, processes = _share()
    with session(quiet=quiet or rank > 0, verbose=verbose) as channels:
        from sled_train.data import EncodeOptions, count_cuts  # noqa: PLC0415 - heavy
        from sled_train.data import encode as encode_cuts  # noqa: PLC0415

        total = count_cuts(cuts)
        with channels.working("loading"):
            model = load_codec(codec, _own_device(device), offline=offline)
        options = EncodeOptions(shard_clips, batch_seconds, readers=readers)
        with _counting(channels, "encoding", total) as advance:
            done = encode_cuts(
                cuts,
                out,
                model,
                share=(rank, processes),
                strict=strict,
                options=options,
                advance=advance,
            )
        if done.summary is None:
            channels.note(f"{out}: {done.made} shards made; other processes are still at work")
            return
        summary = done.summary
        if summary.left_out:
            channels.note(f"left out {summary.left_out} cuts (listed in {out / 'skipped.txt'})")
        facts = {
            "path": str(out),
            "clips": summary.clips,
            "hours": round(summary.hours, 4),
            "frames": summary.frames,
            "shards": len(summary.shards),
            "made": done.made,
            "left_out": summary.left_out,
            "codec": summary.codec[:12],
        }
        line = f"{out}: {summary.clips} clips, {summary.hours:.2f} h, {done.made} new shards"
        channels.summary(line, facts, as_json=as_json)


def validate(
    source: Source,
    *,
    audio: Annotated[
        bool, typer.Option("--audio", help="Decode every recording, too: slow and thorough.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Look for everything that would go wrong later; a line for each problem, exit code 2."""
    with session(quiet=quiet, verbose=verbose) as channels:
        from sled_train.data import validate as problems_of  # noqa: PLC0415 - heavy

        found, checked = 0, 0
        with _counting(channels, "checking") as advance:

            def count(more: int) -> None:
                nonlocal checked
                checked += more
                advance(more)

            for problem in problems_of(source, audio=audio, advance=count):
                found += 1
                if not as_json:
                    channels.result(problem)
        facts = {"path": str(source), "clips": checked, "problems": found}
        if as_json or not found:
            channels.summary(f"{source}: {checked} clips, nothing wrong", facts, as_json=as_json)
        if found:
            raise CliError(f"{source}: {found} problems among {checked} clips; mend or remove them")


def stats(
    source: Source,
    *,
    png: Annotated[
        Path | None, typer.Option("--png", help="Draw the histograms into this file.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show hours, speakers, and how long clips and texts are."""
    with session(quiet=quiet, verbose=verbose) as channels:
        from sled_train.data import plot, survey  # noqa: PLC0415

        from sled_cli._data_tables import tables  # noqa: PLC0415 - heavy

        with _counting(channels, "reading") as advance:
            found = survey(source, advance=advance)
        if png is not None:
            plot(found, png, source.name)
        if as_json:
            channels.summary("", {"path": str(source), **found.facts()}, as_json=True)
        else:
            channels.result(tables(found, str(source)))


def _share() -> tuple[int, int]:
    """Rank and number of processes, as torchrun and accelerate launch tell them."""
    try:
        rank, processes = (int(os.environ.get(n, d)) for n, d in (("RANK", 0), ("WORLD_SIZE", 1)))
    except ValueError:
        rank, processes = -1, 0
    if not 0 <= rank < processes:
        raise CliError("RANK and WORLD_SIZE do not go together: unset both, or use torchrun")
    return rank, processes


def _own_device(name: str) -> str:
    """Give each process of a machine its own GPU."""
    device = pick_device(name)
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if device == "cuda" and local is not None else device


@contextmanager
def _counting(
    channels: Session, what: str, total: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how many clips are done; the block gets a function to add to them."""
    from rich.progress import (  # noqa: PLC0415 - kept out of `sled --help`
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = channels.console()
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = console.quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
