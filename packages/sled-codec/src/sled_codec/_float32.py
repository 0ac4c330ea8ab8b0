"""Full float32 arithmetic, whatever precision surrounds the codec.

A latent that went through bf16 or TF32 lands near other codebook entries, so codes and audio
would depend on the caller's settings.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


def _precision_switches() -> tuple[Any, ...]:
    cuda, mkldnn = torch.backends.cudnn, torch.backends.mkldnn
    return (
        cuda.conv,
        cuda.rnn,
        torch.backends.cuda.matmul,
        mkldnn.conv,
        mkldnn.rnn,
        mkldnn.matmul,
    )


@contextmanager
def full_float32(device: torch.device) -> Iterator[None]:
    """Switch off gradients, autocast and TF32-like shortcuts inside the block."""
    switches = _precision_switches()
    before = [switch.fp32_precision for switch in switches]
    try:
        for switch in switches:
            switch.fp32_precision = "ieee"
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            yield
    finally:
        for switch, precision in zip(switches, before, strict=True):
            switch.fp32_precision = precision


class Float32Module(nn.Module):
    """A module that follows device moves and ignores every change of dtype."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Float32Module":  # noqa: FBT001, FBT002 (torch's own signature)
        def move_only(tensor: Tensor) -> Tensor:
            changed = fn(tensor)
            if changed.dtype == tensor.dtype:
                return changed
            return tensor.to(changed.device)

        super()._apply(move_only, recurse)
        return self
