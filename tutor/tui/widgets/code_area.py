"""The editor for Python: Textual's, which here keeps the indentation on enter and tells what was typed."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import TextArea

INDENT = 4


class CodeArea(TextArea):
    """A Python file."""

    DEFAULT_CSS = """
    CodeArea {
        border: none; padding: 0; height: 1fr; width: 1fr; background: $background;
        scrollbar-size-horizontal: 1; scrollbar-size-vertical: 1;
    }
    CodeArea:focus { border: none; }
    """

    class Typed(Message):
        """The learner changed the text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__(
            id="code", language="python", soft_wrap=False, show_line_numbers=True, tab_behavior="indent", compact=True
        )
        self.cursor_blink = False
        self.indent_width = INDENT

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self.text))

    async def _on_key(self, event: events.Key) -> None:
        if event.key != "enter" or self.read_only:
            return
        event.stop()
        event.prevent_default()
        start = min(self.selection.start, self.selection.end)
        self._replace_via_keyboard("\n" + indentation(self.document.get_line(start[0])[: start[1]]), *self.selection)

    def put(self, text: str) -> None:
        """Replace the whole text, in one step that undo takes back; the cursor stays in its line."""
        row, column = self.cursor_location
        end = self.document.end
        self.history.checkpoint()
        self.replace(text, (0, 0), end, maintain_selection_offset=False)
        self.history.checkpoint()
        self.move_cursor((min(row, self.document.line_count - 1), column))

    def go_to(self, line: int) -> None:
        """Put the cursor at the beginning of a line's text; lines count from 1."""
        row = min(max(line - 1, 0), self.document.line_count - 1)
        text = self.document.get_line(row)
        self.move_cursor((row, len(text) - len(text.lstrip())), center=True)


def indentation(before: str) -> str:
    """The spaces that the line after this text begins with: four more after a colon."""
    kept = before[: len(before) - len(before.lstrip())]
    return kept + " " * INDENT if before.rstrip().endswith(":") else kept
