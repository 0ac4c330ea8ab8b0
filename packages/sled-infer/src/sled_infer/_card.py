"""What a model folder's `voice.json` says about its voice: who speaks, and what it can say.

The file may hold, all but `name` optional:

    {"name": "digits", "description": "…", "can_say": "…", "cannot_say": "…",
     "words": ["zero", …], "speakers": ["george", …], "default_speaker": "george",
     "default_prompt": true, "normalise": "digits", "most_words": 8, "dictation_lead": 10,
     "cfg": 2.0, "temperature": 1.0, "draws": 1, "tone": 126}

`words` restricts the voice to these; absent, it says whatever it is given. `normalise` says how a
text is put into words for it (see `sled_infer.normalise`): "en", "digits", or "none", the texts it
was trained on as they were written. Absent, it is "digits" with `words`, else "none". For each
speaker there is a prompt, `voices/<speaker>.safetensors`. `default_prompt` says whether the default
speaker's prompt is used when no voice is asked for. `most_words` is how many it was trained to say
in one utterance, the prompt's among them; longer texts are cut there. `dictation_lead` says that
the voice was trained on dictations (see `Dictation`), so many turns ahead of its frames.
`cfg`, `temperature` and `draws` say how much guidance, how much chance, and of how many draws the
mean it sounds best with (see `Request`). `tone` says that its codec's latents are a spectrum up to
that number, which is the pitch, and that the next one is the voicing: then what it says after a
recording can have that one's timbre (see `Timbre`). Further fields do no harm.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from ._errors import SynthesisError
from ._normalise import check_normaliser, normalise
from ._speech import MOST_DRAWS
from ._voice import Voice

if TYPE_CHECKING:
    from pathlib import Path

    from ._speech import Normalise, Request
    from .evaluation._protocols import Speaking

CARD_NAME = "voice.json"
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


class Drawing(NamedTuple):
    """How frames are drawn, see `Request`; the defaults are what is published."""

    cfg: float = 2.0
    temperature: float = 1.0
    draws: int = 1


PUBLISHED = Drawing()


@dataclass(frozen=True)
class VoiceCard:
    """A voice's own description; see the module for the fields."""

    name: str
    folder: Path
    description: str = ""
    can_say: str = ""
    cannot_say: str = ""
    words: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    default_speaker: str | None = None
    default_prompt: bool = False
    normalise: Normalise = "none"
    most_words: int | None = None
    dictation_lead: int | None = None
    drawing: Drawing = PUBLISHED
    tone: int | None = None

    @classmethod
    def read(cls, folder: Path) -> VoiceCard | None:
        """Read a folder's card; None if it has none, SynthesisError if it is malformed."""
        path = folder / CARD_NAME
        if not path.is_file():
            return None
        try:
            fields = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise SynthesisError(f"{path}: not JSON ({error}); restore the file") from None
        if not isinstance(fields, dict) or not isinstance(fields.get("name"), str):
            raise SynthesisError(f"{path}: has no 'name'; restore the file")
        speakers = _strings(path, fields, "speakers")
        default = fields.get("default_speaker")
        if default is not None and default not in speakers:
            raise SynthesisError(f"{path}: default_speaker {default!r} is not among its speakers")
        return cls(
            name=fields["name"],
            folder=folder,
            description=str(fields.get("description", "")),
            can_say=str(fields.get("can_say", "")),
            cannot_say=str(fields.get("cannot_say", "")),
            words=_strings(path, fields, "words"),
            speakers=speakers,
            default_speaker=default,
            default_prompt=bool(fields.get("default_prompt", False)),
            normalise=_normaliser(path, fields),
            most_words=_whole_number(path, fields, "most_words", least=2),  # a prompt's and one
            dictation_lead=_whole_number(path, fields, "dictation_lead", least=0),
            drawing=_drawing(path, fields),
            tone=_whole_number(path, fields, "tone", least=1),
        )

    @property
    def summary(self) -> str:
        """One line: whose voice it is, what it can say and what it cannot."""
        can = f"it says {self.can_say}" if self.can_say else ""
        cannot = f"it cannot say {self.cannot_say}" if self.cannot_say else ""
        parts = [part for part in (self.description, can, cannot) if part]
        return f"voice {self.name!r}: {'; '.join(parts) or 'no description'}"

    def known(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Keep the words of a text that this voice knows, and list those that it does not.

        Case and punctuation go. A voice without a word list takes the text as it is.

        Returns:
            The text (empty if nothing is left of it), and the words left out.

        """
        if not self.words:
            return text, ()
        found = _WORD.findall(text.lower())
        known = [word for word in found if word in self.words]
        return " ".join(known), tuple(word for word in found if word not in self.words)

    def check_text(self, text: str) -> tuple[str, ...]:
        """List the words of a text that this voice cannot say."""
        return self.known(normalise(text, self.normalise))[1]

    def speaker(self, name: str) -> Voice:
        """Load a speaker's prompt; SynthesisError if there is no such speaker."""
        if name not in self.speakers:
            known = ", ".join(self.speakers) or "nobody"
            raise SynthesisError(f"speaker {name!r} is unknown to voice {self.name!r}: {known}")
        return Voice.load(self.folder / "voices" / f"{name}.safetensors")

    def default_voice(self) -> Voice | None:
        """Load the prompt for when no voice is asked for; None if none is wanted."""
        if not self.default_prompt or self.default_speaker is None:
            return None
        return self.speaker(self.default_speaker)


def choose_drawing(asked: Request | Speaking, card: VoiceCard | None) -> Drawing:
    """Give of each what is asked for; else what the voice's card says; else what is published."""
    own = PUBLISHED if card is None else card.drawing
    return Drawing(
        cfg=own.cfg if asked.cfg is None else asked.cfg,
        temperature=own.temperature if asked.temperature is None else asked.temperature,
        draws=own.draws if asked.draws is None else asked.draws,
    )


def _normaliser(path: Path, fields: dict[str, object]) -> Normalise:
    name = fields.get("normalise", "digits" if fields.get("words") else "none")
    try:
        return check_normaliser(str(name))
    except SynthesisError as error:
        raise SynthesisError(f"{path}: {error}") from None


def _strings(path: Path, fields: dict[str, object], name: str) -> tuple[str, ...]:
    values = fields.get(name, [])
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise SynthesisError(f"{path}: {name!r} must be a list of strings")
    return tuple(values)


def _whole_number(
    path: Path, fields: dict[str, object], name: str, *, least: int, most: float = inf
) -> int | None:
    number = fields.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        limits = f"of at least {least}" if most == inf else f"from {least} to {most}"
        raise SynthesisError(f"{path}: {name!r} must be a whole number {limits}")
    return number


def _drawing(path: Path, fields: dict[str, object]) -> Drawing:
    return Drawing(
        cfg=_number(path, fields, "cfg", PUBLISHED.cfg),
        temperature=_number(path, fields, "temperature", PUBLISHED.temperature),
        draws=_whole_number(path, fields, "draws", least=1, most=MOST_DRAWS) or PUBLISHED.draws,
    )


def _number(path: Path, fields: dict[str, object], name: str, default: float) -> float:
    number = fields.get(name, default)
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < inf:
        raise SynthesisError(f"{path}: {name!r} must be a number of at least 0")
    return float(number)
