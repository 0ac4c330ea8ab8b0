"""Speech synthesis and voice cloning with SLED models.

`Synthesizer` speaks, whole texts or streams, `Voice` is a voice to be cloned, `embedded` holds
the voices that are shipped. `Engine` is what lies below: latents of a batch, frame by frame.
"""

from . import embedded
from ._card import Drawing, VoiceCard
from ._clock import StreamClock
from ._digest import speech_digest
from ._engine import Engine
from ._errors import SynthesisError
from ._journal import Journal
from ._loading import pick_device
from ._noise import GivenNoise, Noise, SeededNoise
from ._normalise import NORMALISERS, normalise
from ._pace import paced
from ._reading import Pieces
from ._session import Stream
from ._speech import Request, Speech, Timings
from ._state import StreamState
from ._synthesizer import Synthesizer
from ._threads import choose_threads
from ._track import Track
from ._utterance import OFFLINE_STOP, STREAMING_STOP, Utterance
from ._voice import Voice

__version__ = "0.1.0"

__all__ = [
    "NORMALISERS",
    "OFFLINE_STOP",
    "STREAMING_STOP",
    "Drawing",
    "Engine",
    "GivenNoise",
    "Journal",
    "Noise",
    "Pieces",
    "Request",
    "SeededNoise",
    "Speech",
    "Stream",
    "StreamClock",
    "StreamState",
    "SynthesisError",
    "Synthesizer",
    "Timings",
    "Track",
    "Utterance",
    "Voice",
    "VoiceCard",
    "__version__",
    "choose_threads",
    "embedded",
    "normalise",
    "paced",
    "pick_device",
    "speech_digest",
]
