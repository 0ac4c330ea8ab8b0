"""Systems by name, the model loaded once and only if one of them needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sled_infer import SynthesisError

from ._protocols import PROTOCOLS, Protocol
from ._systems import Flite, Recordings, ThroughCodec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sled_codec import Codec

    from sled_infer import Synthesizer

    from ._protocols import ProtocolName, Speaking
    from ._systems import System

SYSTEMS = ("real", "codec", *PROTOCOLS, "flite")
DEFAULT_SYSTEMS = ("real", "codec", "plain")


def make_systems(
    names: Sequence[str],
    *,
    speaker: Callable[[], tuple[Synthesizer, Speaking]],
    codec: Callable[[], Codec],
) -> list[System]:
    """Make the systems of these names, each once.

    Args:
        names: of `SYSTEMS`; "flite:VOICE" is flite with one of its voices.
        speaker: loads the model, and says how it is to speak; for the protocols.
        codec: loads the codec, if no model is loaded that has one.

    Raises:
        SynthesisError: an unknown name, or flite is not installed.

    """
    for name in names:
        if name not in SYSTEMS and not name.startswith("flite:"):
            raise SynthesisError(f"system {name!r} is not one of {', '.join(SYSTEMS)}, flite:VOICE")
    external = {name: Flite(_voice(name)) for name in names if name.startswith("flite")}
    loaded = speaker() if any(name in PROTOCOLS for name in names) else None
    made: dict[str, System] = {}
    for name in names:
        if name in external:
            made[name] = external[name]
        elif name == "real":
            made[name] = Recordings()
        elif loaded is not None and name in PROTOCOLS:
            made[name] = Protocol(loaded[0], cast("ProtocolName", name), loaded[1])
        else:
            made[name] = ThroughCodec(codec() if loaded is None else loaded[0].codec)
    return list(made.values())


def _voice(name: str) -> str | None:
    return name.partition(":")[2] or None
