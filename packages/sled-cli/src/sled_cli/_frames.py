"""The safetensors files of `sled codec`: codes or latents, and which codec they belong to."""

from pathlib import Path
from typing import TYPE_CHECKING

from sled_cli._errors import CliError
from sled_cli._targets import naming

if TYPE_CHECKING:
    from sled_codec import Codec
    from torch import Tensor


def save_frames(target: Path, codes: "Tensor", codec: "Codec", *, as_latents: bool) -> None:
    """Write codes as int16 `[frames, codebooks]`, or their latents as float32 `[frames, dim]`."""
    import torch  # noqa: PLC0415 - heavy
    from safetensors.torch import save  # noqa: PLC0415
    from sled_codec import atomic_write  # noqa: PLC0415

    if as_latents:
        tensors = {"latents": codec.latents(codes).cpu().contiguous()}
    else:
        tensors = {"codes": codes.to("cpu", torch.int16).contiguous()}
    about = {"codec_fingerprint": codec.fingerprint, "frame_rate": str(codec.frame_rate)}
    with naming(target), atomic_write(target) as file:
        file.write(save(tensors, metadata=about))


def load_latents(source: Path, codec: "Codec") -> "Tensor":
    """Read a file of `save_frames` as latents `[frames, dim]`, refusing another codec's."""
    from sled_codec import CodecError  # noqa: PLC0415 - heavy

    tensors, about = _read(source)
    made_with = about.get("codec_fingerprint", codec.fingerprint)
    if made_with != codec.fingerprint:
        raise CliError(
            f"{source}: made with codec {made_with[:12]}, not {codec.fingerprint[:12]}; "
            "name its codec with --codec"
        )
    if "latents" in tensors:
        return tensors["latents"]
    if "codes" in tensors:
        try:
            return codec.latents(tensors["codes"])
        except CodecError as error:
            raise CliError(f"{source}: {error}") from None
    raise CliError(
        f"{source}: holds {', '.join(sorted(tensors)) or 'nothing'}, neither codes nor latents; "
        "make it with 'sled codec encode'"
    )


def _read(source: Path) -> tuple[dict[str, "Tensor"], dict[str, str]]:
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - heavy

    if not source.is_file():
        raise CliError(f"{source}: no such file")
    try:
        with safe_open(source, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise CliError(f"{source}: not a whole safetensors file ({error}); make it anew") from None
