"""The decoding engine: one generator over an explicit key/value cache.

    for step in decode(model, utterances):
        step.latents   # one new frame of every utterance that still speaks

All utterances advance by one frame a step, in one pass over the weights. An utterance has a
conditional row in the cache and, if it is guided, an unconditional one that has lost its text
(2207.12598, classifier-free guidance; here on the hidden state the head is conditioned on). All
state lies in `Decoding`; nothing hides in the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from sled_model import KVCache, OfflineLayout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sled_model import SledModel
    from torch import Tensor

    from ._noise import Noise

STOP_THRESHOLD = 0.8


@dataclass(frozen=True)
class Utterance:
    """One thing to be said, in the model's own terms.

    Attributes:
        text_ids: int64 [T], T ≥ 1, on the CPU.
        prompt: latents [P, D] that stand as if already spoken; P may be 0.
        cfg: guidance: z = z_uncond + cfg · (z_cond − z_uncond); 1 needs no unconditional row.
        noise: where its noise comes from.
        max_frames: new frames after which it ends, stopped or not; at least 1.

    """

    text_ids: Tensor
    prompt: Tensor
    cfg: float
    noise: Noise
    max_frames: int

    @property
    def guided(self) -> bool:
        """Whether it needs an unconditional row."""
        return self.cfg != 1.0

    @property
    def positions(self) -> int:
        """How many positions it may come to fill."""
        return len(self.text_ids) + len(self.prompt) + self.max_frames


@dataclass(frozen=True)
class Step:
    """What one step of the engine gave.

    Attributes:
        speaking: numbers (places in the list given to `decode`) of those that got a frame.
        latents: [len(speaking), D], their frames, in that order.
        ended: number → whether it stopped by itself (else it ran into `max_frames`).

    """

    speaking: tuple[int, ...]
    latents: Tensor
    ended: dict[int, bool]


@dataclass
class Decoding:
    """The state of a batch: who speaks, and the rows of the cache.

    Rows of the cache: first the conditional ones, in the order of `active`, then the
    unconditional ones, in the order of `guided`.

    Attributes:
        active: numbers of the utterances that still speak.
        spoken: frames each of them has so far.
        guided: places in `active` of those with an unconditional row.
        scale: [len(guided), 1], their cfg.
        cache: the past of every row.

    """

    active: list[int]
    spoken: list[int]
    guided: list[int]
    scale: Tensor
    cache: KVCache

    def spread(self, elements: Tensor) -> Tensor:
        """Give every row of the cache its utterance's element: [active, ..] -> [rows, ..]."""
        if not self.guided:
            return elements
        if len(self.guided) == len(self.active):
            return torch.cat((elements, elements))
        return torch.cat((elements, elements[self.guided]))

    def guide(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Split hidden states [rows, H] into the conditional ones and the guided z, [active, H]."""
        count = len(self.active)
        conditional, unconditional = hidden[:count], hidden[count:]
        if not self.guided:
            return conditional, conditional
        if len(self.guided) == count:
            return conditional, torch.lerp(unconditional, conditional, self.scale)
        mixed = conditional.clone()
        mixed[self.guided] = torch.lerp(unconditional, conditional[self.guided], self.scale)
        return conditional, mixed

    def keep(self, places: Sequence[int]) -> None:
        """Let all but these places in `active` leave the batch."""
        count = len(self.active)
        pairs = {place: row for row, place in enumerate(self.guided)}
        unconditional = [pairs[place] for place in places if place in pairs]
        self.cache = self.cache.select([*places, *(count + row for row in unconditional)])
        self.scale = self.scale[unconditional]
        self.guided = [new for new, place in enumerate(places) if place in pairs]
        self.active = [self.active[place] for place in places]
        self.spoken = [self.spoken[place] for place in places]


@torch.inference_mode()
def decode(
    model: SledModel,
    utterances: Sequence[Utterance],
    *,
    stop_threshold: float = STOP_THRESHOLD,
) -> Iterator[Step]:
    """Speak all utterances at once, each as it would be spoken alone.

    An utterance ends when its stop probability, read from the unguided conditional row, reaches
    the threshold (the frame of that step is not speech and is not drawn), or after `max_frames`.

    Yields:
        One `Step` a frame, until all have ended. The generator holds all memory of the batch:
        closing it frees that.

    Raises:
        ModelError: an utterance has more positions than the model.

    """
    device, dtype = model.device, model.dtype
    state, hidden = prefill(model, utterances)
    while True:
        conditional, z = state.guide(hidden)
        stops = (model.stop_logits(conditional).float().sigmoid() >= stop_threshold).tolist()
        ended = {
            number: stop
            for number, stop, spoken in zip(state.active, stops, state.spoken, strict=True)
            if stop or spoken == utterances[number].max_frames
        }
        if len(ended) == len(state.active):
            yield Step((), z.new_empty(0, model.config.vae_embed_dim), ended)
            return
        if ended:
            places = [place for place, number in enumerate(state.active) if number not in ended]
            z = z[places]
            state.keep(places)
        noise = torch.stack([utterances[number].noise.draw() for number in state.active])
        latents = model.sample(z, noise.to(device, dtype))
        yield Step(tuple(state.active), latents, ended)
        state.spoken = [spoken + 1 for spoken in state.spoken]
        embedded = state.spread(model.embed_latents(latents))
        hidden = model.backbone(embedded[:, None], state.cache)[:, 0]


def prefill(model: SledModel, utterances: Sequence[Utterance]) -> tuple[Decoding, Tensor]:
    """Read all texts and prompts in one pass over all rows.

    Returns:
        The state, and the hidden state [rows, H] that predicts each row's first new frame.

    """
    device, dtype = model.device, model.dtype
    guided = [place for place, utterance in enumerate(utterances) if utterance.guided]
    layout = OfflineLayout()
    texts = [utterance.text_ids for utterance in utterances]
    texts += [layout.unconditional(texts[place]) for place in guided]
    prompts = [utterances[place].prompt for place in (*range(len(utterances)), *guided)]
    counts = [len(text) + len(prompt) for text, prompt in zip(texts, prompts, strict=True)]
    x = torch.zeros(len(counts), max(counts), model.config.hidden_size, device=device, dtype=dtype)
    for row, (text, prompt) in enumerate(zip(texts, prompts, strict=True)):
        x[row, : len(text)] = model.embed_text(text.to(device))
        if len(prompt):
            x[row, len(text) : counts[row]] = model.embed_latents(prompt.to(device, dtype))
    capacity = max(utterance.positions for utterance in utterances)
    cache = KVCache.allocate(model.config, len(counts), capacity, dtype=dtype, device=device)
    hidden = model.backbone(x, cache, counts)
    last = torch.tensor(counts, device=device) - 1
    scale = torch.tensor([utterances[place].cfg for place in guided], device=device, dtype=dtype)
    state = Decoding(
        active=list(range(len(utterances))),
        spoken=[0] * len(utterances),
        guided=guided,
        scale=scale[:, None],
        cache=cache,
    )
    return state, hidden[torch.arange(len(counts), device=device), last]
