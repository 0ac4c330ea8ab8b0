"""Everything a run needs before its first step, from a recipe and the run folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from rich.console import Console
from sled_codec import Codec, atomic_write
from sled_model import Layout, SledModel, Tokenizer, layout_for
from torch import nn

from ._build import build_model, build_tokenizer, with_initial_sizes
from ._checkpoint import Progress, list_checkpoints, load_optimizer, load_progress, remove_leftovers
from ._codes import CodeCache
from ._corpus import Clip, read_corpus
from ._dataset import Dataset, Keyed, build_dataset, encode_all
from ._errors import TrainError
from ._load import check_recipe, recipe_to_yaml
from ._objective import Objective
from ._optim import build_optimizer
from ._recipe import Recipe
from ._sampler import BatchSampler, derive_seed
from ._stop import StopSignal
from ._watch import progress_bar


@dataclass
class TrainState:
    """A run between two steps."""

    recipe: Recipe
    run: Path
    accelerator: Accelerator
    codec: Codec
    tokenizer: Tokenizer
    model: SledModel
    objective: nn.Module
    layout: Layout
    optimizer: torch.optim.AdamW
    sampler: BatchSampler
    data: Dataset
    held_out: Dataset | None
    skipped: tuple[str, ...]
    progress: Progress

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        device: torch.device = self.accelerator.device
        return device


def setup(recipe: Recipe, console: Console, stop: StopSignal) -> TrainState | None:
    """Read, encode, build, and resume from the run folder's last checkpoint if it has one.

    Returns None where `stop` was requested before the encoding was done.

    Raises:
        TrainError: the recipe, the corpus or the run folder do not fit.
    """
    if recipe.data.train is None or recipe.run.out is None:
        missing = "data.train" if recipe.data.train is None else "run.out"
        raise TrainError(f"{missing} is not set: give it in the recipe or as an override")
    check_recipe(recipe)
    run = Path(recipe.run.out)
    accelerator = _accelerator(recipe)
    codec = Codec.from_pretrained(recipe.data.codec, device=accelerator.device)
    train, held_out, skipped = _read(recipe)
    run.mkdir(parents=True, exist_ok=True)
    if accelerator.is_main_process:
        remove_leftovers(run)
    cache = CodeCache(Path(recipe.data.codes or run / "codes"), codec.fingerprint)
    keyed = _encode(recipe, accelerator, codec, cache, [*train, *held_out], console, stop)
    if keyed is None:
        return None

    checkpoint = next(reversed(list_checkpoints(run)), None)
    with accelerator.main_process_first():
        tokenizer = build_tokenizer(recipe, run, [clip.text for clip in train])
    recipe = with_initial_sizes(recipe, run)
    model = build_model(recipe, checkpoint, tokenizer, codec).to(accelerator.device)
    layout = layout_for(model.config)
    fit = partial(build_dataset, cache, tokenizer, recipe.data, codec.frame_rate)
    data, misfits = fit(keyed.clips[: len(train)], model.config.max_position_embeddings)
    held, more = None, []
    if held_out:
        held, more = fit(keyed.clips[len(train) :], model.config.max_position_embeddings)
    optimizer = build_optimizer(model, recipe.optim)
    sampler = BatchSampler(
        data.frames,
        recipe.data.batch_size,
        recipe.run.seed,
        recipe.data.batch_frames,
        recipe.data.bucket,
    )
    progress = Progress(0, recipe.run.seed, sampler.state(), data.fingerprint())
    if checkpoint is not None:
        progress = _resume(checkpoint, progress, optimizer, model, sampler)
    report = (*skipped, *keyed.skipped, *misfits, *more)
    if accelerator.is_main_process:
        for name, text in {
            "recipe.yaml": recipe_to_yaml(recipe),
            "skipped.txt": "".join(f"{line}\n" for line in report),
        }.items():
            with atomic_write(run / name) as file:
                file.write(text.encode())
    return TrainState(
        recipe=recipe,
        run=run,
        accelerator=accelerator,
        codec=codec,
        tokenizer=tokenizer,
        model=model,
        objective=accelerator.prepare(Objective(model, layout)),
        layout=layout,
        optimizer=optimizer,
        sampler=sampler,
        data=data,
        held_out=held,
        skipped=report,
        progress=progress,
    )


def _accelerator(recipe: Recipe) -> Accelerator:
    if recipe.run.threads is not None:
        torch.set_num_threads(recipe.run.threads)
    return Accelerator(
        cpu=recipe.run.device == "cpu",
        mixed_precision="no",
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )


def _read(recipe: Recipe) -> tuple[list[Clip], list[Clip], tuple[str, ...]]:
    """Training clips, held-out clips, skipped rows."""
    data = recipe.data
    corpus = read_corpus(data.train or "", strict=data.strict)
    train, skipped = list(corpus.clips), corpus.skipped
    held_out: list[Clip] = []
    if data.eval is not None:
        other = read_corpus(data.eval, strict=data.strict)
        held_out, skipped = list(other.clips), skipped + other.skipped
    elif data.eval_fraction > 0:
        generator = torch.Generator().manual_seed(derive_seed(recipe.run.seed, "held-out"))
        order = torch.randperm(len(train), generator=generator).tolist()
        count = max(1, round(len(train) * data.eval_fraction))
        chosen = set(order[:count])
        held_out = [clip for i, clip in enumerate(train) if i in chosen]
        train = [clip for i, clip in enumerate(train) if i not in chosen]
    if not train:
        raise TrainError(f"nothing is left to train on: lower data.eval_fraction for {data.train}")
    return train, held_out[: data.eval_limit], skipped


def _encode(
    recipe: Recipe,
    accelerator: Accelerator,
    codec: Codec,
    cache: CodeCache,
    clips: Sequence[Clip],
    console: Console,
    stop: StopSignal,
) -> Keyed | None:
    share = (accelerator.process_index, accelerator.num_processes)
    with progress_bar(console) as bar:
        task = bar.add_task("encoding", total=None, note="")
        keyed = encode_all(
            clips,
            codec,
            cache,
            strict=recipe.data.strict,
            share=share,
            stop=stop,
            start=lambda total: bar.update(task, total=total),
            advance=lambda count: bar.advance(task, count),
        )
    accelerator.wait_for_everyone()
    cache.refresh()
    return None if stop.requested else keyed


def _resume(
    checkpoint: Path,
    fresh: Progress,
    optimizer: torch.optim.Optimizer,
    model: SledModel,
    sampler: BatchSampler,
) -> Progress:
    progress = load_progress(checkpoint)
    for name in ("seed", "corpus"):
        then, now = getattr(progress, name), getattr(fresh, name)
        if then != now:
            raise TrainError(
                f"{checkpoint} was trained with {name} {then}, now it is {now}: "
                "restore it, or start another run with run.init_from"
            )
    load_optimizer(checkpoint, optimizer, model)
    sampler.restore(progress.sampler)
    return progress
