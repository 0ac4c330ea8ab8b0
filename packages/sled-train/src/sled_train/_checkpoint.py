"""Checkpoints: a model folder plus the trainer's state, complete or absent.

`checkpoints/step-N/` holds config.json, model.safetensors, vocab.json, merges.txt (so that it
loads like any model) and trainer.json, optimizer.safetensors. It is written beside its place,
flushed and renamed; leftovers of an interrupted write carry another name and are removed.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from sled_model import SledModel, Tokenizer
from torch import Tensor

from ._errors import TrainError
from ._optim import load_optimizer_tensors

_NAME = re.compile(r"step-(\d+)")
_PARTIAL = ".part-"
_STATE = "trainer.json"
_OPTIMIZER = "optimizer.safetensors"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the trainer must know to go on, beside weights and optimizer."""

    step: int
    seed: int
    sampler: dict[str, int]
    corpus: str
    clips: int = 0
    """Clips seen so far."""
    frames: int = 0
    """Frames seen so far."""
    best_step: int = 0
    """Step of the lowest held-out loss so far."""
    best_loss: float | None = None
    held_out: str = ""
    """What that loss is of."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A model to write: its config, its whole weights, its tokenizer."""

    model: SledModel
    weights: dict[str, Tensor]
    tokenizer: Tokenizer

    def write(self, folder: Path) -> None:
        """Fill a model folder."""
        self.model.save_pretrained(folder, state_dict=self.weights)
        self.tokenizer.save(folder)


def list_checkpoints(run: Path) -> list[Path]:
    """Complete checkpoints of a run folder, oldest first."""
    found = {
        int(match[1]): path
        for path in (run / "checkpoints").glob("step-*")
        if (match := _NAME.fullmatch(path.name)) and (path / _STATE).is_file()
    }
    return [found[step] for step in sorted(found)]


def save_checkpoint(
    run: Path,
    speaker: Speaker,
    optimizer: dict[str, Tensor],
    progress: Progress,
    *,
    keep_last: int,
) -> Path:
    """Write `checkpoints/step-N`, then remove all but the last `keep_last`."""
    target = run / "checkpoints" / f"step-{progress.step}"
    with whole_folder(target) as folder:
        speaker.write(folder)
        # Not save_file: on a full disk it raises its own error instead of OSError.
        (folder / _OPTIMIZER).write_bytes(save(optimizer))
        (folder / _STATE).write_text(json.dumps({"format": 1, **asdict(progress)}, indent=1))
    for old in list_checkpoints(run)[:-keep_last]:
        shutil.rmtree(old)
    return target


def save_model(target: Path, speaker: Speaker) -> Path:
    """Write a model folder, replacing an earlier one."""
    with whole_folder(target) as folder:
        speaker.write(folder)
    return target


def load_progress(checkpoint: Path) -> Progress:
    """Read the trainer's state.

    Raises:
        TrainError: the file is damaged or of another format.

    """
    path = checkpoint / _STATE
    try:
        state: dict[str, Any] = json.loads(path.read_text())
        return Progress(**{k: v for k, v in state.items() if k != "format"})
    except (ValueError, TypeError, AttributeError):
        raise TrainError(f"{path} is damaged: remove {checkpoint} to resume before it") from None


def load_optimizer(
    checkpoint: Path, optimizer: torch.optim.Optimizer, model: torch.nn.Module
) -> None:
    """Fill `optimizer` from a checkpoint.

    Raises:
        TrainError: the file is damaged.

    """
    path = checkpoint / _OPTIMIZER
    try:
        load_optimizer_tensors(optimizer, model, load_file(path))
    except (SafetensorError, OSError, KeyError) as error:
        raise TrainError(
            f"{path} is damaged ({error}): remove {checkpoint} to resume before it"
        ) from None


def remove_leftovers(run: Path) -> None:
    """Remove what interrupted writes left behind."""
    for place in (run, run / "checkpoints"):
        for path in place.glob(f"{_PARTIAL}*"):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a folder beside `target` that becomes `target` when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{_PARTIAL}{target.name}-{secrets.token_hex(4)}")
    partial.mkdir()
    try:
        yield partial
        for path in (*partial.rglob("*"), partial):
            _sync(path)
        if target.exists():
            target.rename(target.with_name(f"{_PARTIAL}old-{secrets.token_hex(4)}"))
        partial.rename(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for old in target.parent.glob(f"{_PARTIAL}old-*"):
        shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
