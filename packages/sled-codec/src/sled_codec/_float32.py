"""Full float32 arithmetic, whatever precision surrounds the codec.

A latent that went through bf16 or TF32 lands near other codebook entries, so codes and audio
would depend on the caller's settings.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

_BACKENDS: Any = torch.backends


class _FullPrecision:
    """Holds torch's process-wide precision switches at float32 while anyone needs it.

    The switches are shared by all threads, hence the count: the first to enter turns them,
    the last to leave turns them back.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._before: list[tuple[Any, str]] = []

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._before = [(switch, switch.fp32_precision) for switch in _switches()]
                for switch, _ in self._before:
                    switch.fp32_precision = "ieee"

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                for switch, precision in self._before:
                    switch.fp32_precision = precision


def _switches() -> tuple[Any, ...]:
    cudnn, mkldnn = _BACKENDS.cudnn, _BACKENDS.mkldnn
    return (
        cudnn.conv,
        cudnn.rnn,
        _BACKENDS.cuda.matmul,
        mkldnn.conv,
        mkldnn.rnn,
        mkldnn.matmul,
    )


_PRECISION = _FullPrecision()


@contextmanager
def full_float32(device: torch.device) -> Iterator[None]:
    """Switch off gradients, autocast and TF32-like shortcuts inside the block."""
    _PRECISION.enter()
    try:
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            yield
    finally:
        _PRECISION.leave()


class Float32Module(nn.Module):
    """A module that follows device moves and ignores every change of dtype."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Float32Module":  # noqa: FBT001, FBT002 (torch's own signature)
        def move_only(tensor: Tensor) -> Tensor:
            changed = fn(tensor)
            if changed.dtype == tensor.dtype:
                return changed
            return tensor.to(changed.device)

        super()._apply(move_only, recurse)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return self
