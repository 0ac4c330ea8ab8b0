"""`sled train`: a corpus in, a run folder with checkpoints and the final model out."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sled_cli._options import Codec as CodecName
from sled_cli._options import Json, Quiet, Verbose
from sled_cli._session import Session, session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sled_codec import Codec
    from sled_model import SledModel, Tokenizer
    from sled_train import Recipe, TrainResult
    from torch import Tensor

_LONGEST_SECONDS = 20.0


Data = Annotated[
    str, typer.Argument(help="Folder with metadata.csv, that file, or a JSONL manifest.")
]
Run = Annotated[Path, typer.Option("--out", "-o", help="Run folder; resumed if it has one.")]
EvalData = Annotated[
    str | None, typer.Option("--eval-data", help="Held-out corpus of the same forms.")
]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", help="YAML over the shipped recipe.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one value of the recipe."),
]
Initial = Annotated[str | None, typer.Option("--from", help="Model folder or hub id to fine-tune.")]
TokenizerName = Annotated[
    str | None,
    typer.Option("--tokenizer", help="Folder or hub id [default: that of --from, or trained]."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse rows whose audio is missing, do not skip.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would run: sizes, hours, memory. Write nothing.")
]


def offline(
    data: Data,
    *,
    out: Run,
    eval_data: EvalData = None,
    recipe: RecipeFile = None,
    overrides: Overrides = None,
    initial: Initial = None,
    codec: CodecName = None,
    tokenizer: TokenizerName = None,
    strict: Strict = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a model that hears the whole text first; Ctrl-C and run again to resume."""
    given = _given(
        data,
        out,
        initial=initial,
        eval_data=eval_data,
        codec=codec,
        tokenizer=tokenizer,
        strict=strict,
    )
    with session(quiet=quiet, verbose=verbose) as channels:
        resolved = _resolve("offline", recipe, given, overrides)
        _run(channels, resolved, dry_run=dry_run, as_json=as_json)


def streaming(
    data: Data,
    *,
    out: Run,
    initial: Initial = None,
    tokens: Annotated[
        int | None, typer.Option("--tokens", help="Text tokens of a turn.", show_default="5")
    ] = None,
    frames: Annotated[
        int | None, typer.Option("--frames", help="Frames of a turn.", show_default="45")
    ] = None,
    eval_data: EvalData = None,
    recipe: RecipeFile = None,
    overrides: Overrides = None,
    codec: CodecName = None,
    tokenizer: TokenizerName = None,
    strict: Strict = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Fine-tune an offline model to speak while text still comes; run again to resume."""
    given = _given(
        data,
        out,
        initial=initial,
        eval_data=eval_data,
        codec=codec,
        tokenizer=tokenizer,
        strict=strict,
    )
    given |= {"layout.n": tokens, "layout.m": frames}
    with session(quiet=quiet, verbose=verbose) as channels:
        resolved = _resolve("streaming", recipe, given, overrides)
        _run(channels, resolved, dry_run=dry_run, as_json=as_json)


def _given(
    data: str,
    out: Path,
    *,
    initial: str | None,
    eval_data: str | None,
    codec: str | None,
    tokenizer: str | None,
    strict: bool,
) -> dict[str, object]:
    """Name the recipe's keys that both commands have options for."""
    return {
        "data.train": data,
        "data.eval": eval_data,
        "data.codec": codec,
        "data.tokenizer": tokenizer,
        "data.strict": strict or None,
        "run.out": out,
        "run.init_from": initial,
    }


def _resolve(
    kind: str, file: Path | None, given: "Mapping[str, object]", overrides: "Sequence[str] | None"
) -> "Recipe":
    """Build the recipe: shipped, then the user's file, then options, then `--set`."""
    from sled_train import load_recipe  # noqa: PLC0415 - heavy

    values = [f"{key}={value}" for key, value in given.items() if value is not None]
    return load_recipe(kind, file=file, overrides=[*values, *(overrides or ())])


def _run(channels: Session, recipe: "Recipe", *, dry_run: bool, as_json: bool) -> None:
    if dry_run:
        _plan(channels, recipe, as_json=as_json)
    else:
        _train(channels, recipe, as_json=as_json)


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
