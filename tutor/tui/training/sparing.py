"""Sends the terminal the cells that changed and no others.

Textual knows which spans of a line are to be drawn again, and sends each from the beginning of its widget. A curve that
grows at its right end would cost its whole row each time; here every span is cut at both of its ends.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class Trimmed(ChopsUpdate):
    """An update whose spans are cut at both ends."""

    def render_segments(self, console: Console) -> str:
        sequences: list[str] = []
        for y, start, stop in self.spans:
            at = -1
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= stop or end <= start:
                    continue
                left, right = max(start, x), min(stop, end)
                if at != left:
                    sequences.append(Control.move_to(left, y).segment.text)
                sequences.append(strip.crop(left - x, right - x).render(console))
                at = right
        return "".join(sequences)


class SparingCompositor(Compositor):
    """A compositor whose partial updates are trimmed."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        return update and Trimmed(update.chops, update.spans, update.chop_ends)
