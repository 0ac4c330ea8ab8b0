"""What a run would be: sizes, hours, memory; nothing is trained and nothing is written.

Memory for activations is measured, not guessed: a model of the recipe's widths with one layer
goes forward on a short batch, then on one twice as long, then with a second layer and a second
block of the head; what autograd keeps grows linearly in all three.
"""

import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sled_codec import Codec, CodecError
from sled_model import Batch, SledConfig, SledModel, Tokenizer, layout_for
from torch import Tensor

from ._build import build_config, saved_tokenizer, with_initial_model
from ._checkpoint import list_checkpoints, load_progress
from ._errors import TrainError
from ._load import check_recipe
from ._muon import spared_bytes
from ._precision import autocast, bytes_per_parameter, move, weights_dtype
from ._recipe import Recipe
from ._sampler import BatchSampler
from .data import Store, guess_kind, is_store, prepare, survey

_GB = 1e9
_FRAME_RATE = 75.0
_SHORT = 32
_FRAMES_A_TOKEN = 8
_SMALL_VOCABULARY = 260


@dataclass(frozen=True, slots=True)
class Plan:
    """What `train(recipe)` would do."""

    parameters: int
    vocab_size: int
    """Of the tokenizer; an upper limit where it is still to be trained."""
    clips: int
    """Of the training corpus, within `data.min_seconds` and `data.max_seconds`."""
    hours: float
    """Of the training corpus."""
    first_step: int
    """Steps that a checkpoint has already."""
    steps: int
    hours_per_step: float
    hours_seen: float
    """By all steps."""
    epochs: float
    processes: int
    layout: str
    """As `LayoutRecipe.title`."""
    precision: str
    state_gb: float
    """Weights, gradients and optimizer in each process."""
    activations_gb: float
    """What a forward pass over one micro-batch keeps for its backward pass."""

    @property
    def memory_gb(self) -> float:
        """Estimate of the memory that each process needs, codec and buffers apart."""
        return self.state_gb + self.activations_gb

    def facts(self) -> dict[str, Any]:
        """All numbers by name."""
        return {**asdict(self), "memory_gb": self.memory_gb}


def dry_run(recipe: Recipe) -> Plan:
    """Say what `train(recipe)` would do; reads the corpus's lengths and writes nothing.

    Raises:
        TrainError: recipe or corpus do not fit.
        ValueError: the errors of `sled_codec` and `sled_model`, for damaged models.

    """
    recipe = with_initial_model(check_recipe(recipe))
    if recipe.data.train is None:
        raise TrainError("data.train is not set: give it in the recipe or as an override")
    run = None if recipe.run.out is None else Path(recipe.run.out)
    vocabulary = _vocabulary(recipe, run)
    config = build_config(recipe, vocabulary)
    with torch.device("meta"):
        model = SledModel(config)
    parameters = sum(p.numel() for p in model.parameters())
    frames, rate = _lengths(recipe)
    batches = len(BatchSampler(frames, recipe.data.batch_frames, seed=0).batches(0))
    hours = float(frames.sum(dtype=float)) / rate / 3600
    checkpoints = [] if run is None else list_checkpoints(run)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    each = bytes_per_parameter(recipe.run.precision, compensated=recipe.optim.compensate)
    shared = processes if recipe.run.parallel == "fsdp" else 1
    spared = spared_bytes(model) if recipe.optim.kind == "muon" else 0
    micro = min(recipe.data.micro_frames, recipe.data.batch_frames, int(frames.sum(dtype=float)))
    return Plan(
        parameters=parameters,
        vocab_size=vocabulary,
        clips=len(frames),
        hours=hours,
        first_step=load_progress(checkpoints[-1]).step if checkpoints else 0,
        steps=recipe.run.steps,
        hours_per_step=hours / batches,
        hours_seen=hours / batches * recipe.run.steps,
        epochs=recipe.run.steps / batches,
        processes=processes,
        layout=recipe.layout.title,
        precision=recipe.run.precision,
        state_gb=(parameters * each - spared) / shared / _GB,
        activations_gb=micro * activation_bytes(recipe) / _GB,
    )


def activation_bytes(recipe: Recipe) -> float:
    """Bytes that a forward pass keeps for each frame of a batch, text included."""
    config = build_config(recipe, _SMALL_VOCABULARY)
    one = _per_frame(recipe, config, layers=1, blocks=1)
    layer = _per_frame(recipe, config, layers=2, blocks=1) - one
    block = _per_frame(recipe, config, layers=1, blocks=2) - one
    return one + (config.num_hidden_layers - 1) * layer + (config.diffloss_d - 1) * block


def _per_frame(recipe: Recipe, config: SledConfig, *, layers: int, blocks: int) -> float:
    fields = {**config.to_dict(), "num_hidden_layers": layers, "diffloss_d": blocks}
    with torch.random.fork_rng(devices=[]):
        model = SledModel(SledConfig(**fields))
        move(model, weights_dtype(recipe.run.precision))
        model.backbone.checkpointing = recipe.run.checkpointing
        model.train()
        short, long = (_kept(model, recipe, frames) for frames in (_SHORT, 2 * _SHORT))
    return (long - short) / _SHORT


def _kept(model: SledModel, recipe: Recipe, frames: int) -> int:
    """Count the bytes that autograd keeps of a clip, weights apart."""
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept.setdefault(tensor.untyped_storage().data_ptr(), tensor)
        return tensor

    text = frames // _FRAMES_A_TOKEN
    batch = Batch(
        text_ids=torch.full((1, text), _SMALL_VOCABULARY - 1),
        text_lengths=torch.tensor([text]),
        latents=torch.zeros(1, frames, model.config.vae_embed_dim),
        frame_lengths=torch.tensor([frames]),
    )
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        autocast(torch.device("cpu"), recipe.run.precision),
    ):
        model.loss(batch, layout_for(model.config), generator=torch.Generator())
    return sum(t.untyped_storage().nbytes() for at, t in kept.items() if at not in weights)


def _vocabulary(recipe: Recipe, run: Path | None) -> int:
    saved = None if run is None else saved_tokenizer(run)
    source = saved or recipe.data.tokenizer or recipe.run.init_from
    return Tokenizer.from_pretrained(source).vocab_size if source else recipe.data.vocab_size


def _lengths(recipe: Recipe) -> tuple[NDArray[np.int64], float]:
    """Return the frames of every clip that is long and short enough, and frames a second."""
    data = recipe.data
    source = Path(data.train or "")
    if is_store(source):
        store = Store(source)
        rate = store.summary.frame_rate
        seconds = store.frames / rate
    else:
        rate = _frame_rate(data.codec)
        with tempfile.TemporaryDirectory() as folder:
            cuts = Path(folder) / "cuts.jsonl"
            prepare(guess_kind(source), source, cuts, strict=data.strict)
            seconds = survey(cuts).seconds
    fitting = seconds[(seconds >= data.min_seconds) & (seconds <= data.max_seconds)]
    if not len(fitting):
        raise TrainError(f"{source}: no clip has data.min_seconds to data.max_seconds")
    frames: NDArray[np.int64] = np.maximum(1, np.ceil(fitting * rate)).astype(np.int64)
    return frames, rate


def _frame_rate(codec: str) -> float:
    """Frames a second of a codec that is at hand; that of EnCodec at 24 kHz of one that is not."""
    with suppress(CodecError):
        return Codec.from_pretrained(codec, local_files_only=True).frame_rate
    return _FRAME_RATE
