"""How this program was started, for sentences that name a command which can be copied."""

from __future__ import annotations

import os
import sys

VARIABLE = "TUTOR_PROGRAM"
"""A run's own processes, which nobody typed, find in this variable how the one that started them was called."""


def program() -> str:
    """`tutor` or `python -m tutor`."""
    given = os.environ.get(VARIABLE)
    if given:
        return given
    return "tutor" if os.path.basename(sys.argv[0]).startswith("tutor") else "python -m tutor"
