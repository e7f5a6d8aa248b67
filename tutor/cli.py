"""The commands; in this version the answer language and the content can be read, the screens are to come."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status (2: there is nothing to run yet)."""
    print("The interface is not part of this version; the answer language is in tutor.answers.", file=sys.stderr)
    return 2
