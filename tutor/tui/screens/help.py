"""Every key, drawn from the table, and how answers are typed."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from tutor.tui import drawing, keys
from tutor.tui.screens.place import Place
from tutor.tui.terminal import ascii_only
from tutor.tui.widgets.drawn import Drawn


class HelpScreen(Place):
    """The keys by place, those of the place one came from first. Leaves to where one was."""

    BINDINGS = keys.bindings("help")

    DEFAULT_CSS = """
    HelpScreen #body { padding: 1 0 0 1; }
    """

    AUTO_FOCUS = "#body"

    def places(self) -> tuple[keys.Place, ...]:
        return ("help",)

    def top(self, width: int) -> drawing.Lines:
        return [Content.styled("keys", "bold")]

    def matter(self) -> ComposeResult:
        with VerticalScroll(id="body"):
            yield Drawn(self.lines, id="help")

    def lines(self, width: int) -> drawing.Lines:
        """The keys."""
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        first = below.places() if isinstance(below, Place) else ()
        return drawing.help_lines(self.tutor.keymap, width, first, ascii_only())

    def action_leave(self) -> None:
        """Back to where the learner was."""
        self.dismiss(None)
