"""`sled train`: a corpus in, a run folder with checkpoints and the final model out."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sled_cli._errors import CliError
from sled_cli._options import Json, Quiet, Strict, Verbose
from sled_cli._session import Session, session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sled_codec import Codec
    from sled_model import SledModel, Tokenizer
    from sled_train import Recipe, TrainResult
    from torch import Tensor

_LONGEST_SECONDS = 20.0


def train(
    kind: Annotated[
        Literal["offline", "streaming"],
        typer.Argument(
            help="offline hears the whole text first; streaming fine-tunes such a model (--from) "
            "to speak while text still comes."
        ),
    ],
    data: Annotated[
        str,
        typer.Argument(help="Folder of codes, cuts file, JSONL list, or folder with metadata.csv."),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder; resumed if it has one.")],
    initial: Annotated[
        str | None, typer.Option("--from", help="Model folder or hub id to fine-tune.")
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(
            "--tokens",
            help="Streaming: text tokens of a turn.",
            show_default="those of --from if it streams, or 5",
        ),
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(
            "--frames", help="Streaming: frames of a turn.", show_default="those of --from, or 45"
        ),
    ] = None,
    eval_data: Annotated[
        str | None, typer.Option("--eval-data", help="Held-out corpus of the same forms.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option("--recipe", help="YAML over the shipped recipe.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one value of the recipe."),
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(
            "--codec",
            help="Codec: embedded, folder, .th file or hub id.",
            show_default="facebook/encodec_24khz, or that of --from",
        ),
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            "--tokenizer", help="Folder or hub id.", show_default="that of --from, or trained"
        ),
    ] = None,
    strict: Strict = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would run: sizes, hours, memory. Write nothing."),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a model; Ctrl-C saves, and the same command again goes on from there."""
    given = {
        "data.train": data,
        "data.eval": eval_data,
        "data.codec": codec,
        "data.tokenizer": tokenizer,
        "data.strict": strict or None,
        "layout.n": tokens,
        "layout.m": frames,
        "run.out": out,
        "run.init_from": initial,
    }
    if initial is not None:
        _check_initial(initial)
        if codec is None and recipe is None:
            given["data.codec"] = "initial"
    if kind == "offline" and (tokens or frames):
        raise CliError("--tokens and --frames are the turns of a streaming model: leave them off")
    with session(quiet=quiet, verbose=verbose) as channels:
        resolved = _resolve(kind, recipe, given, overrides)
        if dry_run:
            _plan(channels, resolved, as_json=as_json)
        else:
            _train(channels, resolved, as_json=as_json)


def _check_initial(initial: str) -> None:
    """Refuse the names of the embedded voices, which no hub knows."""
    from sled_infer import embedded  # noqa: PLC0415 - heavy

    if embedded.find(initial) != initial:
        raise CliError(
            f"--from: {initial!r} is a voice in the box, which reads dictations or digits alone; "
            "give a model folder or a hub id"
        )


def _resolve(
    kind: str, file: Path | None, given: "Mapping[str, object]", overrides: "Sequence[str] | None"
) -> "Recipe":
    """Build the recipe: shipped, then the user's file, then options, then `--set`."""
    from sled_train import load_recipe  # noqa: PLC0415 - heavy

    values = [f"{key}={value}" for key, value in given.items() if value is not None]
    return load_recipe(kind, file=file, overrides=[*values, *(overrides or ())])


def _plan(channels: Session, recipe: "Recipe", *, as_json: bool) -> None:
    import sled_train  # noqa: PLC0415 - heavy

    with channels.working("reading the corpus"):
        plan = sled_train.dry_run(recipe)
    if as_json:
        channels.result(json.dumps(plan.facts()))
        return
    each = f" in each of {plan.processes} processes" if plan.processes > 1 else ""
    parts = f"{plan.state_gb:,.2f} state, {plan.activations_gb:,.2f} activations"
    rows = {
        "parameters": f"{plan.parameters:,} (vocabulary {plan.vocab_size:,})",
        "corpus": f"{plan.clips:,} clips, {plan.hours:,.2f} h",
        "steps": f"{plan.first_step:,} to {plan.steps:,}, {plan.hours_per_step:,.4f} h each",
        "hours seen": f"{plan.hours_seen:,.1f} h, the corpus {plan.epochs:,.1f} times",
        "layout": plan.layout,
        "precision": plan.precision,
        "memory": f"about {plan.memory_gb:,.2f} GB{each}: {parts}",
    }
    for name, value in rows.items():
        channels.result(f"{name:<11} {value}")


def _train(channels: Session, recipe: "Recipe", *, as_json: bool) -> None:
    from sled_train import train  # noqa: PLC0415 - heavy

    first = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun started
    quiet = channels.quiet or not first
    result = train(recipe, console=channels.console(), quiet=quiet, speak=speak)
    if first:
        _report(channels, result, as_json=as_json)
    if not result.finished:
        raise typer.Exit(130)


def speak(
    model: "SledModel", tokenizer: "Tokenizer", codec: "Codec", texts: "Sequence[str]", seed: int
) -> "list[Tensor]":
    """Let a model in training say `texts`, each `[samples]`: what TensorBoard plays."""
    from sled_infer import Request, Synthesizer  # noqa: PLC0415 - heavy

    synthesizer = Synthesizer(model, codec, tokenizer)
    requests = [Request(text, seed=seed, max_seconds=_LONGEST_SECONDS) for text in texts]
    return [speech.wave for speech in synthesizer.synthesize_batch(requests)]


def _report(channels: Session, result: "TrainResult", *, as_json: bool) -> None:
    facts = {
        "run": str(result.run),
        "step": result.step,
        "finished": result.finished,
        "final": None if result.final is None else str(result.final),
        "losses": result.losses,
        "evaluation": result.evaluation,
        "skipped": len(result.skipped),
    }
    where = result.final if result.finished else f"stopped, the same command resumes {result.run}"
    channels.summary(f"{where}: step {result.step}", facts, as_json=as_json)
