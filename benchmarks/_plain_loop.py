"""Decoding written down as straightforwardly as it can be: what the speed benchmarks compare to.

transformers' LlamaModel with its dynamic cache; embeddings, masks and latents that are
concatenated at every step; both guidance rows in one batch; the same weights as a `SledModel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import layer_norm, silu
from transformers import DynamicCache, LlamaConfig, LlamaModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sled_model import SledModel
    from torch import Tensor


def llama_of(model: SledModel) -> LlamaModel:
    """Give transformers' model the weights of ours, its projections one by one."""
    ours = model.config
    names = (
        "hidden_size intermediate_size num_hidden_layers num_attention_heads "
        "num_key_value_heads max_position_embeddings rms_norm_eps"
    )
    sizes = {name: getattr(ours, name) for name in names.split()}
    llama = LlamaModel(LlamaConfig(vocab_size=8, head_dim=ours.head_dim, **sizes))
    query, key = ours.num_attention_heads * ours.head_dim, ours.num_key_value_heads * ours.head_dim
    pairs: Iterable[tuple[Any, Any]] = zip(llama.layers, model.backbone.layers, strict=True)
    with torch.no_grad():
        for theirs, layer in pairs:
            parts = [*layer.attention.qkv.weight.split((query, key, key))]
            targets = [theirs.self_attn.q_proj, theirs.self_attn.k_proj, theirs.self_attn.v_proj]
            parts += layer.feed_forward.gate_up.weight.chunk(2)
            targets += [theirs.mlp.gate_proj, theirs.mlp.up_proj]
            parts += [layer.attention.output.weight, layer.feed_forward.down.weight]
            targets += [theirs.self_attn.o_proj, theirs.mlp.down_proj]
            parts += [layer.attention_norm.weight, layer.feed_forward_norm.weight]
            targets += [theirs.input_layernorm, theirs.post_attention_layernorm]
            for target, part in zip(targets, parts, strict=True):
                target.weight.copy_(part)
        llama.norm.weight.copy_(model.backbone.norm.weight)
    torch.nn.Module.to(llama, model.device, model.dtype)
    llama.eval()  # type: ignore[no-untyped-call]  # transformers leaves it so
    return llama


def draw(model: SledModel, z: Tensor, noise: Tensor) -> Tensor:
    """Draw latents with the head, block by block."""
    head: Any = model.head
    x, y = head.condition_in(z), head.noise_in(noise)
    for block in head.blocks:
        shift, scale, gate = block.modulation(silu(block.noise_norm(y))).chunk(3, dim=-1)
        inner = layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift
        x = x + gate * block.outer(silu(block.inner(inner)))
    shift, scale = head.modulation(silu(y)).chunk(2, dim=-1)
    out: Tensor = head.output(layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift)
    return out


class PlainLoop:
    """Speaks a batch of equally long texts frame by frame.

    `chunk` is (n, m) for text that is read n tokens before every m frames, None for all at once.
    """

    def __init__(
        self, model: SledModel, ids: Tensor, cfg: float, chunk: tuple[int, int] | None
    ) -> None:
        self.model, self.llama, self.cfg = model, llama_of(model), cfg
        self.ids, self.chunk = ids, chunk

    @torch.no_grad()
    def run(self, frames: int, noise: Tensor) -> Iterator[Tensor]:
        """Speak frame by frame: all latents so far [B, t, D], for noise [frames, B, K]."""
        batch, rows = len(self.ids), len(self.ids) * (1 if self.cfg == 1 else 2)
        cache = DynamicCache(config=self.llama.config)
        embeddings = self.model.embed_text(self.ids[:, :0]).repeat(rows // batch, 1, 1)
        mask = self.ids.new_zeros(rows, 0)
        latents = noise.new_zeros(batch, 0, self.model.config.vae_embed_dim)
        for frame in range(frames):
            text = self._text_before(frame)
            if text.shape[1]:
                new = self.model.embed_text(text).repeat(rows // batch, 1, 1)
                embeddings = torch.cat((embeddings, new), dim=1)
                mask = torch.cat((mask, mask.new_ones(rows, text.shape[1])), dim=1)
            z = self.llama(
                inputs_embeds=embeddings[:, cache.get_seq_length() :],
                attention_mask=mask,
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state[:, -1]
            torch.sigmoid(self.model.stop(z[:batch])).max().item()
            if rows > batch:
                z = z[batch:] + self.cfg * (z[:batch] - z[batch:])
            latent = draw(self.model, z, noise[frame])
            latents = torch.cat((latents, latent[:, None]), dim=1)
            new = self.model.embed_latents(latent)[:, None].repeat(rows // batch, 1, 1)
            embeddings = torch.cat((embeddings, new), dim=1)
            mask = torch.cat((mask, mask.new_ones(rows, 1)), dim=1)
            yield latents

    def _text_before(self, frame: int) -> Tensor:
        if self.chunk is None:
            return self.ids if frame == 0 else self.ids[:, :0]
        tokens, every = self.chunk
        if frame % every:
            return self.ids[:, :0]
        return self.ids[:, frame // every * tokens :][:, :tokens]
