"""What a run reads: codec, stores of codes and tokenizer.

Whatever a run is given becomes a store first: a folder of codes is opened as it is; a corpus or a
cuts file is prepared and encoded into `data.codes`, as `sled data prepare` and `encode` do.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from numpy.typing import NDArray
from rich.console import Console
from sled_codec import Codec
from sled_model import Tokenizer

from ._build import build_tokenizer, check_model
from ._checkpoint import remove_leftovers
from ._dataset import Dataset, Limits, build_dataset, texts_of
from ._errors import TrainError
from ._load import check_recipe
from ._lock import only_writer
from ._parallel import build_accelerator
from ._recipe import DataRecipe, Recipe
from ._sampler import derive_seed
from ._stop import StopSignal
from ._watch import progress_bar
from .data import Kind, Store, count_cuts, encode, guess_kind, is_store, prepare, skipped_rows
from .data._encode import made_folder

_FINGERPRINT = 12


@dataclass(frozen=True, slots=True)
class Split:
    """Places of training and held-out clips, each with the store they are in."""

    train: tuple[Store, NDArray[np.int64]]
    held_out: tuple[Store, NDArray[np.int64]] | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a run reads, before there is a model."""

    run: Path
    accelerator: Accelerator
    codec: Codec
    tokenizer: Tokenizer
    split: Split
    skipped: tuple[str, ...]
    """One line for each row or cut that did not become codes."""

    def datasets(self, recipe: Recipe, positions: int) -> tuple[Dataset, Dataset | None, list[str]]:
        """Training and held-out data that fit a model of so many positions; what did not fit."""
        limits = Limits(recipe.data, self.codec.frame_rate, positions)
        train, misfits = build_dataset(*self.split.train, self.tokenizer, limits)
        if self.split.held_out is None:
            return train, None, misfits
        held_out, more = build_dataset(*self.split.held_out, self.tokenizer, limits)
        return train, held_out, misfits + more


class _Stopped(Exception):  # noqa: N818 - no error: it was asked for
    """Reading is to end before all is read."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What turns a source into a store."""

    data: DataRecipe
    run: Path
    codec: Codec
    accelerator: Accelerator
    console: Console
    stop: StopSignal

    def open(self, source: str) -> tuple[Store, tuple[str, ...]] | None:
        """Return the store of a source and a line for each row left out; None after a stop."""
        if is_store(source):
            return self._checked(Store(source), source)
        kind = guess_kind(Path(source))
        name = hashlib.blake2b(str(Path(source).resolve()).encode(), digest_size=4).hexdigest()
        base = Path(self.data.codes or self.run / "codes")
        folder = base / f"{Path(source).stem}-{name}-{self.codec.fingerprint[:_FINGERPRINT]}"
        cuts = folder / "cuts.jsonl"
        with made_folder(folder):
            if self.accelerator.is_main_process:
                with suppress(_Stopped):
                    self._prepare(kind, source, cuts)
            self.accelerator.wait_for_everyone()
            if not cuts.is_file():
                return None
            self._encode(cuts, folder)
        self.accelerator.wait_for_everyone()
        if self.stop.requested:
            return None
        return self._checked(Store(folder), source, cuts)

    def _prepare(self, kind: Kind, source: str, cuts: Path) -> None:
        with progress_bar(self.console, transient=True) as bar:
            task = bar.add_task("reading", total=None, note=source)

            def advance(count: int) -> None:
                if self.stop.requested:
                    raise _Stopped
                bar.advance(task, count)

            prepare(kind, source, cuts, strict=self.data.strict, advance=advance)

    def _encode(self, cuts: Path, folder: Path) -> None:
        with progress_bar(self.console, transient=True) as bar:
            task = bar.add_task("encoding", total=count_cuts(cuts), note="")
            encode(
                cuts,
                folder,
                self.codec,
                share=(self.accelerator.process_index, self.accelerator.num_processes),
                strict=self.data.strict,
                stop=self.stop,
                advance=lambda count: bar.advance(task, count),
            )

    def _checked(
        self, store: Store, source: str, cuts: Path | None = None
    ) -> tuple[Store, tuple[str, ...]]:
        if store.summary.codec != self.codec.fingerprint:
            raise TrainError(
                f"{source} holds codes of codec {store.summary.codec[:_FINGERPRINT]}, but "
                f"data.codec {self.data.codec} is {self.codec.fingerprint[:_FINGERPRINT]}: "
                "name the codec it was encoded with"
            )
        rows = () if cuts is None else skipped_rows(cuts)
        return store, (*rows, *store.left_out())


@contextmanager
def own_folder(out: str | None) -> Iterator[None]:
    """Keep other runs out of the run folder during the block; it is made if needed.

    Of the processes of one run the first does so for all.

    Raises:
        TrainError: another run writes there.

    """
    ranks = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")  # accelerate's
    if out is None or any(int(os.environ.get(rank, "0")) for rank in ranks):
        yield
        return
    run = Path(out)
    with made_folder(run), only_writer(run, run / ".lock"):
        yield


def gather(recipe: Recipe, console: Console, stop: StopSignal) -> Inputs | None:
    """Read or make the codes of the corpora, train or load the tokenizer.

    Returns None where `stop` was requested before the encoding was done.
    """
    data = check_recipe(recipe).data
    if data.train is None or recipe.run.out is None:
        missing = "data.train" if data.train is None else "run.out"
        raise TrainError(f"{missing} is not set: give it in the recipe or as an override")
    for source in (data.train, data.eval):
        if source is not None and not is_store(source):
            guess_kind(Path(source))
    run = Path(recipe.run.out)
    accelerator = build_accelerator(recipe.run)
    codec = Codec.from_pretrained(data.codec, device=accelerator.device)
    check_model(recipe, codec)
    with made_folder(run):
        if accelerator.is_main_process:
            remove_leftovers(run)
        accelerator.wait_for_everyone()
        shop = Workshop(data, run, codec, accelerator, console, stop)
        train = shop.open(data.train)
        other = shop.open(data.eval) if train and data.eval is not None else None
        if train is None or (other is None and data.eval is not None):
            return None
        split = _split(recipe, train[0], None if other is None else other[0])
        with accelerator.main_process_first():
            texts, main = texts_of(*split.train), accelerator.is_main_process
            tokenizer = build_tokenizer(recipe, run, texts, main=main)
    skipped = (*train[1], *(other[1] if other else ()))
    return Inputs(run, accelerator, codec, tokenizer, split, skipped)


def _drawn(recipe: Recipe, clips: int, count: int | None) -> NDArray[np.int64]:
    """Draw clips to hold out, at most `data.eval_limit`, in the order of the corpus."""
    generator = torch.Generator().manual_seed(derive_seed(recipe.run.seed, "held-out"))
    order: NDArray[np.int64] = torch.randperm(clips, generator=generator).numpy()
    return np.sort(order[:count][: recipe.data.eval_limit])


def _split(recipe: Recipe, store: Store, other: Store | None) -> Split:
    """Hold out another corpus, or `data.eval_fraction` of the clips, at most `data.eval_limit`."""
    data, everything = recipe.data, np.arange(len(store))
    if other is not None:
        return Split((store, everything), (other, _drawn(recipe, len(other), None)))
    if not data.eval_fraction:
        return Split((store, everything), None)
    held = _drawn(recipe, len(store), max(1, round(len(store) * data.eval_fraction)))
    if len(held) == len(store):
        raise TrainError(f"nothing of {data.train} is left to train on: lower data.eval_fraction")
    return Split((store, np.delete(everything, held)), (store, held))
