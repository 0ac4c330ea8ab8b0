"""Models that speak, and voices, as the command line names them."""

from pathlib import Path
from typing import TYPE_CHECKING

from sled_cli._errors import CliError
from sled_cli._options import DEFAULT_MODEL

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
    """Load `model` (None is the embedded English one) with its codec, or with `codec`."""
    from sled_infer import Synthesizer  # noqa: PLC0415 - heavy

    return Synthesizer.from_pretrained(
        model or DEFAULT_MODEL,
        codec=codec,
        device=device,
        dtype=dtype,
        threads=threads,
        local_files_only=offline,
    )


def find_voice(synthesizer: "Synthesizer", voice: str) -> "Voice":
    """Load a voice file, or a speaker of the model by name."""
    from sled_infer import Voice, embedded  # noqa: PLC0415 - heavy

    if Path(voice).suffix or Path(voice).is_file():
        return synthesizer.attune(Voice.load(voice, synthesizer.codec))
    card = synthesizer.card
    if card is not None and voice in card.speakers:
        return card.speaker(voice)
    named = ", ".join(card.speakers) if card is not None else ""
    known = f"this model's speakers are {named}" if named else "this model names no speakers"
    others = [name for name in embedded.names() if voice in embedded.voice_card(name).speakers]
    mend = f"try --model {others[0]}" if others else "give a voice file"
    raise CliError(f"--voice {voice}: {known}; {mend}")
