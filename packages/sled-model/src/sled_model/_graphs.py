"""Work on tensors that stay where they are: captured once as a CUDA graph, then replayed.

A decode step is hundreds of small kernels, and to start them one by one takes longer than they
run; a graph starts all of them at once. On other devices the work is simply done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from torch import Tensor

# Libraries choose kernels and take memory in their first calls, which a capture must not see.
_WARM_UPS = 2


class Graphs:
    """Runs work by name, on CUDA from a graph.

    The work may neither read a value from the device nor leave its results elsewhere than in
    tensors that outlive this object.
    """

    def __init__(self, device: torch.device, carried: Sequence[Tensor]) -> None:
        """Make it for one device; `carried` is what each run hands on to the next in place."""
        self._device = device
        self._carried = carried
        self._captured: dict[Hashable, torch.cuda.CUDAGraph] = {}

    def run(self, key: Hashable, work: Callable[[], None]) -> None:
        """Do the work; what has been done before under this key is replayed instead."""
        if self._device.type != "cuda":
            work()
            return
        if key not in self._captured:
            with torch.cuda.device(self._device):
                self._captured[key] = self._capture(work)
        self._captured[key].replay()

    def _capture(self, work: Callable[[], None]) -> torch.cuda.CUDAGraph:
        kept = [tensor.clone() for tensor in self._carried]
        now, side = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(now)
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                work()
                # A second run in a row might step beyond the last position.
                self._restore(kept)
        now.wait_stream(side)
        pool = next((graph.pool() for graph in self._captured.values()), None)
        graph = torch.cuda.CUDAGraph()
        # Other threads, one that decodes audio for instance, may go on taking memory meanwhile.
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            work()
        self._restore(kept)
        return graph

    def _restore(self, kept: Sequence[Tensor]) -> None:
        for tensor, old in zip(self._carried, kept, strict=True):
            tensor.copy_(old)
