"""The held-out loss with fixed noise, and held-out texts spoken aloud."""

from collections.abc import Sequence
from typing import Protocol

import torch
from sled_codec import Codec
from sled_model import SledModel, Tokenizer
from torch import Tensor

from ._dataset import Dataset
from ._objective import Counts, autocast, named_parts
from ._sampler import cut_micro, derive_seed
from ._setup import TrainState
from ._watch import Watch


class Speak(Protocol):
    """How a run lets its model speak; the generation itself lives in another package."""

    def __call__(
        self, model: SledModel, tokenizer: Tokenizer, codec: Codec, texts: Sequence[str], seed: int
    ) -> Sequence[Tensor]:
        """Return a mono waveform `[samples]` at the codec's rate for each text."""
        ...


@torch.no_grad()
def evaluate(state: TrainState, data: Dataset) -> dict[str, float]:
    """Return loss, energy, stop, attraction and repulsion over `data`, without dropout.

    The noise depends on `run.seed` only, so that evaluations compare.
    """
    recipe = state.recipe
    counts = Counts.of(data.frames)
    micros = cut_micro(range(len(data.items)), data.positions, recipe.data.micro_frames)
    parts = torch.zeros(4, device=state.device)
    rank, processes = state.accelerator.process_index, state.accelerator.num_processes
    state.model.train(mode=False)
    for number in range(rank, len(micros), processes):
        seed = derive_seed(recipe.run.seed, "evaluation", number)
        generator = torch.Generator(state.device).manual_seed(seed)
        batch = data.collate(micros[number], state.codec, state.device)
        with autocast(state.device, recipe.run.precision):
            parts += counts.parts(state.model.loss(batch, state.layout, generator=generator))
    state.model.train()
    return named_parts(state.accelerator.reduce(parts, reduction="sum"))


@torch.no_grad()
def log_audio(
    state: TrainState, data: Dataset, watch: Watch, speak: Speak | None, *, first: bool
) -> None:
    """Log the first held-out texts as spoken by the model, and once as the codec returns them."""
    step = state.progress.step
    items = data.items[: state.recipe.run.eval_audio]
    rate = state.codec.sample_rate
    if first:
        for number, item in enumerate(items):
            latents = state.codec.latents(data.cache[item.key].to(state.device).long())
            watch.audio(step, f"reconstruction/{number}", state.codec.decode(latents), rate)
            watch.text(step, f"text/{number}", item.clip.text)
    if speak is None or not items:
        return
    state.model.train(mode=False)
    texts = [item.clip.text for item in items]
    try:
        waves = speak(state.model, state.tokenizer, state.codec, texts, state.recipe.run.seed)
        for number, wave in enumerate(waves):
            watch.audio(step, f"speech/{number}", wave, rate)
    except ValueError as error:
        # A half-trained model may say nothing at all; that must not end the training.
        watch.say(f"step {step}: the model did not speak: {error}")
    state.model.train()
