"""The one error this package raises for input it cannot use."""


class CodecError(ValueError):
    """What is wrong, where, and how to mend it, in one line."""
