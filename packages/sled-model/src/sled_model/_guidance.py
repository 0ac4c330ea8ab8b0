"""Classifier-free guidance on hidden states."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def guide(conditional: Tensor, unconditional: Tensor, cfg: float) -> Tensor:
    """Move hidden states [.., H] away from those that saw no text.

    `unconditional + cfg * (conditional - unconditional)`: 1 leaves `conditional` as it is. The
    stop flag reads the conditional states, not the guided ones (2207.12598; 2505.13181).
    """
    return unconditional + cfg * (conditional - unconditional)
