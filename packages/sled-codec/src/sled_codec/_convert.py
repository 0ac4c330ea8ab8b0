"""Foreign checkpoints come in here, so that our own names stay clean.

Three families of names are understood: ours, those of the ``encodec`` package (Meta's
``.th`` files, training checkpoints) and those of ``transformers.EncodecModel``; weight
normalisation in either of torch's spellings is folded into plain weights.
"""

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from sled_codec._errors import CodecError

TABLES = "codebooks.tables"
_TABLE = re.compile(
    r"quantizer\.(?:vq\.)?layers\.(\d+)\._?codebook\.(embed|embed_avg|cluster_size|inited)"
)
_LAYER = re.compile(r"(encoder|decoder)\.layers\.(.+)")
_NORMS = {
    "weight_g": ("weight", "magnitude"),
    "weight_v": ("weight", "direction"),
    "parametrizations.weight.original0": ("weight", "magnitude"),
    "parametrizations.weight.original1": ("weight", "direction"),
}


def convert(state: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
    """Return ``state`` under our names as float32 tensors of exactly the given ``shapes``.

    The training state of codebooks and codebooks beyond those wanted are left out. Raises
    `CodecError` that names the first missing, surplus or misshapen key.
    """
    plain, tables = _split_codebooks(state, wanted=shapes[TABLES][0])
    renamed = {_our_name(key, shapes): (key, value) for key, value in plain.items()}
    converted = _fold_norms(renamed)
    if tables:
        converted[TABLES] = _stack(tables, shapes[TABLES])
    _check(converted, shapes)
    return {name: _own_copy(converted[name]) for name in shapes}


def _own_copy(value: Tensor) -> Tensor:
    """Return a float32 copy, so that training on with the source does not change the codec."""
    return value.detach().to("cpu", torch.float32, copy=True).contiguous()


def _split_codebooks(
    state: Mapping[str, Tensor], *, wanted: int
) -> tuple[dict[str, Tensor], dict[int, Tensor]]:
    plain: dict[str, Tensor] = {}
    tables: dict[int, Tensor] = {}
    for key, value in state.items():
        match = _TABLE.fullmatch(key)
        if match is None:
            plain[key] = value
        elif match[2] == "embed" and int(match[1]) < wanted:
            tables[int(match[1])] = value
    return plain, tables


def _stack(tables: Mapping[int, Tensor], shape: torch.Size) -> Tensor:
    for index in range(shape[0]):
        if index not in tables:
            raise CodecError(f"codec weights: codebook {index} of {shape[0]} is missing")
        if tables[index].shape != shape[1:]:
            found, wanted = list(tables[index].shape), list(shape[1:])
            raise CodecError(f"codec weights: codebook {index} has shape {found}, not {wanted}")
    return torch.stack([tables[index] for index in range(shape[0])])


def _our_name(key: str, names: Iterable[str]) -> str:
    """Return our name for a key of ``transformers``; other keys are kept."""
    match = _LAYER.fullmatch(key)
    if match is None:
        return key
    network, rest = match.groups()
    for kind in ("conv", "convtr"):
        name = f"{network}.model.{rest}".replace(".conv.", f".{kind}.{kind}.")
        if _plain_name(name) in names:
            return name
    return key


def _plain_name(name: str) -> str:
    for suffix, (plain, _) in _NORMS.items():
        if name.endswith(f".{suffix}"):
            return name.removesuffix(suffix) + plain
    return name


def _fold_norms(renamed: Mapping[str, tuple[str, Tensor]]) -> dict[str, Tensor]:
    folded: dict[str, Tensor] = {}
    parts: dict[str, dict[str, tuple[str, Tensor]]] = {}
    for name, (key, value) in renamed.items():
        for suffix, (plain, part) in _NORMS.items():
            if name.endswith(f".{suffix}"):
                parts.setdefault(name.removesuffix(suffix) + plain, {})[part] = (key, value)
                break
        else:
            folded[name] = value
    for name, pair in parts.items():
        folded[name] = _fold(pair)
    return folded


def _fold(pair: Mapping[str, tuple[str, Tensor]]) -> Tensor:
    """Return ``magnitude · direction / |direction|``, the norm over all but the first axis."""
    if len(pair) == 1:
        key = next(iter(pair.values()))[0]
        raise CodecError(f"codec weights: {key} is there without the other half of its norm")
    (key, magnitude), (_, direction) = pair["magnitude"], pair["direction"]
    if magnitude.shape != (len(direction), *[1] * (direction.dim() - 1)):
        found, wanted = list(magnitude.shape), [len(direction), *[1] * (direction.dim() - 1)]
        raise CodecError(f"codec weights: {key} has shape {found}, not {wanted}")
    # torch's own fold, so that the result is bit for bit what training computed.
    return torch._weight_norm(direction.float(), magnitude.float(), 0)


def _check(converted: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> None:
    for name, shape in shapes.items():
        if name not in converted:
            raise CodecError(f"codec weights: key {name!r} is missing")
        if converted[name].shape != shape:
            found, wanted = list(converted[name].shape), list(shape)
            raise CodecError(f"codec weights: {name!r} has shape {found}, not {wanted}")
        if not bool(torch.isfinite(converted[name]).all()):
            raise CodecError(f"codec weights: {name!r} holds NaN or infinite numbers")
    for name in converted:
        if name not in shapes:
            raise CodecError(f"codec weights: key {name!r} belongs to no part of this codec")
