"""`sled train`: a corpus in, a run folder with checkpoints and the final model out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sled_cli._options import Codec as CodecName
from sled_cli._options import Json, Quiet, Verbose
from sled_cli._session import Session, session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sled_codec import Codec
    from sled_model import SledModel, Tokenizer
    from sled_train import TrainResult
    from torch import Tensor

_LONGEST_SECONDS = 20.0


def offline(
    data: Annotated[
        str, typer.Argument(help="Folder with metadata.csv, that file, or a JSONL manifest.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder; resumed if it has one.")],
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
    model_init: Annotated[
        str | None, typer.Option("--model-init", help="Model folder or hub id to fine-tune.")
    ] = None,
    codec: CodecName = None,
    tokenizer: Annotated[
        str | None, typer.Option("--tokenizer", help="Folder or hub id [default: trained].")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse rows whose audio is missing, do not skip.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a model that hears the whole text first; Ctrl-C and run again to resume."""
    given = {
        "data.train": data,
        "data.eval": eval_data,
        "data.codec": codec,
        "data.tokenizer": tokenizer,
        "data.strict": True if strict else None,
        "run.init_from": model_init,
        "run.out": out,
    }
    values = [f"{key}={value}" for key, value in given.items() if value is not None]
    with session(quiet=quiet, verbose=verbose) as channels:
        from sled_train import load_recipe, train  # noqa: PLC0415 - heavy

        resolved = load_recipe("offline", file=recipe, overrides=[*values, *(overrides or ())])
        result = train(resolved, console=channels.console(), quiet=quiet, speak=speak)
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
