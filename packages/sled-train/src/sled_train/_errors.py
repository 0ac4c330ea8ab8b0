"""The one error of this package."""


class TrainError(ValueError):
    """Bad input to training: one line that says what, where and how to mend it."""
