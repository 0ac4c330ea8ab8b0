"""Speech synthesis and voice cloning with SLED models.

`Synthesizer` speaks, `Voice` is a voice to be cloned, `embedded` holds the voices that are
shipped. `decode` is the engine below: latents of a batch, frame by frame.
"""

from . import embedded
from ._card import VoiceCard
from ._engine import STOP_THRESHOLD, Step, Utterance, decode
from ._errors import SynthesisError
from ._noise import GivenNoise, Noise, SeededNoise
from ._speech import Request, Speech, Timings
from ._synthesizer import Synthesizer
from ._voice import Voice

__version__ = "0.1.0"

__all__ = [
    "STOP_THRESHOLD",
    "GivenNoise",
    "Noise",
    "Request",
    "SeededNoise",
    "Speech",
    "Step",
    "SynthesisError",
    "Synthesizer",
    "Timings",
    "Utterance",
    "Voice",
    "VoiceCard",
    "__version__",
    "decode",
    "embedded",
]
