"""A screen of panes with lines between them, which are joined where they meet."""

from __future__ import annotations

from typing import Literal, TypeAlias

from textual.content import Content

from tutor.tui import drawing
from tutor.tui.terminal import ascii_only
from tutor.tui.training.commanding import Commanding

Side: TypeAlias = Literal["charts", "pictures", "events"]


class Framed(Commanding):
    """Two charts over two panes, or one of all these alone."""

    DEFAULT_CSS = """
    Framed .rule { height: 1; width: 100%; }
    Framed .upright { display: none; width: 3; height: 100%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.side: Side = "charts"
        self.full = False
        self.hidden = False
        self.plain = ascii_only()

    @property
    def split(self) -> bool:
        """Whether there is room for two charts and what belongs to them."""
        return self.has_class("-split")

    @property
    def alone(self) -> bool:
        """Whether charts have all the room below the first line."""
        return self.side == "charts" and (self.full or (self.hidden and self.split))

    def rule(self, above: bool, below: bool) -> drawing.Lines:
        """A line across, joined to the upright lines that meet it."""
        line = "─" * self.size.width
        if above or below:
            sign = "┼" if above and below else "┬" if below else "┴"
            line = line[: self.middle + 1] + sign + line[self.middle + 2 :]
        return [Content.styled(line, "$rule")]

    def rule_top(self, width: int) -> drawing.Lines:
        """Below the first line."""
        return self.rule(False, self.two)

    def rule_middle(self, width: int) -> drawing.Lines:
        """Below the charts."""
        return self.rule(self.two, self.panes)

    def rule_bottom(self, width: int) -> drawing.Lines:
        """Above the keys."""
        return self.rule(self.two, False)

    @property
    def two(self) -> bool:
        """Whether two charts stand side by side."""
        return self.split and not self.full and self.side == "charts"

    @property
    def panes(self) -> bool:
        """Whether figures, pictures and log stand below the charts."""
        return self.two and not self.hidden

    @property
    def middle(self) -> int:
        """The column of the upright line, counted inside the padding."""
        return (self.size.width - 2 - 3) // 2 + 1

    def upright(self, width: int) -> drawing.Lines:
        """The line between left and right."""
        return [Content.styled(" │ ", "$rule")] * max(self.size.height, 1)
