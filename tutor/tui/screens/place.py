"""What every screen has: a top line that says where and how far, the matter, the keys at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tutor.tui import drawing, keys
from tutor.tui.terminal import ascii_only
from tutor.tui.widgets.drawn import Drawn

if TYPE_CHECKING:
    from tutor.tui.app import TutorApp


class KeyLine(Drawn):
    """The keys at the bottom; a click on one is the key."""

    class Pressed(Message):
        """A place in the line was clicked."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row = row
            self.column = column

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None:
            self.post_message(self.Pressed(place.y, place.x))


class Place(Screen[None]):
    """A screen with its top line and its keys. Below the smallest size it says so, and goes on running."""

    DEFAULT_CSS = """
    Place { layout: vertical; background: $background; }
    Place #top { height: 2; width: 100%; max-width: 100%; padding: 0 1; border-bottom: solid $rule; }
    Place #body { height: 1fr; width: 100%; padding: 0 0 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    Place #notice { width: 100%; max-width: 100%; padding: 0 1; color: $accent; }
    Place #keys { width: 100%; max-width: 100%; padding: 0 1; }
    Place #small { display: none; padding: 0 1; }
    Place.-small > * { display: none; }
    Place.-small > #small { display: block; }
    """

    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        (0, "-slim"),
        (60, "-narrow"),
        (110, "-wide"),
    ]

    spots: Sequence[drawing.Spot] = ()

    @property
    def tutor(self) -> TutorApp:
        """The app, by its own type."""
        return cast("TutorApp", self.app)

    def places(self) -> tuple[keys.Place, ...]:
        """The places whose keys are in force here now."""
        return ("everywhere",)

    def matter(self) -> ComposeResult:
        """What stands between the top line and the keys."""
        yield from ()

    def top(self, width: int) -> drawing.Lines:
        """The top line."""
        return []

    def compose(self) -> ComposeResult:
        yield Drawn(self.top, id="top")
        yield from self.matter()
        yield Drawn(self.notice, id="notice")
        yield KeyLine(self.key_line, id="keys")
        yield Drawn(self.too_small, id="small")

    def key_line(self, width: int) -> drawing.Lines:
        """The keys in force."""
        plain = ascii_only()
        lines, self.spots = drawing.key_line(self.places(), self.tutor.keymap, width, self.in_force, plain)
        return lines

    def in_force(self, key: keys.Key) -> bool:
        """Whether a key does anything now; a screen says so in `check_action`."""
        name, _, rest = key.action.removeprefix("screen.").partition("(")
        return not key.action.startswith("screen.") or bool(self.check_action(name, (rest.rstrip(")"),)))

    async def on_key_line_pressed(self, event: KeyLine.Pressed) -> None:
        """A key's name was clicked: the same as the key."""
        for spot in self.spots:
            if spot.row == event.row and spot.start <= event.column < spot.end and spot.action:
                await self.run_action(spot.action)

    def notice(self, width: int) -> drawing.Lines:
        """What there is to say about saving; nothing, as a rule."""
        return drawing.said(self.tutor.trouble, min(width, 80)) if self.tutor.trouble else []

    def too_small(self, width: int) -> drawing.Lines:
        """What stands on a terminal below the smallest size."""
        columns, rows = drawing.SMALLEST
        text = (
            f"This needs {columns} columns and {rows} lines; the terminal has {self.size.width} by {self.size.height}."
        )
        return drawing.said(text, width)

    def renew(self) -> None:
        """Draw the frame again, as far as it changed."""
        for widget, draw in (("top", self.top), ("notice", self.notice), ("keys", self.key_line)):
            self.query_one(f"#{widget}", Drawn).show(draw)

    def say_trouble(self) -> None:
        """Draw the notice again."""
        if self.is_mounted:
            self.query_one("#notice", Drawn).show(self.notice)

    def on_resize(self, event: events.Resize) -> None:
        columns, rows = drawing.SMALLEST
        self.set_class(event.size.width < columns or event.size.height < rows, "-small")
        self.query_one("#small", Drawn).show(self.too_small)

    def read_again(self) -> None:
        """Another interface may have written meanwhile."""

    def on_screen_resume(self) -> None:
        self.read_again()

    def reveal(self, widget: Widget) -> None:
        """Scroll, if need be, so that a widget is seen, once it has its place."""
        self.call_after_refresh(widget.scroll_visible, animate=False, force=True)
