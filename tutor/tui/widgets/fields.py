"""Where an answer goes in: one line, several lines, or one of some options. All post `Edited`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, TextArea

from tutor.content.model import Option
from tutor.tui import keys, prose


class Edited(Message):
    """The learner changed the answer."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class OneLine(Input):
    """A field of one line, as every one here looks. Its cursor does not blink, and focus selects nothing."""

    DEFAULT_CSS = """
    OneLine { border: round $rule; background: $background; padding: 0 1; height: 3; max-width: 80; }
    OneLine:focus { border: round $accent; background: $background; background-tint: $background; }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id, select_on_focus=False)
        self.cursor_blink = False


class AnswerLine(OneLine):
    """An answer in one line. Pasted lines become one, with spaces between them."""

    BINDINGS = keys.bindings("line")

    def __init__(self) -> None:
        super().__init__("line")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(Edited(event.value))

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        # Input would go on to its own handler, which takes the first line only.
        event.prevent_default()
        text = " ".join(event.text.split())
        self.replace(text, *self.selection)


class AnswerSteps(TextArea):
    """A derivation, one step a line."""

    DEFAULT_CSS = """
    AnswerSteps {
        border: round $rule; background: $background; padding: 0 1; height: auto; min-height: 5; max-height: 12;
        max-width: 80;
    }
    AnswerSteps:focus { border: round $accent; background: $background; background-tint: $background; }
    AnswerSteps .text-area--cursor-line { background: $background; }
    """

    def __init__(self) -> None:
        super().__init__(id="steps", soft_wrap=True, show_line_numbers=False, tab_behavior="focus", compact=False)
        self.cursor_blink = False
        self.highlight_cursor_line = False

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(Edited(self.text))


@dataclass(frozen=True, slots=True)
class Drawing:
    """The options as lines, and which option each line belongs to."""

    lines: list[Content]
    owner: list[int]


class AnswerChoice(Widget, can_focus=True):
    """One of some options, chosen with the arrows or its letter."""

    BINDINGS = keys.bindings("choice")

    DEFAULT_CSS = """
    AnswerChoice { height: auto; border: round $rule; padding: 0 1; max-width: 80; }
    AnswerChoice:focus { border: round $accent; }
    """

    chosen: reactive[int] = reactive(-1)
    """The option chosen, -1 for none yet."""

    def __init__(self) -> None:
        super().__init__(id="choice")
        self.options: Sequence[Option] = ()

    def offer(self, options: Sequence[Option], answer: str) -> None:
        """Show these options with the one of this id chosen."""
        self.options = options
        self.set_reactive(
            AnswerChoice.chosen, next((at for at, option in enumerate(options) if option.id == answer), -1)
        )
        self.refresh(layout=True)

    def draw(self, width: int) -> Drawing:
        """The options at this width."""
        lines: list[Content] = []
        owner: list[int] = []
        for at, option in enumerate(self.options):
            here = at == self.chosen
            mark = f"{'▸' if here else ' '} {chr(97 + at)}  "
            look = "" if here else "$quiet"
            for row, line in enumerate(prose.lay_out(option.text, width - 5, look)):
                lead = (mark, "bold $accent" if here else "$quiet") if row == 0 else (" " * 5, "")
                lines.append(Content.assemble(lead, line))
                owner.append(at)
        return Drawing(lines, owner)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.draw(width).lines)

    def render(self) -> Content:
        return Content("\n").join(self.draw(self.content_size.width).lines)

    def watch_chosen(self) -> None:
        if 0 <= self.chosen < len(self.options):
            self.post_message(Edited(self.options[self.chosen].id))

    def action_move(self, step: int) -> None:
        """Choose the option above or below."""
        if self.options:
            at = self.chosen + step if self.chosen >= 0 else (0 if step > 0 else len(self.options) - 1)
            self.chosen = max(0, min(at, len(self.options) - 1))

    def on_key(self, event: events.Key) -> None:
        if event.character and len(event.character) == 1:
            at = ord(event.character.lower()) - 97
            if 0 <= at < len(self.options):
                event.stop()
                self.chosen = at

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        owner = self.draw(self.content_size.width).owner
        if place is not None and 0 <= place.y < len(owner):
            self.chosen = owner[place.y]


class AnswerFile(Widget, can_focus=True):
    """An answer that is a file: its name, and the key that opens it."""

    BINDINGS = keys.bindings("file")

    DEFAULT_CSS = """
    AnswerFile { height: 3; border: round $rule; padding: 0 1; max-width: 80; }
    AnswerFile:focus { border: round $accent; }
    """

    def __init__(self) -> None:
        super().__init__(id="file-field")
        self.name_shown = ""

    def offer(self, name: str) -> None:
        """Show this file's name."""
        self.name_shown = name
        self.refresh()

    def render(self) -> Content:
        return Content.assemble(
            ("▸ ", "bold $accent"), self.name_shown, ("   enter opens it beside its checks", "$quiet")
        )
