"""`sled synth`: text in, a WAV out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sled_cli._errors import CliError
from sled_cli._options import Codec, Device, Json, Mode, Model, Offline, Quiet, Transcript, Verbose
from sled_cli._session import Session, session
from sled_cli._speakers import find_voice, load_synthesizer
from sled_cli._targets import STDOUT, check_target, write_wave
from sled_cli._text import free_name, read_text

if TYPE_CHECKING:
    from sled_infer import Speech, Synthesizer, Voice


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
    cfg: Annotated[float, typer.Option("--cfg", help="Guidance; 1 is none.")] = 2.0,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same audio.")] = 0,
    dtype: Annotated[
        Literal["fp32", "bf16"], typer.Option("--dtype", help="Of the model; the codec is fp32.")
    ] = "fp32",
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
    check_target(target, audio=True)
    with session(quiet=quiet, verbose=verbose) as channels:
        with channels.working("loading"):
            synthesizer = load_synthesizer(model, codec, device, dtype, offline=offline)
            speaker = _speaker(synthesizer, prompt_audio, prompt_text, prompt_mode, voice)
        if synthesizer.card is not None:
            channels.note(synthesizer.card.summary)
        with channels.working("speaking"):
            speech = synthesizer.synthesize(
                words, voice=speaker, cfg=cfg, seed=seed, max_seconds=max_seconds
            )
        if not len(speech.wave):
            raise CliError(
                f"the model ended before it said anything; try another --seed than {seed}"
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


def _speaker(
    synthesizer: "Synthesizer",
    audio: Path | None,
    transcript: str | None,
    mode: Mode,
    voice: str | None,
) -> "Voice | None":
    if audio is not None:
        return synthesizer.voice(audio, transcript, mode=mode)
    return find_voice(synthesizer, voice)


def _report(
    channels: Session,
    speech: "Speech",
    target: Path,
    model: str | None,
    synthesizer: "Synthesizer",
    *,
    as_json: bool,
) -> None:
    facts = {
        "path": str(target),
        "seconds": round(speech.audio_seconds, 3),
        "rtf": round(speech.rtf, 3),
        "seed": speech.seed,
        "stopped": speech.stopped,
        "left_out": list(speech.unsupported),
        "model": model or "embedded",
        "codec": synthesizer.codec.fingerprint[:12],
    }
    if speech.unsupported:
        channels.note(f"left out, for this voice cannot say it: {' '.join(speech.unsupported)}")
    if not speech.stopped:
        channels.note("the model did not come to an end: words may be missing, or noise be added")
    line = f"{target}: {speech.audio_seconds:.2f} s, RTF {speech.rtf:.2f}, seed {speech.seed}"
    channels.summary(line, facts, as_json=as_json, audio_out=target == STDOUT)
