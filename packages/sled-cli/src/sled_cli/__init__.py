"""The `sled` command: synthesis, training and codec tools over the other sled packages.

The command line is the interface; from Python, use `sled_infer`, `sled_train` and `sled_codec`.
"""

from sled_cli._errors import CliError

__all__ = ["CliError", "__version__"]

__version__ = "0.1.0"
