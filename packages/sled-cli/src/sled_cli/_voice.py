"""`sled voice`: make a voice file from a recording and its transcript."""

from pathlib import Path
from typing import Annotated

import typer

from sled_cli._load import load_codec
from sled_cli._options import Codec, Device, Json, Mode, Model, Offline, Out, Quiet, Verbose
from sled_cli._session import session
from sled_cli._speakers import load_synthesizer
from sled_cli._targets import check_source, check_target, naming


def export(
    audio: Annotated[Path, typer.Argument(help="A recording of the speaker.")],
    *,
    text: Annotated[str, typer.Option("--text", "-t", help="What the recording says.")],
    output: Out,
    model: Model = None,
    codec: Codec = None,
    mode: Annotated[
        Mode, typer.Option("--mode", help="The whole recording, or its first 3 s.")
    ] = "reference",
    device: Device = "auto",
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn a recording into a voice file for `sled synth --voice`."""
    check_target(output)
    check_source(audio, output)
    with session(quiet=quiet, verbose=verbose) as channels:
        from sled_infer import Voice  # noqa: PLC0415 - heavy

        with channels.working("listening"):
            if codec is not None and model is None:
                made_for = load_codec(codec, device, offline=offline)
                voice = Voice.from_audio(audio, text, made_for, mode=mode)
            else:
                synthesizer = load_synthesizer(
                    model, codec, device, "fp32", threads=None, offline=offline
                )
                made_for = synthesizer.codec
                voice = synthesizer.voice(audio, text, mode=mode)
        with naming(output):
            voice.save(output)
        seconds = len(voice.codes) / made_for.frame_rate
        facts = {
            "path": str(output),
            "seconds": round(seconds, 3),
            "mode": mode,
            "codec": voice.codec_fingerprint[:12],
        }
        channels.summary(f"{output}: a voice from {seconds:.2f} s", facts, as_json=as_json)
