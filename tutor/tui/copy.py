"""Copying from a terminal: through tmux where it runs, through the terminal (OSC 52), else into a file."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

# Terminals drop longer OSC 52 sequences without a word.
LONGEST = 70_000
TIMEOUT_SECONDS = 2.0


def sequence(text: str) -> str:
    """The OSC 52 sequence that puts a text into the terminal's clipboard."""
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"


def through_tmux(text: str) -> bool:
    """Whether tmux took the text, and with -w handed it to the terminal around it."""
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"], input=text.encode(), capture_output=True, timeout=TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def copy(
    text: str,
    write: Callable[[str], None] | None,
    environ: Mapping[str, str],
    folder: Path,
    tmux: Callable[[str], bool] = through_tmux,
) -> str:
    """Copy by the first way that can work here; the sentence says which it was.

    Inside tmux an OSC 52 of ours reaches the clipboard only where tmux is told to let it, so tmux is asked itself.
    A terminal never answers OSC 52, so where it is known not to understand it, the text goes into a file.
    """
    if "TMUX" in environ and tmux(text):
        return "Copied by tmux, to its buffer and the terminal's clipboard."
    deaf = environ.get("TERM", "") in ("linux", "dumb", "") and "TMUX" not in environ
    if write is not None and not deaf and len(text) <= LONGEST:
        write(sequence(text))
        return "Copied to the terminal's clipboard (OSC 52). If it is not there, hold Shift and select."
    file = folder / "copied.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        return f"Not copied: {file} cannot be written ({error.strerror or error})."
    return f"This terminal has no clipboard; the text is in {file}."
