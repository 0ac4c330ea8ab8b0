"""The one error this package raises for input it cannot use."""

from __future__ import annotations


class SynthesisError(ValueError):
    """What is wrong, where, and how to mend it, in one line."""
