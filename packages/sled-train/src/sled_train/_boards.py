"""Where curves, sounds and pictures go: TensorBoard, and Weights & Biases on request."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
import torch
from accelerate.tracking import WandBTracker  # type: ignore[import-untyped]
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from ._errors import TrainError
from ._recipe import Recipe

_WINDOW = 1024
_DECIBELS = 80.0


class Board(Protocol):
    """A place that keeps what it is told at a step."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Keep numbers."""
        ...

    def audio(self, step: int, name: str, wave: Tensor, sample_rate: int) -> None:
        """Keep a mono waveform `[samples]` in [-1, 1], and its spectrogram."""
        ...

    def text(self, step: int, name: str, text: str) -> None:
        """Keep a text."""
        ...

    def close(self) -> None:
        """Write what is not yet written."""
        ...


class TensorBoard:
    """Event files in a folder; on resume, what lies after `start` is forgotten."""

    def __init__(self, folder: Path, start: int) -> None:
        self._writer = SummaryWriter(str(folder), purge_step=start + 1)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """See `Board`."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def audio(self, step: int, name: str, wave: Tensor, sample_rate: int) -> None:
        """See `Board`."""
        self._writer.add_audio(name, wave.unsqueeze(0), step, sample_rate=sample_rate)
        self._writer.add_image(f"{name}/spectrogram", spectrogram(wave), step, dataformats="HWC")

    def text(self, step: int, name: str, text: str) -> None:
        """See `Board`."""
        self._writer.add_text(name, text, step)

    def close(self) -> None:
        """See `Board`."""
        self._writer.close()


class WeightsAndBiases:
    """A run of the project `run.wandb`; the same run again when training goes on."""

    def __init__(self, recipe: Recipe, run: Path) -> None:
        name = hashlib.blake2b(str(run.resolve()).encode(), digest_size=8).hexdigest()
        self._tracker = WandBTracker(
            recipe.run.wandb, dir=str(run), name=run.name, id=name, resume="allow"
        )
        self._tracker.start()
        self._tracker.store_init_configuration(asdict(recipe))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """See `Board`."""
        self._tracker.log(dict(values), step=step)

    def audio(self, step: int, name: str, wave: Tensor, sample_rate: int) -> None:
        """See `Board`."""
        import wandb  # type: ignore[import-not-found]  # noqa: PLC0415 - optional

        sound: Any = wandb.Audio(wave.numpy(), sample_rate=sample_rate)
        self._tracker.log({name: sound}, step=step)
        self._tracker.log_images({f"{name}/spectrogram": [spectrogram(wave)]}, step=step)

    def text(self, step: int, name: str, text: str) -> None:
        """See `Board`."""
        self._tracker.log({name: text}, step=step)

    def close(self) -> None:
        """See `Board`."""
        self._tracker.finish()


def check_boards(recipe: Recipe) -> None:
    """Raise TrainError where the recipe asks for a board that is not installed."""
    if recipe.run.wandb is not None and find_spec("wandb") is None:
        raise TrainError(
            "run.wandb needs the package wandb: pip install 'sled-train[wandb]', or set it to null"
        )


def open_boards(recipe: Recipe, run: Path, start: int) -> Sequence[Board]:
    """Open the boards of a run that goes on from step `start`."""
    boards: list[Board] = []
    if recipe.run.tensorboard:
        boards.append(TensorBoard(run / "tensorboard", start))
    if recipe.run.wandb is not None:
        boards.append(WeightsAndBiases(recipe, run))
    return boards


def spectrogram(wave: Tensor) -> NDArray[np.uint8]:
    """Picture a mono waveform `[samples]`: RGB `[frequencies, times, 3]`, low tones at the foot.

    Logarithmic magnitude over 80 dB below the loudest.
    """
    short = max(0, _WINDOW - wave.numel())
    padded = torch.nn.functional.pad(wave.float(), (0, short))
    window = torch.hann_window(_WINDOW)
    bins = torch.stft(padded, _WINDOW, _WINDOW // 4, window=window, return_complex=True).abs()
    decibels = 20 * torch.log10(bins.clamp(min=1e-7))
    level = ((decibels - decibels.max()) / _DECIBELS + 1).clamp(0, 1).flip(0)
    colours: NDArray[np.uint8] = mpl.colormaps["magma"](level.numpy(), bytes=True)[..., :3]
    return colours
