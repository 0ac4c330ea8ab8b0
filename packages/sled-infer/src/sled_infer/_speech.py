"""What is asked for and what is given back: `Request` and `Speech`."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal, TypedDict

from ._errors import SynthesisError

if TYPE_CHECKING:
    from sled_model import Layout
    from torch import Tensor

    from ._voice import Voice

MOST_DRAWS = 256
_LONGEST = 20  # characters of a number that is no good
_MOST = 1000  # beyond it nothing but noise is heard, and at last no number is left
Normalise = Literal["none", "digits", "en"]


@dataclass(frozen=True)
class Request:
    """One thing to be said.

    Attributes:
        text: what to say; see `Synthesizer.synthesize`.
        voice: whose voice; None for the model's own choice.
        cfg: strength of guidance; 1 is none (and takes half the work). None for what the voice's
            card says, and 2, as is published, for a model without a card.
        seed: of the request's own noise; the same seed gives the same audio.
        max_seconds: an end by force; None leaves it to the model and its positions.
        layout: how text and frames interleave; None for what the model was trained for.
        normalise: how the text is put into words: "en", "digits" or "none"; None for what the
            voice's card says, and "none" for a model without a card.
        split: whether it is cut into sentences that are spoken one by one, with pauses. None
            cuts only what is too long for one utterance; False refuses that.
        temperature: standard deviation of the noise that each frame is drawn from. 1 is what a
            model is trained with; with less it is calmer and more alike, with 0 every seed gives
            the same. None for what the voice's card says, and 1 for a model without a card.
        draws: how many draws each frame that is heard is the mean of. 1 sounds what the model
            drew, as it is published; with several, which cost little, it goes on from its own
            draw, but what of it was chance from frame to frame is not heard (see
            `sled_model.MeanDraw`). None for what the voice's card says, and 1 without one.

    Raises:
        SynthesisError: cfg, max_seconds, temperature or draws is not a number that makes sense.

    """

    text: str
    voice: Voice | None = None
    cfg: float | None = None
    seed: int = 0
    max_seconds: float | None = None
    layout: Layout | None = None
    normalise: Normalise | None = None
    split: bool | None = None
    temperature: float | None = None
    draws: int | None = None

    def __post_init__(self) -> None:
        # Compared as they are: not every whole number is one of floating point.
        if self.cfg is not None and not 0 <= self.cfg <= _MOST:
            raise SynthesisError(
                f"cfg: {_shown(self.cfg)} is no guidance; give from 0 to {_MOST}, such as 2.0"
            )
        if self.max_seconds is not None and not self.max_seconds > 0:
            raise SynthesisError(
                f"max_seconds: {_shown(self.max_seconds)} leaves no time to speak; give more than 0"
            )
        if self.temperature is not None and not 0 <= self.temperature <= _MOST:
            raise SynthesisError(
                f"temperature: {_shown(self.temperature)} scales no noise; give from 0 to {_MOST}, "
                "such as 1.0"
            )
        if self.draws is not None and not 1 <= self.draws <= MOST_DRAWS:
            raise SynthesisError(
                f"draws: {self.draws} is not between 1 and {MOST_DRAWS}; give 1 for none but its "
                "own, or 16"
            )


def _shown(number: float) -> str:
    text = str(number)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


class _Options(TypedDict, total=False):
    """What requests and streams have in common; see `Request`."""

    voice: Voice | None
    cfg: float | None
    seed: int
    max_seconds: float | None
    layout: Layout | None
    normalise: Normalise | None
    temperature: float | None
    draws: int | None


class SpeechOptions(_Options, total=False):
    """All of a `Request` but its text; see there."""

    split: bool | None


class StreamOptions(_Options, total=False):
    """The options of a stream; see `Synthesizer.open_stream`."""

    chunk_frames: int
    obey_early_stop: bool


@dataclass(frozen=True)
class Timings:
    """Wall-clock seconds of one batch, by part.

    Attributes:
        first_frame: text and prompts read, until the first frames are there.
        frames: the frames after that.
        codec: latents to waveforms.

    """

    first_frame: float
    frames: float
    codec: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.first_frame + self.frames + self.codec


@dataclass(frozen=True)
class Speech:
    """One spoken text.

    Attributes:
        wave: float32 [samples], on the CPU; the prompt is no part of it.
        sample_rate: samples a second.
        latents: float32 [frames, D], on the CPU: what the codec made the wave of; of a text that
            was cut into pieces, those of all of them, without the pauses.
        text: what the model was given to say.
        seed: of its noise.
        stopped: whether the model ended it; False if it ran into `max_seconds` or the end of
            its positions, so that words may be missing.
        unsupported: words left out because this voice cannot say them.
        compute_seconds: its share, by frames, of the time its batch took.
        timings: of the whole batch.
        pause: seconds of silence that belong before it, where it is a piece of a longer text.

    """

    wave: Tensor
    sample_rate: int
    latents: Tensor
    text: str
    seed: int
    stopped: bool
    unsupported: tuple[str, ...]
    compute_seconds: float
    timings: Timings
    pause: float = 0.0

    @property
    def audio_seconds(self) -> float:
        """Length of the wave."""
        return len(self.wave) / self.sample_rate

    @property
    def rtf(self) -> float:
        """Seconds of compute per second of audio; infinite if there is no audio."""
        return self.compute_seconds / self.audio_seconds if len(self.wave) else inf
