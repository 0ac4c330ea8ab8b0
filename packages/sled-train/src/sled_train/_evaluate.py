"""The held-out loss with fixed noise, and held-out texts spoken aloud."""

from collections.abc import Sequence
from typing import Protocol

import torch
from sled_codec import Codec
from sled_model import SledModel, Tokenizer
from torch import Tensor

from ._dataset import Dataset
from ._keep import speaking_model
from ._objective import PARTS, Counts, named_parts
from ._parallel import turns
from ._precision import autocast
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
    """Return the parts of the loss over `data`, without dropout.

    The noise depends on `run.seed` only, so that evaluations compare.
    """
    recipe = state.recipe
    counts = Counts.of(data.frames.tolist())
    micros = cut_micro(range(len(data)), data.frames, recipe.data.micro_frames)
    parts = torch.zeros(PARTS, device=state.device)
    state.model.train(mode=False)
    for number, weight, _ in turns(len(micros), state.accelerator):
        seed = derive_seed(recipe.run.seed, "evaluation", number)
        generator = torch.Generator(state.device).manual_seed(seed)
        batch = data.collate(micros[number], state.codec, state.device)
        with autocast(state.device, recipe.run.precision):
            _, shares = state.objective(batch, generator, counts)
        parts += weight * shares
    state.model.train()
    return named_parts(state.accelerator.reduce(parts, reduction="sum"), counts)


@torch.no_grad()
def log_audio(
    state: TrainState, data: Dataset, watch: Watch, speak: Speak | None, *, first: bool
) -> None:
    """Log the first held-out texts as spoken by the model, and once as the codec returns them."""
    texts = [data.row(clip).text for clip in range(min(len(data), state.recipe.run.eval_audio))]
    if not texts:
        return
    model = speaking_model(state) if speak is not None else None
    if state.accelerator.is_main_process:
        if first:
            _log_originals(state, data, watch, texts)
        if model is not None and speak is not None:
            _log_speech(state, model, watch, speak, texts)
    state.accelerator.wait_for_everyone()


def _log_originals(state: TrainState, data: Dataset, watch: Watch, texts: Sequence[str]) -> None:
    step, codec = state.progress.step, state.codec
    for clip, text in enumerate(texts):
        latents = codec.latents(data.codes(clip).to(state.device).long())
        watch.audio(step, f"reconstruction/{clip}", codec.decode(latents), codec.sample_rate)
        watch.text(step, f"text/{clip}", text)


def _log_speech(
    state: TrainState, model: SledModel, watch: Watch, speak: Speak, texts: Sequence[str]
) -> None:
    step, codec = state.progress.step, state.codec
    model.train(mode=False)
    try:
        waves = speak(model, state.tokenizer, codec, texts, state.recipe.run.seed)
        for number, wave in enumerate(waves):
            watch.audio(step, f"speech/{number}", wave, codec.sample_rate)
    except ValueError as error:
        # A half-trained model may say nothing at all; that must not end the training.
        watch.say(f"step {step}: the model did not speak: {error}")
    state.model.train()
