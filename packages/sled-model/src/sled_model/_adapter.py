"""Published parameter names to ours and back, strictly.

The published layout is the storage format; our modules have their own names and fuse the
query/key/value and the gate/up matrices. Each of our tensors is one published tensor or several
of them stacked along the first dimension.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch

from ._errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from ._config import SledConfig

_RENAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"text_embedding\.weight", ("model.embed_tokens.weight",)),
    (r"latent_in\.(\w+)", (r"z_proj.\1",)),
    (r"input_norm\.(\w+)", (r"z_proj_ln.\1",)),
    (r"stop\.weight", ("eos_head.weight",)),
    (r"stop_weight", ("bceloss.pos_weight",)),
    (r"backbone\.norm\.weight", ("model.norm.weight",)),
    (
        r"backbone\.layers\.(\d+)\.attention\.qkv\.weight",
        tuple(rf"model.layers.\1.self_attn.{part}_proj.weight" for part in "qkv"),
    ),
    (
        r"backbone\.layers\.(\d+)\.attention\.output\.weight",
        (r"model.layers.\1.self_attn.o_proj.weight",),
    ),
    (
        r"backbone\.layers\.(\d+)\.feed_forward\.gate_up\.weight",
        (r"model.layers.\1.mlp.gate_proj.weight", r"model.layers.\1.mlp.up_proj.weight"),
    ),
    (
        r"backbone\.layers\.(\d+)\.feed_forward\.down\.weight",
        (r"model.layers.\1.mlp.down_proj.weight",),
    ),
    (
        r"backbone\.layers\.(\d+)\.attention_norm\.weight",
        (r"model.layers.\1.input_layernorm.weight",),
    ),
    (
        r"backbone\.layers\.(\d+)\.feed_forward_norm\.weight",
        (r"model.layers.\1.post_attention_layernorm.weight",),
    ),
    (r"head\.noise_in\.(\w+)", (r"scoreloss.net.input_proj.\1",)),
    (r"head\.condition_in\.(\w+)", (r"scoreloss.net.cond_embed.\1",)),
    (r"head\.modulation\.(\w+)", (r"scoreloss.net.final_layer.adaLN_modulation.1.\1",)),
    (r"head\.output\.(\w+)", (r"scoreloss.net.final_layer.linear.\1",)),
    (r"head\.blocks\.(\d+)\.noise_norm\.(\w+)", (r"scoreloss.net.res_blocks.\1.noise_ln.\2",)),
    (
        r"head\.blocks\.(\d+)\.modulation\.(\w+)",
        (r"scoreloss.net.res_blocks.\1.adaLN_modulation.1.\2",),
    ),
    (r"head\.blocks\.(\d+)\.inner\.(\w+)", (r"scoreloss.net.res_blocks.\1.mlp.0.\2",)),
    (r"head\.blocks\.(\d+)\.outer\.(\w+)", (r"scoreloss.net.res_blocks.\1.mlp.2.\2",)),
)


def published_names(name: str) -> tuple[str, ...]:
    """Give the published names of one of our tensors, in stacking order."""
    for pattern, published in _RENAMES:
        match = re.fullmatch(pattern, name)
        if match:
            return tuple(match.expand(each) for each in published)
    msg = f"no published name for {name}"
    raise ModelError(msg)


def to_published(ours: Mapping[str, Tensor], config: SledConfig) -> dict[str, Tensor]:
    """Rename and unstack tensors (parameters, buffers or gradients of them)."""
    published: dict[str, Tensor] = {}
    for name, tensor in ours.items():
        names = published_names(name)
        published.update(
            zip(names, torch.split(tensor, _sizes(tensor, names, config)), strict=True)
        )
    return published


def from_published(
    published: Mapping[str, Tensor], shapes: Mapping[str, Tensor], config: SledConfig, where: str
) -> dict[str, Tensor]:
    """Rename and stack a published checkpoint.

    Args:
        published: the stored tensors.
        shapes: our tensors, of which only the shapes matter (they may be on the meta device).
        config: the model's configuration.
        where: the file's name for messages.

    Raises:
        ModelError: a tensor is missing, surplus or of another shape; the message names it.

    """
    _check(published, to_published(shapes, config), where)
    return {name: torch.cat([published[each] for each in published_names(name)]) for name in shapes}


def _sizes(tensor: Tensor, names: tuple[str, ...], config: SledConfig) -> list[int]:
    if len(names) == 3:  # noqa: PLR2004 (query, key, value)
        groups = config.num_key_value_heads
        heads = (config.num_attention_heads, groups, groups)
        return [count * config.head_dim for count in heads]
    return [len(tensor) // len(names)] * len(names)


def _check(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], where: str) -> None:
    problems = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    problems += [f"{name} is surplus" for name in sorted(found.keys() - wanted.keys())]
    problems += [
        f"{name} has shape {tuple(found[name].shape)}, not {tuple(wanted[name].shape)}"
        for name in sorted(wanted.keys() & found.keys())
        if found[name].shape != wanted[name].shape
    ]
    if problems:
        rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        msg = f"{where}: {problems[0]}{rest}; weights and config.json must be of one model"
        raise ModelError(msg)
