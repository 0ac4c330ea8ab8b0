"""The three precisions: what weights, gradients, optimizer state and products are kept in.

| precision | weights, gradients, optimizer | matrix products | losses |
|---|---|---|---|
| `fp32` | float32 | float32 | float32 |
| `bf16` | float32 | bfloat16 | float32 |
| `bf16-pure` | bfloat16, and what updates lose by rounding | bfloat16 | float32 |

Latents are float32 up to the model's first layer, targets to the end. docs/precision.md compares.
"""

import torch
from torch import nn

from ._recipe import Precision

_COMPENSATION = 2
_BYTES = {"fp32": 4, "bf16": 4, "bf16-pure": 2}


def weights_dtype(precision: Precision) -> torch.dtype:
    """Type of the weights, and with them of gradients and optimizer state."""
    return torch.bfloat16 if precision == "bf16-pure" else torch.float32


def move(model: nn.Module, dtype: torch.dtype, device: torch.device | None = None) -> None:
    """Change type and place of the weights: `Module.to`, whose types transformers' models hide."""
    model.to(device=device, dtype=dtype)


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Mixed precision for "bf16": matrix products in bfloat16, weights and losses in float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def bytes_per_parameter(precision: Precision, *, compensated: bool) -> int:
    """Bytes of a weight, its gradient and its optimizer state while training."""
    size = _BYTES[precision]
    extra = _COMPENSATION if precision == "bf16-pure" and compensated else 0
    cast = _BYTES["bf16-pure"] if precision == "bf16" else 0
    return 4 * size + extra + cast
