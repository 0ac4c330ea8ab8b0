"""Codec and device as the command line names them."""

from typing import TYPE_CHECKING

from sled_cli._errors import CliError

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
    import torch  # noqa: PLC0415 - heavy

    if name == "auto":
        has_mps = torch.backends.mps.is_available()
        return "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    try:
        torch.empty(1, device=name)
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise CliError(f"--device {name}: not usable here ({reason}); use auto or cpu") from None
    return name
