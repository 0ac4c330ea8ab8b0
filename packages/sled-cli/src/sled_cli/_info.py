"""`sled info`: what is installed, what this machine offers, what a model folder holds."""

import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from sled_cli._options import Json, Offline, Quiet, Verbose
from sled_cli._session import session

_PACKAGES = (
    "sled-cli",
    "sled-codec",
    "sled-infer",
    "sled-model",
    "sled-train",
    "torch",
    "torchaudio",
    "transformers",
    "accelerate",
    "encodec",
    "safetensors",
    "huggingface-hub",
)
_SWITCHES = (
    "SLED_MODEL",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_ENDPOINT",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "SLED_NATIVE",
    "CUDA_VISIBLE_DEVICES",
)
Facts = dict[str, object]


def info(
    model: Annotated[
        str | None,
        typer.Argument(
            help="Model to look into: english, digits, folder or hub id.", show_default=False
        ),
    ] = None,
    *,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show versions, devices, caches and switches; for MODEL, what it holds."""
    with session(quiet=quiet, verbose=verbose) as channels:
        sections = {"model": _model(model, offline=offline)} if model else _machine()
        if as_json:
            import json  # noqa: PLC0415 - one branch

            channels.result(json.dumps(sections, ensure_ascii=False))
        else:
            channels.result(_as_text(sections))


def _machine() -> dict[str, Facts]:
    return {
        "versions": {"python": platform.python_version()} | {n: _version(n) for n in _PACKAGES},
        "devices": _devices(),
        "caches": _caches(),
        "embedded": _embedded(),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> Facts:
    import torch  # noqa: PLC0415 - heavy
    from sled_model import native_state  # noqa: PLC0415 - heavy

    cuda = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "native decoding": native_state(),
        "cuda": cuda,
        "mps": torch.backends.mps.is_available(),
    }


def _caches() -> Facts:
    from huggingface_hub import constants  # noqa: PLC0415 - heavy

    cache = Path(constants.HF_HUB_CACHE)
    return {
        "hub cache": str(cache),
        "cached models": sorted(
            p.name.removeprefix("models--").replace("--", "/") for p in cache.glob("models--*")
        ),
        "offline": bool(constants.HF_HUB_OFFLINE),
    } | {name: os.environ[name] for name in _SWITCHES if name in os.environ}


def _embedded() -> Facts:
    from importlib import resources  # noqa: PLC0415 - one branch

    from sled_infer import embedded  # noqa: PLC0415 - heavy

    codec = Path(str(resources.files("sled_codec").joinpath("assets", "embedded")))
    voices = {f"voice {name}": _size(embedded.folder(name)) for name in embedded.names()}
    return {"codec": _size(codec), **voices, "default voice": embedded.DEFAULT}


def _size(folder: Path) -> str:
    if not folder.is_dir():
        return "not shipped"
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    return f"{size / 1e6:.1f} MB"


def _model(source: str, *, offline: bool) -> Facts:
    """Load a model strictly and say what it is."""
    from sled_infer import embedded  # noqa: PLC0415 - heavy
    from sled_model import SledModel  # noqa: PLC0415 - heavy

    found = embedded.find(source)
    model = SledModel.from_pretrained(found, local_files_only=offline)
    config = model.config
    streaming = config.stream_n is not None
    return {
        "source": source,
        "parameters": sum(p.numel() for p in model.parameters()),
        "layout": f"streaming {config.stream_n}:{config.stream_m}" if streaming else "offline",
        "hidden size": config.hidden_size,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "feed-forward size": config.intermediate_size,
        "positions": config.max_position_embeddings,
        "vocabulary": config.vocab_size,
        "latent size": config.vae_embed_dim,
        "head depth, width": f"{config.diffloss_d}, {config.diffloss_w}",
        "loss": f"{config.loss_kernel}, beta {config.energy_beta}, draws {config.energy_draws}",
        "tokenizer": _tokenizer(found, offline=offline),
        "codec": config.codec,
        "codec fingerprint": config.codec_fingerprint,
    }


def _tokenizer(source: str | Path, *, offline: bool) -> str:
    from sled_model import ModelError, Tokenizer  # noqa: PLC0415 - heavy

    try:
        size = Tokenizer.from_pretrained(source, local_files_only=offline).vocab_size
    except (ModelError, OSError) as error:
        return f"missing ({error})"
    return f"vocab.json + merges.txt, {size} tokens"


def _as_text(sections: Mapping[str, Mapping[str, object]]) -> str:
    lines = []
    for title, facts in sections.items():
        lines.append(title)
        width = max((len(name) for name in facts), default=0)
        lines += [f"  {name:<{width}}  {_show(value)}" for name, value in facts.items()]
    return "\n".join(lines)


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, int):
        return f"{value:,}"
    return "none" if value is None else str(value)
