"""Numbers on their way between host and device, without either waiting for the other."""

from __future__ import annotations

import torch
from torch import Tensor


class Later:
    """Numbers of the device that somebody will want to know, but not yet."""

    def __init__(self, numbers: Tensor) -> None:
        """Begin to copy; `numbers` must not change before the device has done what it has now."""
        self._arrived: torch.cuda.Event | None = None
        if not numbers.is_cuda:
            self._here = numbers
            return
        self._here = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
        self._here.copy_(numbers, non_blocking=True)
        self._arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch leaves it so
        self._arrived.record()

    def get(self) -> list[float]:
        """Give the numbers, waiting for as long as the device needs to have them."""
        if self._arrived is not None:
            self._arrived.synchronize()
        numbers: list[float] = self._here.tolist()
        return numbers


def send(numbers: Tensor, device: torch.device) -> Tensor:
    """Give the host's numbers to a device without waiting for what that is doing."""
    if device.type != "cuda":
        return numbers.to(device)
    return numbers.pin_memory().to(device, non_blocking=True)
