"""The causal transformer: pre-norm RMSNorm, rotary attention, SwiGLU (the Llama architecture).

Sources: 2302.13971 (Llama), 2104.09864 (RoPE, in its half-rotation form), 2002.05202 (SwiGLU),
1910.07467 (RMSNorm). Query/key/value and gate/up projections are fused into one matrix each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from ._errors import ModelError
from ._norm import RMSNorm
from ._step import Stepper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._cache import KVCache, Step
    from ._config import SledConfig


class Rotary(nn.Module):
    """Cosines and sines of every position, [positions, head size / 2] each."""

    cos: Tensor
    sin: Tensor
    same: Tensor
    swap: Tensor

    def __init__(self, config: SledConfig) -> None:
        super().__init__()
        self.size: int = config.head_dim
        self.theta: float = config.rope_theta
        self.positions: int = config.max_position_embeddings
        self.register_buffer("cos", torch.empty(0), persistent=False)
        self.register_buffer("sin", torch.empty(0), persistent=False)
        self.register_buffer("same", torch.empty(0), persistent=False)
        self.register_buffer("swap", torch.empty(0), persistent=False)
        self.fill("cpu")

    def fill(self, device: torch.device | str) -> None:
        """Compute the tables on a device (they are not stored with the weights)."""
        exponent = torch.arange(0, self.size, 2, device=device, dtype=torch.float32) / self.size
        place = torch.arange(self.positions, device=device, dtype=torch.float32)
        angle = torch.outer(place, self.theta**-exponent)
        self.cos, self.sin = angle.cos(), angle.sin()
        self.same = torch.eye(self.size, device=device)
        self.swap = self.same.roll(self.size // 2, 1)
        self.swap[self.size // 2 :].neg_()

    def forward(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Look up positions [.., L]; give tables [.., 1, L, head size / 2] for all heads."""
        return self.cos[positions].unsqueeze(-3), self.sin[positions].unsqueeze(-3)

    def matrices(self, positions: Tensor) -> Tensor:
        """Give for positions [n] the matrices [n, size, size] that turn a row x by x @ matrix."""
        cos, sin = self.cos[positions].repeat(1, 2), self.sin[positions].repeat(1, 2)
        return torch.addcmul(self.same * cos[:, None], self.swap, sin[:, None])


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate each pair (x_i, x_{i + size/2}) of [B, heads, L, size] by its position's angle."""
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Attention(nn.Module):
    """Causal self-attention with rotary positions and optionally grouped keys and values."""

    def __init__(self, config: SledConfig) -> None:
        super().__init__()
        self.size: int = config.head_dim
        self.heads: int = config.num_attention_heads
        self.groups: int = config.num_key_value_heads
        self.dropout: float = config.attention_dropout
        self.qkv = nn.Linear(
            config.hidden_size, (self.heads + 2 * self.groups) * self.size, bias=False
        )
        self.output = nn.Linear(self.heads * self.size, config.hidden_size, bias=False)

    def forward(
        self,
        x: Tensor,
        tables: tuple[Tensor, Tensor],
        past: tuple[int, KVCache, Step] | None,
    ) -> Tensor:
        """Attend [B, L, H] -> [B, L, H]; `past` is (layer, cache, step) when decoding."""
        batch, length, _ = x.shape
        heads = self.qkv(x).view(batch, length, -1, self.size).transpose(1, 2)
        query, key, value = heads.split((self.heads, self.groups, self.groups), dim=1)
        query, key = rotate(query, *tables), rotate(key, *tables)
        mask, causal = None, True
        if past is not None:
            layer, cache, step = past
            keys, values = cache.append(layer, key, value, step)
            mask, causal = step.mask, step.causal
            key, value = keys.to(query.dtype), values.to(query.dtype)
        mixed = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=causal,
            enable_gqa=self.groups != self.heads,
        )
        merged: Tensor = self.output(mixed.transpose(1, 2).reshape(batch, length, -1))
        return merged


class FeedForward(nn.Module):
    """SwiGLU: contract(silu(gate(x)) * up(x))."""

    def __init__(self, config: SledConfig) -> None:
        super().__init__()
        self.gate_up = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.down = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.dropout = nn.Dropout(config.activation_dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map [.., H] -> [.., H]."""
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        out: Tensor = self.down(self.dropout(F.silu(gate)) * up)
        return out


class Layer(nn.Module):
    """Attention and feed-forward, each on a normalised input and added back."""

    def __init__(self, config: SledConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.attention = Attention(config)
        self.feed_forward_norm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.feed_forward = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        tables: tuple[Tensor, Tensor],
        past: tuple[int, KVCache, Step] | None,
    ) -> Tensor:
        """Map [B, L, H] -> [B, L, H]."""
        x = x + self.dropout(self.attention(self.attention_norm(x), tables, past))
        out: Tensor = x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return out


class Backbone(nn.Module):
    """The stack of layers and the final norm.

    Attributes:
        checkpointing: in training, keep only each layer's input and compute the layer again for
            its gradient (1604.06174): less memory, a third more work, the same numbers.

    """

    def __init__(self, config: SledConfig) -> None:
        super().__init__()
        self.checkpointing = False
        self.rotary = Rotary(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(
        self, x: Tensor, cache: KVCache | None = None, counts: Sequence[int] | None = None
    ) -> Tensor:
        """Compute hidden states after the final norm.

        Args:
            x: embeddings [B, L, H]. Without a cache, rows start at position 0; with one, the L
                elements are appended at each row's own length.
            cache: the rows' past; written and advanced.
            counts: how many of the L elements are real in each row, the rest being padding on the
                right whose hidden states mean nothing; None for all. Only with a cache (without
                one, causal attention never lets padding be seen).

        Returns:
            Hidden states [B, L, H].

        Raises:
            ModelError: more positions than the model or the cache has.

        """
        batch, length, _ = x.shape
        if cache is not None and length == 1 and not (self.training or torch.is_grad_enabled()):
            return Stepper(self, once=True)(x[:, 0].clone(), cache, counts)[:, None]
        if cache is None:
            self._check_length(length)
            tables = self.rotary(torch.arange(length, device=x.device))
        else:
            step = cache.begin(batch, length)
            tables = self.rotary(step.positions)
        again = self.checkpointing and cache is None and torch.is_grad_enabled()
        for number, layer in enumerate(self.layers):
            past = None if cache is None else (number, cache, step)
            if again:
                x = checkpoint(layer, x, tables, past, use_reentrant=False)
            else:
                x = layer(x, tables, past)
        if cache is not None:
            cache.advance(length if counts is None else counts)
        hidden: Tensor = self.norm(x)
        return hidden

    def _check_length(self, length: int) -> None:
        if length > self.rotary.positions:
            msg = (
                f"sequence: {length} text tokens and frames, but the model has "
                f"{self.rotary.positions} positions; shorten the sample"
            )
            raise ModelError(msg)
