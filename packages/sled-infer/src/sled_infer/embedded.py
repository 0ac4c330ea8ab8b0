"""The voices shipped with this package: where they lie and what they can say.

embedded.names()  # ("digits", "english"), each of which may be given as a model
embedded.voice_card("english").summary
embedded.speaker("george", "digits")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ._card import CARD_NAME, VoiceCard
from ._errors import SynthesisError

if TYPE_CHECKING:
    from ._voice import Voice

EMBEDDED = "embedded"
DEFAULT = "english"
_CONFIG = "config.json"
_ASSETS = Path(__file__).parent / "assets"


def names() -> tuple[str, ...]:
    """List the embedded voices."""
    return tuple(sorted(card.parent.name for card in _ASSETS.glob(f"*/{CARD_NAME}")))


def folder(name: str = DEFAULT) -> Path:
    """Give a voice's model folder; SynthesisError if this installation does not hold it."""
    place = _ASSETS / name
    if not (place / CARD_NAME).is_file():
        raise SynthesisError(
            f"this copy of sled-infer holds no embedded voice {name!r}; "
            "reinstall it, or name a model folder or hub id"
        )
    return place


def find(model: str | Path) -> str | Path:
    """Give the folder of an embedded voice by its name, else the model as it is.

    "embedded" is the one that speaks if none is named. A model folder that lies at hand under the
    same name comes first.
    """
    if model == EMBEDDED:
        return folder()
    at_hand = (Path(model) / _CONFIG).is_file()
    return folder(str(model)) if model in names() and not at_hand else model


def voice_card(name: str = DEFAULT) -> VoiceCard:
    """Read what a voice can and cannot say, and who speaks."""
    place = folder(name)
    card = VoiceCard.read(place)
    if card is None:
        raise SynthesisError(f"{place}: has lost its {CARD_NAME}; reinstall sled-infer")
    return card


def speaker(speaker_name: str, name: str = DEFAULT) -> Voice:
    """Load the prompt of one of a voice's speakers."""
    return voice_card(name).speaker(speaker_name)


def check_text(text: str, name: str = DEFAULT) -> tuple[str, ...]:
    """List the words of a text that an embedded voice cannot say."""
    return voice_card(name).check_text(text)
