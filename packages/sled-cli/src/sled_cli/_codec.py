"""`sled codec`: audio to codes or latents, back to audio, or both at once."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sled_cli._frames import load_latents, save_frames
from sled_cli._load import load_codec
from sled_cli._options import Codec, Device, Json, Offline, Out, Quiet, Verbose
from sled_cli._session import Session, session
from sled_cli._targets import STDOUT, pair_targets, write_wave

if TYPE_CHECKING:
    import sled_codec
    from torch import Tensor

Sources = Annotated[list[Path], typer.Argument(help="One or more files.")]
_Job = Callable[["sled_codec.Codec", Path, Path, Session], float]


def encode(
    sources: Sources,
    *,
    output: Out,
    latents: Annotated[
        bool, typer.Option("--latents", help="Store latents [frames, 128], not codes [frames, 8].")
    ] = False,
    codec: Codec = None,
    device: Device = "auto",
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn audio into a safetensors file of codes (or latents), 75 frames a second."""

    def job(model: "sled_codec.Codec", source: Path, target: Path, _: Session) -> float:
        codes = _encode_file(model, source)
        save_frames(target, codes, model, as_latents=latents)
        return codes.shape[0] / model.frame_rate

    with session(quiet=quiet, verbose=verbose) as channels:
        pairs = pair_targets(sources, output, ".safetensors")
        model = load_codec(codec, device, offline=offline)
        _each(job, pairs, model, channels, as_json=as_json)


def decode(
    sources: Sources,
    *,
    output: Out,
    codec: Codec = None,
    device: Device = "auto",
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn codes or latents, as `sled codec encode` writes them, back into audio."""
    with session(quiet=quiet, verbose=verbose) as channels:
        pairs = pair_targets(sources, output, ".wav")
        model = load_codec(codec, device, offline=offline)
        _each(_audio_of(load_latents), pairs, model, channels, as_json=as_json)


def roundtrip(
    sources: Sources,
    *,
    output: Out,
    codec: Codec = None,
    device: Device = "auto",
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Send audio through the codec and back, to hear what it keeps."""
    with session(quiet=quiet, verbose=verbose) as channels:
        pairs = pair_targets(sources, output, ".wav")
        model = load_codec(codec, device, offline=offline)
        _each(_audio_of(_file_latents), pairs, model, channels, as_json=as_json)


def _encode_file(model: "sled_codec.Codec", source: Path) -> "Tensor":
    from sled_codec import read_audio  # noqa: PLC0415 - heavy

    return model.encode(*read_audio(source))


def _file_latents(source: Path, model: "sled_codec.Codec") -> "Tensor":
    return model.latents(_encode_file(model, source))


def _audio_of(latents_of: "Callable[[Path, sled_codec.Codec], Tensor]") -> _Job:
    """Make the job that decodes what `latents_of` reads from a source."""

    def job(model: "sled_codec.Codec", source: Path, target: Path, channels: Session) -> float:
        wave = model.decode(latents_of(source, model))
        write_wave(target, wave, model.sample_rate, channels.stdout)
        return wave.numel() / model.sample_rate

    return job


def _each(
    job: _Job,
    pairs: list[tuple[Path, Path]],
    model: "sled_codec.Codec",
    channels: Session,
    *,
    as_json: bool,
) -> None:
    """Run `job` on every pair of source and target, each with its own summary line."""
    for source, target in pairs:
        start = time.perf_counter()
        seconds = job(model, source, target, channels)
        spent = time.perf_counter() - start
        facts = {
            "source": str(source),
            "path": str(target),
            "seconds": round(seconds, 3),
            "rtf": round(spent / seconds, 3) if seconds else None,
            "codec": model.fingerprint[:12],
        }
        line = f"{target}: {seconds:.2f} s of audio in {spent:.2f} s"
        channels.summary(line, facts, as_json=as_json, audio_out=target == STDOUT)
