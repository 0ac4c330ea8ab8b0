"""From a source (a name, a folder, a file) to a configuration and plain weights."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from sled_codec._config import CodecConfig
from sled_codec._errors import CodecError
from sled_codec._hub import fetch, looks_like_hub_id

EMBEDDED = "embedded"
CONFIG_NAME = "codec.json"
WEIGHTS_NAME = "codec.safetensors"
_TH_SUFFIXES = (".th", ".pt", ".pth", ".bin")
_NESTS = ("best_state", "model", "state_dict", "state")


@dataclass(frozen=True)
class Checkpoint:
    """A configuration and a state dict, still under the names of whoever saved it."""

    config: CodecConfig
    state: Mapping[str, Tensor]


def load_checkpoint(
    source: str | Path,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> Checkpoint:
    """Read the codec that ``source`` names; see `Codec.from_pretrained` for what it may be.

    Raises `CodecError` where nothing usable is found there.
    """
    if source == EMBEDDED:
        return _load_embedded()
    path = Path(source).expanduser()
    if path.is_dir():
        return _load_folder(path)
    if path.is_file():
        return _load_file(path)
    if isinstance(source, str) and looks_like_hub_id(source) and path.suffix not in _TH_SUFFIXES:
        folder = fetch(
            source, revision=revision, cache_dir=cache_dir, local_files_only=local_files_only
        )
        return _load_folder(folder)
    raise CodecError(
        f"codec {str(source)!r}: no such folder or file; "
        "give a folder, a .th file, a hub id such as facebook/encodec_24khz, or 'embedded'"
    )


def _load_embedded() -> Checkpoint:
    with as_file(files("sled_codec") / "assets" / "embedded") as folder:
        if not (folder / CONFIG_NAME).is_file():
            raise CodecError(
                "this copy of sled-codec holds no embedded codec; reinstall it, "
                "or give a folder, a .th file or a hub id such as facebook/encodec_24khz"
            )
        return _load_folder(folder)


def _load_folder(folder: Path) -> Checkpoint:
    if (folder / CONFIG_NAME).is_file():
        config = _read_config(folder / CONFIG_NAME, CodecConfig.from_json)
        return Checkpoint(config, _read_safetensors(folder / WEIGHTS_NAME))
    if (folder / "config.json").is_file():
        config = _read_config(folder / "config.json", CodecConfig.from_transformers)
        if (folder / "model.safetensors").is_file():
            return Checkpoint(config, _read_safetensors(folder / "model.safetensors"))
        if (folder / "pytorch_model.bin").is_file():
            return Checkpoint(config, _read_pickle(folder / "pytorch_model.bin"))
        raise CodecError(f"{folder}: neither model.safetensors nor pytorch_model.bin is there")
    raise CodecError(f"{folder}: not a codec folder: neither codec.json nor config.json is there")


def _load_file(path: Path) -> Checkpoint:
    if path.suffix in _TH_SUFFIXES:
        return Checkpoint(CodecConfig(), _read_pickle(path))
    if path.name in (CONFIG_NAME, WEIGHTS_NAME):
        return _load_folder(path.parent)
    raise CodecError(f"{path}: not a codec file; give a .th file or the folder of a codec")


def _read_config(path: Path, parse: Callable[[str], CodecConfig]) -> CodecConfig:
    try:
        return parse(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise CodecError(f"{path}: not a text file; restore it") from None
    except CodecError as error:
        raise CodecError(f"{path}: {error}") from None


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CodecError(f"{path}: no such file; the codec's weights belong there")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise CodecError(f"{path}: damaged or cut short ({error}); fetch it again") from None


def _read_pickle(path: Path) -> Mapping[str, Tensor]:
    """Read a state dict without running what a pickle may carry."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CodecError(f"{path}: not a readable torch checkpoint ({reason})") from None
    return _state_dict(content, path)


def _state_dict(content: Any, path: Path) -> Mapping[str, Tensor]:  # noqa: ANN401 (whatever lies in a foreign file)
    for nest in _NESTS:
        if isinstance(content, Mapping) and isinstance(content.get(nest), Mapping):
            return _state_dict(content[nest], path)
    if not isinstance(content, Mapping) or not content:
        raise CodecError(f"{path}: holds no state dict; give an EnCodec checkpoint")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise CodecError(f"{path}: {key!r} is not a weight; give an EnCodec checkpoint")
    return content
