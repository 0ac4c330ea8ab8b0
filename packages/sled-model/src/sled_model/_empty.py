"""Making modules that are to be filled with weights that were read: nothing is drawn for them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Undrawn(TorchFunctionMode):
    """Leaves out what `torch.nn.init` draws.

    On the meta device it would draw nothing, either, but load the compiler for that: two seconds.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 (of whatever function)
        del types
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == torch.nn.init.__name__:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


@contextmanager
def without_weights() -> Iterator[None]:
    """Make modules meanwhile whose parameters have shapes only."""
    with torch.device("meta"), _Undrawn():
        yield
