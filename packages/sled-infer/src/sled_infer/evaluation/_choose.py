"""Systems by name, the model loaded once and only if one of them needs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sled_infer import SynthesisError

from ._finished import Finished
from ._protocols import PROTOCOLS, Protocol
from ._systems import Flite, Recordings, ThroughCodec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sled_codec import Codec

    from sled_infer import Synthesizer

    from ._clips import Clip
    from ._protocols import ProtocolName, Speaking
    from ._systems import System

SYSTEMS = ("real", "codec", *PROTOCOLS, "flite")


def default_systems(clips: Sequence[Clip]) -> tuple[str, ...]:
    """Name what is measured if nothing is asked for: without recordings, the voice alone."""
    return ("real", "codec", "plain") if any(clip.path for clip in clips) else ("plain",)


def make_systems(
    names: Sequence[str],
    clips: Sequence[Clip],
    *,
    speaker: Callable[[], tuple[Synthesizer, Speaking]],
    codec: Callable[[], Codec],
) -> list[System]:
    """Make the systems of these names, each once.

    Args:
        names: of `SYSTEMS`; "flite:VOICE" is flite with one of its voices, "NAME=FOLDER" finished
            audio of any other voice, see `Finished`.
        clips: the test set.
        speaker: loads the model, and says how it is to speak; for the protocols.
        codec: loads the codec, if no model is loaded that has one.

    Raises:
        SynthesisError: an unknown name, flite is not installed, or finished audio is not whole.

    """
    for name in names:
        _check(name)
    # Before a model is loaded, for that takes longer.
    external = {name: _external(name, clips) for name in names if _is_external(name)}
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


def _check(name: str) -> None:
    if "=" in name:
        own, _, folder = name.partition("=")
        if own in SYSTEMS or not re.fullmatch(r"\w[\w.-]*", own) or not folder:
            raise SynthesisError(
                f"system {name!r}: give NAME=FOLDER, the name of letters, digits, - . _ and none "
                f"of {', '.join(SYSTEMS)}"
            )
    elif name not in SYSTEMS and not name.startswith("flite:"):
        known = ", ".join(SYSTEMS)
        raise SynthesisError(f"system {name!r} is not one of {known}, flite:VOICE, NAME=FOLDER")


def _is_external(name: str) -> bool:
    return "=" in name or name.startswith("flite")


def _external(name: str, clips: Sequence[Clip]) -> System:
    own, given, folder = name.partition("=")
    if given:
        return Finished(own, Path(folder), clips)
    return Flite(name.partition(":")[2] or None)
