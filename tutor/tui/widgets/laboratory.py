"""A laboratory on the screen: its picture, its keys, and PyTorch asked for what is to be measured."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from tutor.engine.client import Engine
from tutor.fields.spans import Line
from tutor.laboratories.bench import Asking, Bench, Claim, Found, LaboratoryError, Numbers
from tutor.laboratories.receptive_field import FieldBench
from tutor.tui import drawing, keys
from tutor.tui.terminal import ascii_only
from tutor.tui.widgets.drawn import Drawn
from tutor.tui.widgets.fields import OneLine

SECONDS = 20.0
KEPT = 64
"""So many measurements are kept for when their numbers come back."""
WAITING = "measuring as soon as PyTorch is loaded, about 3 s"
MEASURING = "measuring"
ABSENT = "PyTorch is not running here, so nothing is measured."
REFINED = ("variances",)
"""What takes a while and is shown as it gets better; it is broken off when other numbers are wanted."""
STYLES = {
    "title": "bold",
    "name-chosen": "bold $accent",
    "chosen": "bold $accent",
    "track-chosen": "$accent",
    "track": "$rule",
    "value": "bold",
    "yours": "bold $foreground",
    "label-chosen": "bold $foreground",
    "lit": "$accent",
    "reach": "$foreground",
    "part": "$accent",
    "outline": "$quiet",
    "measured": "$accent",
    "memory": "$foreground",
    "bar": "$foreground",
    "curve": "$accent",
    "curve-quiet": "$quiet",
    "end-name": "$foreground",
    "note": "$foreground",
    "unit": "bold",
    "name": "$foreground",
    "label": "$quiet",
    "quiet": "$quiet",
    "axis": "$quiet",
    "cell": "$quiet",
    "padding": "$quiet",
    "figure": "$quiet",
    "end": "$quiet",
    "peak": "$quiet",
}
"""What each role of a picture looks like; nothing is told by this alone."""


def styled(line: Line) -> Content:
    """A line of a picture with its colours."""
    return Content.assemble(*((span.text, STYLES.get(span.role, "")) for span in line))


class BenchPicture(Drawn):
    """The picture; a click in it is a place."""

    class Pointed(Message):
        """A place of the picture was clicked."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row, self.column = row, column

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None:
            self.post_message(self.Pointed(place.y, place.x))


class TypingLine(OneLine):
    """What is chosen, typed."""

    BINDINGS = keys.bindings("typing")

    DEFAULT_CSS = """
    TypingLine { display: none; }
    TypingLine.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("typing")


class Laboratory(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Shows a bench; keys change it, and the engine is asked beside."""

    BINDINGS = keys.bindings("laboratory", "layers")

    DEFAULT_CSS = """
    Laboratory { height: 100%; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    Laboratory > #bench { width: 1fr; }
    Laboratory > #bench-title { margin-bottom: 1; }
    Laboratory > #bench-said { margin-top: 1; }
    """

    class Came(Message):
        """What PyTorch found, or a step on the way to it, or why there is nothing."""

        def __init__(self, asking: Asking, values: Mapping[str, Any] | None, trouble: str, last: bool) -> None:
            super().__init__()
            self.asking, self.values, self.trouble, self.last = asking, values, trouble, last

    def __init__(self, bench: Bench, engine: Engine | None) -> None:
        """Start with `bench`; without an `engine` nothing is measured."""
        super().__init__(id="laboratory")
        self.bench = bench
        self.engine = engine
        self.plain = ascii_only()
        self._first = bench
        self._found: OrderedDict[Asking, Found] = OrderedDict()
        self._under_way: tuple[Asking, Future[dict[str, Any]]] | None = None
        self._said = ""

    def compose(self) -> ComposeResult:
        yield Drawn(self._title, id="bench-title")
        yield BenchPicture(id="bench")
        yield Drawn(self._words, id="bench-said")
        yield TypingLine()

    def on_mount(self) -> None:
        self.show(self.bench)

    # What is shown

    def open(self, part: str, claims: Mapping[str, Claim], numbers: Numbers | None) -> None:
        """For a part and the learner's formulas; at these numbers (a counterexample), else where it was."""
        bench = self.bench.opened(part, claims, numbers)
        if numbers is not None or part != self.bench.part:
            self._first = bench
            self.scroll_home(animate=False)
        self.close_typing()
        self.show(bench)

    def show(self, bench: Bench, said: str = "") -> None:
        """Draw a bench, and ask for what it wants measured."""
        self.bench, self._said = bench, said
        self.ask()
        self.draw()

    def draw(self) -> None:
        """Draw again, as far as it changed."""
        bench, found, plain = self.bench, self.found, self.plain
        self.query_one("#bench", BenchPicture).show(
            lambda width: [styled(line) for line in bench.draw(max(width, 36), plain, found).lines]
        )
        self.query_one("#bench-said", Drawn).show(self._words)

    def _title(self, width: int) -> drawing.Lines:
        return [Content.assemble((" laboratory  ", drawing.QUIET), (self.bench.title, "bold"))]

    def _words(self, width: int) -> drawing.Lines:
        return drawing.said(self._said, width, " ") if self._said else []

    # PyTorch

    @property
    def found(self) -> Found:
        """What there is of the measurement for what is shown."""
        asking = self.bench.asks()
        if asking is None:
            return Found()
        if asking in self._found:
            return self._found[asking]
        if self.engine is None:
            return Found(None, ABSENT)
        state = self.engine.state
        if state.startswith("broken"):
            return Found(None, state.removeprefix("broken: "))
        return Found(None, MEASURING if state == "ready" else WAITING)

    def ask(self) -> None:
        """Ask for the measurement, one at a time: where the numbers run ahead, the newest are measured next."""
        asking = self.bench.asks()
        if self._under_way is not None:
            before, future = self._under_way
            if before == asking:
                return
            if before.method in REFINED and future.cancel():
                self._under_way = None
                self._found.pop(before, None)
        if asking is None or self.engine is None or self._under_way is not None or asking in self._found:
            return
        future = self.engine.request(asking.method, dict(asking.params), SECONDS, self._progress(asking))
        self._under_way = asking, future
        future.add_done_callback(lambda done: self._done(asking, done))

    def _progress(self, asking: Asking) -> Callable[[dict[str, Any]], None]:
        return lambda values: self._tell(asking, values, "", False)

    def _done(self, asking: Asking, future: Future[dict[str, Any]]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        self._tell(asking, None if error else future.result(), str(error) if error else "", True)

    def _tell(self, asking: Asking, values: Mapping[str, Any] | None, trouble: str, last: bool) -> None:
        """From the engine's thread: messages may be posted from any."""
        if self.is_attached:
            self.post_message(self.Came(asking, values, trouble, last))

    def on_laboratory_came(self, event: Came) -> None:
        event.stop()
        mine = self._under_way is not None and self._under_way[0] == event.asking
        if not mine:
            return
        self._found[event.asking] = Found(event.values, event.trouble)
        while len(self._found) > KEPT:
            self._found.popitem(last=False)
        if event.last:
            self._under_way = None
            self.ask()
        self.draw()
        if event.trouble:
            # Said once; the next change asks again.
            self._found.pop(event.asking, None)

    # Keys

    def do(self, name: str, *arguments: Any) -> None:
        """What a key of the table names."""
        bench = self.bench
        match name, arguments:
            case "choose", (step,):
                self.show(bench.choose(step))
            case "change", (step,):
                self.show(bench.change(step))
            case "again", _:
                self.show(self._first)
            case "type", _:
                self.type()
            case "take", _:
                self.take()
            case "forget", _:
                self.show(bench)
                self.close_typing()
            case _ if isinstance(bench, FieldBench):
                self.edit(bench, name, *arguments)

    def edit(self, bench: FieldBench, name: str, *arguments: Any) -> None:
        """Add, remove, move or widen, where there are layers."""
        edits: dict[str, Callable[..., Bench]] = {
            "add": bench.add,
            "remove": bench.remove,
            "shift": bench.shift,
            "widen": bench.widen,
            "forward": bench.turn,
        }
        try:
            self.show(edits[name](*arguments))
        except LaboratoryError as error:
            self.show(bench, str(error))

    def on_bench_picture_pointed(self, event: BenchPicture.Pointed) -> None:
        event.stop()
        width = max(self.query_one("#bench", BenchPicture).content_size.width, 36)
        self.show(self.bench.clicked(event.row, event.column, width, self.plain))

    # Typing

    def type(self) -> None:
        """Type what is chosen."""
        line, typing = self.query_one(TypingLine), self.bench.typing()
        line.border_title = typing.prompt
        line.value = typing.text
        line.cursor_position = len(typing.text)
        line.set_class(True, "-shown")
        line.focus()
        self.call_after_refresh(line.scroll_visible, animate=False)

    def close_typing(self) -> None:
        """Put the line away."""
        line = self.query_one(TypingLine)
        if line.has_class("-shown"):
            inside = line.has_focus
            line.set_class(False, "-shown")
            if inside:
                self.focus(scroll_visible=False)

    def take(self) -> None:
        """Take what was typed, or say why not."""
        line = self.query_one(TypingLine)
        try:
            bench = self.bench.typed(line.value)
        except LaboratoryError as error:
            self.show(self.bench, str(error))
            self.call_after_refresh(line.scroll_visible, animate=False)
            return
        self.show(bench)
        self.close_typing()
