"""`sled synth`: text in, audio out, as a whole or as a stream."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sled_cli._errors import CliError
from sled_cli._options import (
    DEFAULT_MODEL,
    Codec,
    Device,
    Draws,
    Dtype,
    Guidance,
    Json,
    Mode,
    Model,
    Normalise,
    Offline,
    Quiet,
    Temperature,
    Threads,
    Transcript,
    Verbose,
)
from sled_cli._session import session
from sled_cli._speakers import find_voice, load_synthesizer
from sled_cli._stream import StreamJob
from sled_cli._stream_out import Format
from sled_cli._stream_text import pieces_of
from sled_cli._targets import STDOUT, check_source
from sled_cli._text import free_name, read_text
from sled_cli._whole import Manner, WholeJob

if TYPE_CHECKING:
    from sled_infer import Synthesizer, Voice


def synth(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What to say; - reads standard input.")
    ] = None,
    *,
    text_file: Annotated[
        Path | None, typer.Option("--text-file", "-f", help="Read the text from a UTF-8 file.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Audio file; - is WAV on stdout.", show_default="named by the text"
        ),
    ] = None,
    model: Model = None,
    codec: Codec = None,
    prompt_audio: Annotated[
        Path | None, typer.Option("--prompt-audio", help="Speak in the voice of this recording.")
    ] = None,
    prompt_text: Transcript = None,
    prompt_mode: Annotated[
        Mode, typer.Option("--prompt-mode", help="The whole recording, or its first 3 s.")
    ] = "reference",
    voice: Annotated[
        str | None, typer.Option("--voice", help="Voice file, or an embedded speaker's name.")
    ] = None,
    cfg: Guidance = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same audio.")] = 0,
    temperature: Temperature = None,
    draws: Draws = None,
    dtype: Dtype = "fp32",
    device: Device = "auto",
    threads: Threads = None,
    max_seconds: Annotated[
        float | None, typer.Option("--max-seconds", help="Stop after so much audio.")
    ] = None,
    normalise: Annotated[
        Normalise | None,
        typer.Option(
            "--normalise",
            help="Put numbers, dates, symbols into English words, or digits only.",
            show_default="what the voice's card says",
        ),
    ] = None,
    sentences: Annotated[
        bool,
        typer.Option("--sentences", help="Speak sentence by sentence, as long texts always are."),
    ] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Speak stdin as it comes; audio out as it is made.")
    ] = False,
    simulate_rate: Annotated[
        float | None,
        typer.Option("--simulate-rate", help="Let TEXT come at so many tokens a second."),
    ] = None,
    audio_format: Annotated[
        Format | None,
        typer.Option("--format", help="Of a stream.", show_default="by the suffix, else wav"),
    ] = None,
    interleave: Annotated[
        str | None,
        typer.Option(
            "--interleave",
            help="Tokens:frames of a stream, or all.",
            show_default="the model's, or 5:45",
        ),
    ] = None,
    chunk_frames: Annotated[
        int | None,
        typer.Option(
            "--chunk-frames",
            help="Frames of a stream's first piece; later ones may grow to three times as many.",
            min=1,
        ),
    ] = None,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Speak a text: WAV, FLAC, OGG, Opus or MP3, by the output's suffix; streams also PCM."""
    _check_prompt(prompt_audio, prompt_text, voice)
    _check_stream_options(stream, simulate_rate, audio_format, interleave, chunk_frames)
    job: StreamJob | WholeJob
    if stream:
        pieces = pieces_of(text, text_file, simulate_rate)
        target = output or free_name(text or "stream", seed, Path(), audio_format or "wav")
        job = StreamJob.check(pieces, target, audio_format, interleave, chunk_frames)
    else:
        job = WholeJob.check(read_text(text, text_file), output, seed, sentences=sentences)
    for source in (prompt_audio, text_file):
        if source is not None:
            check_source(source, job.target)
    with session(quiet=quiet, verbose=verbose) as channels:
        with channels.working("loading"):
            synthesizer = load_synthesizer(
                model, codec, device, dtype, threads=threads, offline=offline
            )
            speaker = _speaker(synthesizer, prompt_audio, prompt_text, prompt_mode, voice)
        if synthesizer.card is not None:
            channels.note(synthesizer.card.summary)
        manner: Manner = {
            "voice": speaker,
            "cfg": cfg,
            "seed": seed,
            "max_seconds": max_seconds,
            "normalise": normalise,
            "temperature": temperature,
            "draws": draws,
        }
        line, facts = job.speak(channels, synthesizer, manner)
        facts["seed"] = seed
        facts["model"] = model or DEFAULT_MODEL
        facts["codec"] = synthesizer.codec.fingerprint[:12]
        channels.summary(
            f"{job.target}: {line}, seed {seed}",
            facts,
            as_json=as_json,
            audio_out=job.target == STDOUT,
        )


def _check_prompt(audio: Path | None, transcript: str | None, voice: str | None) -> None:
    """Refuse, before anything is loaded, what cannot become a voice."""
    if audio is not None and voice is not None:
        raise CliError("two voices given: use either --prompt-audio or --voice, not both")
    if audio is not None and not (transcript or "").strip():
        raise CliError('--prompt-audio needs its transcript: add --prompt-text "what it says"')
    if audio is None and transcript is not None:
        raise CliError("--prompt-text needs its recording: add --prompt-audio FILE")


def _check_stream_options(stream: bool, *options: object) -> None:  # noqa: FBT001
    if not stream and any(option is not None for option in options):
        raise CliError(
            "--simulate-rate, --format, --interleave and --chunk-frames are of streams: "
            "add --stream"
        )


def _speaker(
    synthesizer: "Synthesizer",
    audio: Path | None,
    transcript: str | None,
    mode: Mode,
    voice: str | None,
) -> "Voice | None":
    if audio is not None:
        return synthesizer.voice(audio, transcript, mode=mode)
    return None if voice is None else find_voice(synthesizer, voice)
