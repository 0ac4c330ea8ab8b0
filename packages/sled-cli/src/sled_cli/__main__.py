"""`python -m sled_cli …` is `sled …`."""

import sys

from sled_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
