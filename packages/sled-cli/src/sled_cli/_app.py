"""The tree of commands, and the error boundary around it."""

import os
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sled_cli import _codec, _data, _eval, _info, _serve, _synth, _train, _voice
from sled_cli._errors import guard
from sled_cli._options import Verbose, is_verbose, silence_foreign_warnings


class _Guarded(TyperGroup):
    """The root command: usage errors, bad input and bugs all leave through `guard`."""

    def make_context(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - as in the base class
        with guard(verbose=lambda: False):
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as in the base class
        with warnings.catch_warnings(), guard(verbose=lambda: is_verbose(ctx)):
            silence_foreign_warnings()
            return super().invoke(ctx)


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer's signature
    if value:
        from sled_cli import __version__  # noqa: PLC0415

        typer.echo(f"sled {__version__}")
        raise typer.Exit


app = typer.Typer(cls=_Guarded, add_completion=True, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Speech from text in a continuous latent space: synthesis, training, codec."""
    del version, verbose
    _help_if_bare(context)


def _help_if_bare(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _group(name: str, summary: str) -> typer.Typer:
    group = typer.Typer()
    group.callback(invoke_without_command=True, help=summary)(_help_if_bare)
    app.add_typer(group, name=name)
    return group


app.command("synth")(_synth.synth)
app.command("serve")(_serve.serve)
_voices = _group("voice", "Voices for cloning.")
_voices.command("export")(_voice.export)
app.command("train")(_train.train)
_corpora = _group("data", "Corpora: cuts files and codes.")
_corpora.command("prepare")(_data.prepare)
_corpora.command("encode")(_data.encode)
_corpora.command("validate")(_data.validate)
_corpora.command("stats")(_data.stats)
_codecs = _group("codec", "Audio to codes or latents, and back.")
_codecs.command("encode")(_codec.encode)
_codecs.command("decode")(_codec.decode)
_codecs.command("roundtrip")(_codec.roundtrip)
app.command("eval")(_eval.evaluate)
app.command("info")(_info.info)


def run(arguments: Sequence[str]) -> int:
    """Run the command line `arguments` and return the exit code."""
    # Progress of downloads is shown; the chatter of a library that loads weights is not.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # Threads that spin while they wait for each other crawl on a machine that has other work: one
    # frame's arithmetic is split hundreds of times. Read when torch is loaded, so set before it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        command = typer.main.get_command(app)
        code = command.main(list(arguments), prog_name="sled", standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    return code if isinstance(code, int) else 0
