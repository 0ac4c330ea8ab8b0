"""Codec and device as the command line names them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sled_codec import Codec


def load_codec(source: str | None, device: str, *, offline: bool) -> "Codec":
    """Load the codec `source` (None is the embedded one) to `device` (auto is the fastest)."""
    from sled_codec import EMBEDDED, Codec  # noqa: PLC0415 - heavy

    return Codec.from_pretrained(
        source or EMBEDDED, device=pick_device(device), local_files_only=offline
    )


def codec_for(model: str | None, codec: str | None, device: str, *, offline: bool) -> "Codec":
    """Load the codec of `model`, or `codec` itself; with both, they are checked to fit."""
    if model in (None, "embedded"):
        return load_codec(codec, device, offline=offline)
    from sled_infer import Synthesizer  # noqa: PLC0415 - heavy

    return Synthesizer.from_pretrained(
        model, codec=codec, device=device, local_files_only=offline
    ).codec


def pick_device(name: str) -> str:
    """Turn `auto` into what this machine has, and refuse a device that it has not."""
    from sled_infer import pick_device as pick  # noqa: PLC0415 - heavy

    return str(pick(name))
