"""Options that several commands share, each spelled once."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, Literal

import typer


def _be_verbose(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer's signature
    if value:
        context.find_root().obj = "verbose"
        warnings.simplefilter("default")
    return value


def is_verbose(context: typer.Context) -> bool:
    """Whether `-v` was seen anywhere on the command line."""
    return bool(context.find_root().obj == "verbose")


def silence_foreign_warnings() -> None:
    """Keep libraries' warnings off stderr, unless Python itself was asked for them (`-W`)."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", callback=_be_verbose, help="Show libraries' warnings and tracebacks."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON line.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Never reach for the network: local files and caches.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse missing or unreadable audio, do not skip it.")
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps …")]
Dtype = Annotated[
    Literal["fp32", "bf16", "int8"],
    typer.Option("--dtype", help="Of the model's weights; int8 on the CPU. The codec is fp32."),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        help="Threads that compute.",
        show_default="OMP_NUM_THREADS, or one a core",
    ),
]
Codec = Annotated[
    str | None,
    typer.Option(
        "--codec",
        help="Codec: embedded, folder, .th file or hub id.",
        show_default="the model's, or embedded",
    ),
]
DEFAULT_MODEL = "english"  # embedded.DEFAULT, without loading sled_infer for `--help`
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        envvar="SLED_MODEL",
        help="Model: english, digits, folder or hub id.",
        show_default=DEFAULT_MODEL,
    ),
]
Mode = Literal["reference", "continuation"]
Normalise = Literal["none", "digits", "en"]
Guidance = Annotated[
    float | None,
    typer.Option(
        "--cfg", help="Guidance; 1 is none.", show_default="what the voice's card says, or 2"
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        help="Chance in each frame; 0 for none.",
        show_default="what the voice's card says, or 1",
    ),
]
Draws = Annotated[
    int | None,
    typer.Option(
        "--draws",
        help="Sound the mean of so many draws of each frame.",
        show_default="what the voice's card says, or 1",
    ),
]
Transcript = Annotated[str | None, typer.Option("--prompt-text", help="What --prompt-audio says.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]
