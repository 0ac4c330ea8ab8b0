"""The one error this package raises for input it cannot use."""


class ModelError(ValueError):
    """A configuration, checkpoint, tokenizer or batch that cannot be used.

    The message is one line: what is wrong, where, and how to mend it.
    """
