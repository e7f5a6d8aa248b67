"""The first frame of the home screen against a bare Textual application's, and a key's way to the screen."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.terminal import Pseudoterminal

STARTS = 7
WARM_SECONDS = 1.0
"""What a first answer needs is loaded beside the first frame; the budget of a key is that of a warm interface."""
FIRST_FRAME = {"benchmarks.bare": b"bare and drawn", "tutor": b"Cost and memory"}


def figures() -> Iterator[Figure]:
    """Starts in turn, so that a machine that slows down slows both; then keys in one problem."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        taken: dict[str, list[float]] = {module: [] for module in FIRST_FRAME}
        for start in range(STARTS + 1):
            for module, drawn in FIRST_FRAME.items():
                with Pseudoterminal(["-m", module], home) as terminal:
                    seconds = terminal.until(drawn)
                if start:  # the first of each reads the disk
                    taken[module].append(seconds)
        pairs = [ours / bare for ours, bare in zip(taken["tutor"], taken["benchmarks.bare"], strict=True)]
        how = f"{statistics.median(taken['tutor']):.2f} s, bare {statistics.median(taken['benchmarks.bare']):.2f} s"
        yield Figure("first frame of home, against a bare app", statistics.median(pairs), "x", 1.5, how=how)
        yield _keys(home)


def _keys(home: Path) -> Figure:
    """A figure after another at the end of an answer: each is seen in the field and in the preview."""
    taken = []
    with Pseudoterminal(["-m", "tutor", "cost"], home) as terminal:
        terminal.until(b"forward pass")
        terminal.press("n")
        terminal.quiet(WARM_SECONDS)
        for number in range(100):
            terminal.press("123456789"[number % 9])
            taken.append(1000 * terminal.until(b"\x1b"))
            if number % 20 == 19:
                for _ in range(20):
                    terminal.press("\x7f")
    how = f"{len(taken)} keys through a pseudo-terminal, median {statistics.median(taken):.1f} ms"
    return Figure("key press to its first bytes, 99th pct", percentile(taken, 0.99), "ms", 16, how=how)
