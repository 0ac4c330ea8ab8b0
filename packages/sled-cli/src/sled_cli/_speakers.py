"""Models that speak, and voices, as the command line names them."""

from pathlib import Path
from typing import TYPE_CHECKING

from sled_cli._errors import CliError

if TYPE_CHECKING:
    from sled_infer import Synthesizer, Voice


def load_synthesizer(
    model: str | None,
    codec: str | None,
    device: str,
    dtype: str,
    *,
    threads: int | None,
    offline: bool,
) -> "Synthesizer":
    """Load `model` (None is the embedded one) with its codec, or with `codec`."""
    from sled_infer import Synthesizer, embedded  # noqa: PLC0415 - heavy

    return Synthesizer.from_pretrained(
        model or embedded.EMBEDDED,
        codec=codec,
        device=device,
        dtype=dtype,
        threads=threads,
        local_files_only=offline,
    )


def find_voice(synthesizer: "Synthesizer", voice: str | None) -> "Voice | None":
    """Load a voice file, or a speaker of the model by name; None is the model's own choice."""
    from sled_infer import Voice  # noqa: PLC0415 - heavy

    if voice is None:
        return None
    if Path(voice).suffix or Path(voice).is_file():
        return Voice.load(voice, synthesizer.codec)
    if synthesizer.card is None:
        raise CliError(f"--voice {voice}: this model names no speakers; give a voice file")
    return synthesizer.card.speaker(voice)
