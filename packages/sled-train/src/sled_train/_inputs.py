"""What a run reads: corpus, codec, codes and tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from rich.console import Console
from sled_codec import Codec
from sled_model import Tokenizer

from ._build import build_tokenizer
from ._checkpoint import remove_leftovers
from ._codes import CodeCache
from ._corpus import Clip, read_corpus
from ._dataset import Dataset, Keyed, Limits, build_dataset, encode_all
from ._errors import TrainError
from ._load import check_recipe
from ._recipe import Recipe
from ._sampler import derive_seed
from ._stop import StopSignal
from ._watch import progress_bar


@dataclass(frozen=True, slots=True)
class Split:
    """Training clips, held-out clips, and a line for each row that was skipped."""

    train: tuple[Clip, ...]
    held_out: tuple[Clip, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a run reads, before there is a model."""

    run: Path
    accelerator: Accelerator
    codec: Codec
    cache: CodeCache
    tokenizer: Tokenizer
    split: Split
    keyed: Keyed

    def datasets(self, recipe: Recipe, positions: int) -> tuple[Dataset, Dataset | None, list[str]]:
        """Training and held-out data that fit a model of so many positions; what did not fit."""
        limits = Limits(recipe.data, self.codec.frame_rate, positions)
        border = len(self.split.train)
        train, misfits = build_dataset(
            self.keyed.clips[:border], self.cache, self.tokenizer, limits
        )
        if not self.split.held_out:
            return train, None, misfits
        held_out, more = build_dataset(
            self.keyed.clips[border:], self.cache, self.tokenizer, limits
        )
        return train, held_out, misfits + more


def gather(recipe: Recipe, console: Console, stop: StopSignal) -> Inputs | None:
    """Read the corpus, encode what the cache lacks, train or load the tokenizer.

    Returns None where `stop` was requested before the encoding was done.
    """
    if recipe.data.train is None or recipe.run.out is None:
        missing = "data.train" if recipe.data.train is None else "run.out"
        raise TrainError(f"{missing} is not set: give it in the recipe or as an override")
    run = Path(check_recipe(recipe).run.out or "")
    split = read_split(recipe)
    accelerator = _accelerator(recipe)
    codec = Codec.from_pretrained(recipe.data.codec, device=accelerator.device)
    run.mkdir(parents=True, exist_ok=True)
    if accelerator.is_main_process:
        remove_leftovers(run)
    accelerator.wait_for_everyone()
    cache = CodeCache(Path(recipe.data.codes or run / "codes"), codec.fingerprint)
    share = (accelerator.process_index, accelerator.num_processes)
    with progress_bar(console) as bar:
        task = bar.add_task("encoding", total=None, note="")
        keyed = encode_all(
            (*split.train, *split.held_out),
            codec,
            cache,
            strict=recipe.data.strict,
            share=share,
            stop=stop,
            start=lambda total: bar.update(task, total=total),
            advance=lambda count: bar.advance(task, count),
        )
    accelerator.wait_for_everyone()
    if stop.requested:
        return None
    cache.refresh()
    with accelerator.main_process_first():
        tokenizer = build_tokenizer(recipe, run, [clip.text for clip in split.train])
    return Inputs(run, accelerator, codec, cache, tokenizer, split, keyed)


def read_split(recipe: Recipe) -> Split:
    """Read the corpora; without `data.eval`, `data.eval_fraction` of the clips is held out."""
    data = recipe.data
    corpus = read_corpus(data.train or "", strict=data.strict)
    if data.eval is not None:
        other = read_corpus(data.eval, strict=data.strict)
        held_out = other.clips[: data.eval_limit]
        return Split(corpus.clips, held_out, corpus.skipped + other.skipped)
    clips = corpus.clips
    held = set(_held_out(len(clips), data.eval_fraction, recipe.run.seed)[: data.eval_limit])
    if len(held) == len(clips):
        raise TrainError(f"nothing of {data.train} is left to train on: lower data.eval_fraction")
    return Split(
        train=tuple(clip for i, clip in enumerate(clips) if i not in held),
        held_out=tuple(clips[i] for i in sorted(held)),
        skipped=corpus.skipped,
    )


def _held_out(clips: int, fraction: float, seed: int) -> Sequence[int]:
    generator = torch.Generator().manual_seed(derive_seed(seed, "held-out"))
    order: list[int] = torch.randperm(clips, generator=generator).tolist()
    return order[: max(1, round(clips * fraction))] if fraction else []


def _accelerator(recipe: Recipe) -> Accelerator:
    if recipe.run.threads is not None:
        torch.set_num_threads(recipe.run.threads)
    return Accelerator(cpu=recipe.run.device == "cpu", mixed_precision="no")
