"""Every key, drawn from the table, and how answers are typed."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from tutor.tui import drawing, keys
from tutor.tui.screens.place import Place
from tutor.tui.widgets.drawn import Drawn


class HelpScreen(Place):
    """The keys by place. Leaves to where one was."""

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
            yield Drawn(lambda width: drawing.help_lines(self.tutor.keymap, width), id="help")

    def action_leave(self) -> None:
        """Back to where the learner was."""
        self.dismiss(None)
