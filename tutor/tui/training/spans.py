"""Lines and charts of which only the changed cells are drawn again: a slow connection carries no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from tutor.charts.cells import Picture
from tutor.tui.drawing import Lines
from tutor.tui.widgets.drawn import Drawn

JOIN = 6
"""Changes nearer than this are drawn as one: moving the cursor costs as much."""


def looks(line: Content) -> list[tuple[str, str]]:
    """Each character with the styles it has."""
    styles = [""] * len(line.plain)
    for span in line.spans:
        for at in range(max(0, span.start), min(span.end, len(styles))):
            styles[at] += f" {span.style}"
    return list(zip(line.plain, styles, strict=True))


def differing(before: Content, after: Content, width: int) -> Iterator[tuple[int, int]]:
    """The stretches of cells in which two lines differ. Lines with wide characters differ as a whole."""
    if before is after or (before.plain == after.plain and before.spans == after.spans):
        return
    if before.cell_length != len(before.plain) or after.cell_length != len(after.plain):
        yield 0, width
        return
    one, other = looks(before), looks(after)
    blank = [(" ", "")] * max(len(one), len(other))
    one, other = one + blank[len(one) :], other + blank[len(other) :]
    start = end = -1
    for at, (left, right) in enumerate(zip(one, other, strict=True)):
        if left == right:
            continue
        if start < 0:
            start = at
        elif at - end > JOIN:
            yield start, end
            start = at
        end = at + 1
    if start >= 0:
        yield start, end


class Spans(Drawn):
    """Lines that change often, in a place whose size does not follow them unless its height is `auto`."""

    DEFAULT_CSS = """
    Spans { max-width: 100%; }
    """

    def show(self, draw: Callable[[int], Lines]) -> None:
        width = self.content_size.width
        before = self._lines.get(width)
        self._draw = draw
        self._lines = {}
        if before is None or not width:
            self.refresh(layout=True)
            return
        after = self.lines(width)
        height = self.styles.height
        # The height that it has counts, not that of the lines before: what they are drawn from may have changed since.
        if height is not None and height.is_auto and len(after) != self.content_size.height:
            self.refresh(layout=True)
            return
        nothing = Content("")
        for row in range(max(len(before), len(after))):
            old = before[row] if row < len(before) else nothing
            new = after[row] if row < len(after) else nothing
            for start, end in differing(old, new, width):
                self.refresh(Region(start, row, end - start, 1))

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        lines = self.lines(width)
        style = self.visual_style
        if y >= len(lines):
            return Strip.blank(width, style.rich_style)
        strips = Visual.to_strips(self, lines[y], width, 1, style)
        strip = strips[0] if strips else Strip.blank(width, style.rich_style)
        return strip.adjust_cell_length(width, style.rich_style)


class ChartView(Widget):
    """A picture of cells that is as large as its place."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--label",
        "chart--title",
        "chart--raw",
        "chart--line",
        "chart--point",
        "chart--other",
        "chart--gap",
    }

    DEFAULT_CSS = """
    ChartView { width: 1fr; height: 1fr; }
    ChartView > .chart--axis { color: $rule; }
    ChartView > .chart--label { color: $quiet; }
    ChartView > .chart--title { color: $foreground; text-style: bold; }
    ChartView > .chart--raw { color: $quiet 45%; }
    ChartView > .chart--line { color: $foreground; }
    ChartView > .chart--point { color: $accent; }
    ChartView > .chart--other { color: $quiet; }
    ChartView > .chart--gap { color: $error; text-style: bold; }
    ChartView.-chosen > .chart--title { color: $accent; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        """Empty until something is shown."""
        super().__init__(id=id, classes=classes)
        self._draw: Callable[[int, int], Picture] = Picture
        self.picture: Picture | None = None

    @property
    def plain(self) -> str:
        """What can be read here."""
        return "\n".join(self.picture.lines()) if self.picture else ""

    def show(self, draw: Callable[[int, int], Picture]) -> None:
        """Draw by this function from now on (columns, rows -> a picture of that size); what is the same stays."""
        self._draw = draw
        width, height = self.content_size
        if not width or not height:
            return
        before, self.picture = self.picture, draw(width, height)
        for change in self.picture.changes(before):
            self.refresh(Region(change.start, change.row, change.end - change.start, 1))

    def on_resize(self, event: events.Resize) -> None:
        self.picture = None
        self.show(self._draw)

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        background = self.rich_style
        if self.picture is None or y >= self.picture.height or self.picture.width != width:
            return Strip.blank(width, background)
        return Strip(
            [
                Segment(text, self.get_component_rich_style(f"chart--{role}") if role else background)
                for text, role in self.picture.runs(y)
            ],
            width,
        )
