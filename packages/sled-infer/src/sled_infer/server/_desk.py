"""Who speaks for a server, in which voices, and how many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sled_codec import CodecError

from .._errors import SynthesisError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .._session import Stream
    from .._synthesizer import Synthesizer
    from .._voice import Voice
    from ._asked import Manner

MOST_AT_ONCE = 8
PATIENCE = 60.0  # seconds


class BusyError(SynthesisError):
    """As many speak already as may."""


class Desk:
    """A synthesizer that many ask; all that it speaks at a time is one batch.

    Attributes:
        synthesizer: who speaks.
        models: the names that it goes by.
        voices: by name: the model's speakers, and others that were given.
        most: how many may be spoken to at once.
        patience: how many seconds a conversation may hold its place with nothing to be said.
        speaking: how many are.

    """

    def __init__(
        self,
        synthesizer: Synthesizer,
        model: str,
        voices: Mapping[str, Voice] | None = None,
        *,
        names: Collection[str] = (),
        most: int = MOST_AT_ONCE,
        patience: float = PATIENCE,
    ) -> None:
        """Look up the model's speakers; a given voice may take the place of one.

        Args:
            synthesizer: who speaks.
            model: the name that it goes by.
            voices: by name.
            names: further ones that clients may ask for it by.
            most: how many may be spoken to at once.
            patience: see the class.

        Raises:
            SynthesisError: a given voice is of another codec, or too long to speak after.

        """
        card = synthesizer.card
        own = {} if card is None else {name: card.speaker(name) for name in card.speakers}
        self.synthesizer = synthesizer
        self.models = tuple(dict.fromkeys((model, *names)))
        for name, voice in (voices or {}).items():
            _check(synthesizer, name, voice)
        self.voices = {**own, **(voices or {})}
        self.most = most
        self.patience = patience
        self.speaking = 0

    def voice(self, name: str | None) -> Voice | None:
        """Find a voice by its name; None is the model's own choice."""
        if name is None or name in self.voices:
            return None if name is None else self.voices[name]
        known = ", ".join(sorted(self.voices)) or "none: leave it out"
        raise SynthesisError(f"voice: {name!r} is not known; known are {known}")

    def unknown(self, model: str) -> str:
        """Tell that a model is not served here, and which is."""
        return f"{model!r} is not served here, {' or '.join(map(repr, self.models))} is"

    def begin(self, manner: Manner) -> Turn:
        """Open a stream for somebody, who has to close it.

        Raises:
            BusyError: too many are being spoken to.
            SynthesisError: an unknown voice, or an option out of range.

        """
        if self.speaking >= self.most:
            raise BusyError(f"busy: {self.speaking} are being spoken to; try again in a second")
        voice = self.voice(manner.voice)
        return Turn(self, self.synthesizer.open_stream(voice=voice, **manner.options))


class Turn:
    """One text that is spoken to somebody; until it is closed it counts."""

    def __init__(self, desk: Desk, stream: Stream) -> None:
        self.stream = stream
        self._desk: Desk | None = desk
        desk.speaking += 1

    @property
    def closed(self) -> bool:
        """Whether it is no longer spoken to."""
        return self._desk is None

    def close(self) -> None:
        """Stop speaking at once and let others in; again does nothing."""
        if self._desk is not None:
            self.stream.cancel()
            self._desk.speaking -= 1
            self._desk = None


def _check(synthesizer: Synthesizer, name: str, voice: Voice) -> None:
    """Refuse now what no client could be spoken to in."""
    try:
        synthesizer.open_stream(voice=voice).cancel()
    except (SynthesisError, CodecError) as error:
        raise SynthesisError(f"voice {name!r}: {error}") from None
