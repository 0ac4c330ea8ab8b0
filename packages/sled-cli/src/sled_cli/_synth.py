"""`sled synth`: text in, a WAV out."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sled_cli._errors import CliError
from sled_cli._options import Codec, Device, Json, Model, Offline, Quiet, Transcript, Verbose
from sled_cli._session import Session, session
from sled_cli._targets import check_target, write_wave
from sled_cli._text import free_name, read_text

if TYPE_CHECKING:
    from sled_infer import Speech, Synthesizer, Voice


class Precision(StrEnum):
    """Arithmetic of the model; the codec is always fp32."""

    fp32 = "fp32"
    bf16 = "bf16"


class PromptMode(StrEnum):
    """The two published protocols of cloning."""

    reference = "reference"
    continuation = "continuation"


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
        PromptMode, typer.Option("--prompt-mode", help="The whole recording, or its first 3 s.")
    ] = PromptMode.reference,
    voice: Annotated[
        str | None, typer.Option("--voice", help="Voice file, or an embedded speaker's name.")
    ] = None,
    cfg: Annotated[float, typer.Option("--cfg", help="Guidance; 1 is none.")] = 2.0,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same audio.")] = 0,
    dtype: Annotated[Precision, typer.Option("--dtype", help="Precision.")] = Precision.fp32,
    device: Device = "auto",
    max_seconds: Annotated[
        float | None, typer.Option("--max-seconds", help="Stop after so much audio.")
    ] = None,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Speak a text: WAV, FLAC, OGG or MP3, by the suffix of the output."""
    words = read_text(text, text_file)
    _check_prompt(prompt_audio, prompt_text, voice)
    target = output or free_name(words, seed, Path())
    check_target(target)
    with session(quiet=quiet, verbose=verbose) as channels:
        synthesizer = _load(channels, model, codec, device, dtype.value, offline=offline)
        speaker = _speaker(synthesizer, prompt_audio, prompt_text, prompt_mode.value, voice)
        speech = synthesizer.synthesize(
            words, voice=speaker, cfg=cfg, seed=seed, max_seconds=max_seconds
        )
        write_wave(target, speech.wave, speech.sample_rate, channels.stdout)
        _report(channels, speech, target, model, synthesizer, as_json=as_json)


def _check_prompt(audio: Path | None, transcript: str | None, voice: str | None) -> None:
    """Refuse, before anything is loaded, what cannot become a voice."""
    if audio is not None and voice is not None:
        raise CliError("two voices given: use either --prompt-audio or --voice, not both")
    if audio is not None and not (transcript or "").strip():
        raise CliError('--prompt-audio needs its transcript: add --prompt-text "what it says"')
    if audio is None and transcript is not None:
        raise CliError("--prompt-text needs its recording: add --prompt-audio FILE")


def _load(
    channels: Session,
    model: str | None,
    codec: str | None,
    device: str,
    dtype: str,
    *,
    offline: bool,
) -> "Synthesizer":
    from sled_infer import EMBEDDED, Synthesizer, embedded  # noqa: PLC0415 - heavy

    source = model or EMBEDDED
    if source == EMBEDDED:
        channels.note(embedded.describe())
    return Synthesizer.from_pretrained(
        source, codec=codec, device=device, dtype=dtype, local_files_only=offline
    )


def _speaker(
    synthesizer: "Synthesizer",
    audio: Path | None,
    transcript: str | None,
    mode: str,
    voice: str | None,
) -> "Voice | None":
    from sled_infer import Voice, embedded  # noqa: PLC0415 - heavy

    if audio is not None:
        return Voice.from_audio(audio, transcript or "", synthesizer.codec, mode=mode)
    if voice is None:
        return None
    if Path(voice).exists() or Path(voice).suffix:
        return Voice.load(voice, codec=synthesizer.codec)
    return embedded.voice(voice, codec=synthesizer.codec)


def _report(
    channels: Session,
    speech: "Speech",
    target: Path,
    model: str | None,
    synthesizer: "Synthesizer",
    *,
    as_json: bool,
) -> None:
    seconds = speech.wave.numel() / speech.sample_rate
    rtf = speech.seconds_of_compute / seconds if seconds else None
    facts = {
        "path": str(target),
        "seconds": round(seconds, 3),
        "rtf": None if rtf is None else round(rtf, 3),
        "seed": speech.seed,
        "stopped": speech.stopped,
        "model": model or "embedded",
        "codec": synthesizer.codec.fingerprint[:12],
    }
    if not speech.stopped:
        channels.note("the model did not end by itself: the audio is cut off, see --max-seconds")
    speed = "" if rtf is None else f", RTF {rtf:.2f}"
    line = f"{target}: {seconds:.2f} s of speech{speed}, seed {speech.seed}"
    channels.summary(line, facts, as_json=as_json, audio_out=str(target) == "-")
