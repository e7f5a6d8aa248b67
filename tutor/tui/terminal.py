"""What the terminal can show, and what stands for it where it cannot."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

POOR = ("linux", "dumb", "vt100", "vt220")
"""Terminals whose fonts lack braille or box drawing."""

TWINS = str.maketrans(
    {
        **dict.fromkeys("─╌┄—–−", "-"),
        **dict.fromkeys("│┃", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰", "+"),
        **dict.fromkeys("━═", "="),
        **dict.fromkeys("▸›→", ">"),
        **dict.fromkeys("‹←", "<"),
        **dict.fromkeys("↑▲⇧", "^"),
        **dict.fromkeys("↓▼", "v"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("●•◆", "*"),
        **dict.fromkeys("▁▂▃▅▆▇▏▎▍▌▋▊▉▐", " "),
        **dict.fromkeys("▄▀", "="),
        **dict.fromkeys("█▓■□", "#"),
        **dict.fromkeys("░▒", ":"),
        **dict.fromkeys("⎛⎜⎝", "("),
        **dict.fromkeys("⎞⎟⎠", ")"),
        "◐": "~",
        "○": ".",
        "✓": "+",
        "✗": "x",
        "×": "x",
        "…": "~",
        "°": " ",
    }
)
"""ASCII for rules, signs and marks, one character for one: what stands in a line stays in its column."""


def ascii_only(environ: Mapping[str, str] = os.environ, encoding: str | None = None) -> bool:
    """Whether pictures have to do with ASCII: where the terminal is not UTF-8, or known to lack the signs."""
    said = encoding or getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return not said.lower().replace("-", "").startswith("utf") or environ.get("TERM", "") in POOR


class AsciiOnly(LineFilter):
    """Puts the twins in the place of what such a terminal cannot show: also in borders, which no line of ours draws."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with other letters."""
        return [Segment(text.translate(TWINS), style, control) for text, style, control in segments]
