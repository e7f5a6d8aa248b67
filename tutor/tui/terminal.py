"""What the terminal can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

POOR = ("linux", "dumb", "vt100", "vt220")
"""Terminals whose fonts lack braille or box drawing."""


def ascii_only(environ: Mapping[str, str] = os.environ, encoding: str | None = None) -> bool:
    """Whether pictures have to do with ASCII: where the terminal is not UTF-8, or known to lack the signs."""
    said = encoding or getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return not said.lower().replace("-", "").startswith("utf") or environ.get("TERM", "") in POOR
