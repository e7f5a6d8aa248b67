"""The widget under most of ours: lines that are a function of a width, redrawn only where they changed."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tutor.tui.drawing import Lines


def nothing(width: int) -> Lines:
    """No lines at all."""
    return []


def same(before: Lines, after: Lines) -> bool:
    """Whether two drawings look alike; Content itself compares letters only."""
    return len(before) == len(after) and all(
        one.plain == other.plain and one.spans == other.spans for one, other in zip(before, after, strict=True)
    )


class Drawn(Widget):
    """Shows what a drawing function gives for its width, and is as high as that needs."""

    DEFAULT_CSS = """
    Drawn { height: auto; width: 1fr; max-width: 80; }
    """

    def __init__(self, draw: Callable[[int], Lines] = nothing, *, id: str | None = None, classes: str | None = None):
        """Start with `draw`; `show` changes it."""
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._lines: dict[int, Lines] = {}

    @property
    def plain(self) -> str:
        """What can be read here, for tests and for copying."""
        return "\n".join(line.plain.rstrip() for line in self.lines(self.content_size.width or 80))

    def lines(self, width: int) -> Lines:
        """The lines at this width."""
        if width not in self._lines:
            self._lines = {width: self._draw(width)}
        return self._lines[width]

    def show(self, draw: Callable[[int], Lines]) -> None:
        """Draw by another function from now on; nothing is redrawn where that gives the same lines."""
        width = self.content_size.width
        before = self._lines.get(width)
        self._draw = draw
        self._lines = {}
        if before is None or not width:
            self.refresh(layout=True)
            return
        after = self.lines(width)
        if not same(before, after):
            height = self.styles.height
            # The height it has counts, not that of the lines before: what they are drawn from may have changed since.
            self.refresh(layout=height is not None and height.is_auto and len(after) != self.content_size.height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def render(self) -> Content:
        return Content("\n").join(self.lines(self.content_size.width))
