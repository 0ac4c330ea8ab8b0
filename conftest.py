"""Tests run side by side, so each gets one core: more threads would only wait for each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
