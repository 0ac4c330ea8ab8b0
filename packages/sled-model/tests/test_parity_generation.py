"""Generation over the public API meets the golden numbers, given the golden noise.

The loop here is the shortest one that is right: one cache per guidance row, text read when the
layout says so. It obeys a stop while text is unread, as the original does.
"""

from dataclasses import dataclass, field

import pytest
import torch
from safetensors.torch import load_file
from sled_model import KVCache, Layout, SledModel, guide, layout_for

CASES = (
    ("offline/generate_cfg1", 0.8),
    ("offline/generate_cfg2", 0.8),
    ("offline/clone_cfg2", 0.8),
    ("streaming/generate_cfg1", 0.5),
    ("streaming/generate_cfg2", 0.5),
)
GO_ON, STOP = 0, 2


@dataclass
class Row:
    """One guidance row: its text, how much of it is read, its past, and its last state."""

    model: SledModel
    text: torch.Tensor
    cache: KVCache
    read: int = 0
    z: torch.Tensor = field(default_factory=lambda: torch.empty(0))

    def push(self, elements: torch.Tensor) -> None:
        self.z = self.model.backbone(elements[None], self.cache)[0, -1]

    def read_for(self, frame: int, layout: Layout) -> None:
        until = layout.tokens_before(frame, len(self.text))
        if until > self.read:
            self.push(self.model.embed_text(self.text[self.read : until]))
            self.read = until


def make_rows(model: SledModel, ids: torch.Tensor, cfg: float) -> list[Row]:
    texts = [ids] if cfg == 1 else [ids, layout_for(model.config).unconditional(ids)]
    limit = model.config.max_position_embeddings
    return [Row(model, text, KVCache.allocate(model.config, 1, limit)) for text in texts]


@torch.no_grad()
def generate(model, ids, prompt, noise, *, cfg, threshold, frames):
    """Give latents [S, D] (prompt included) and the flag of each drawn step."""
    layout, rows = layout_for(model.config), make_rows(model, ids, cfg)
    latents, flags = [], []
    while len(latents) < frames and STOP not in flags:
        for row in rows:
            row.read_for(len(latents), layout)
        if len(latents) < len(prompt):
            latents.append(prompt[len(latents)])
        else:
            z = rows[0].z if len(rows) == 1 else guide(rows[0].z, rows[1].z, cfg)
            ended = model.stop_logits(rows[0].z).sigmoid() >= threshold
            latents.append(model.sample(z, noise[len(flags)]))
            flags.append(STOP if ended else GO_ON)
        for row in rows:
            row.push(model.embed_latents(latents[-1][None]))
    return torch.stack(latents), flags


@pytest.mark.parametrize(("case", "threshold"), CASES)
def test_generation(case, threshold, parity):
    golden = load_file(parity / f"{case}.safetensors")
    model = SledModel.from_pretrained(parity / case.split("/")[0])
    frames = golden["latents"].shape[1]
    for row, (ids, mask) in enumerate(
        zip(golden["input_ids"], golden["attention_mask"].bool(), strict=True)
    ):
        prompt = golden["prompt_latents"][row] if "prompt_latents" in golden else ()
        latents, flags = generate(
            model,
            ids[mask],
            prompt,
            golden["noise"][:, row],
            cfg=float(golden["cfg"]),
            threshold=threshold,
            frames=frames,
        )
        wanted = golden["latents"][row, : len(latents)]
        torch.testing.assert_close(latents, wanted, rtol=1e-4, atol=1e-4)
        stored = golden["sequences"][row, -(frames - len(prompt)) :].tolist()
        assert flags == stored[: len(flags)]
        assert set(stored[len(flags) :]) <= {1}, "the original went on after our stop"
