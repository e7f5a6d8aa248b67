"""A new run: choose a recipe, see what it will do, change any of it, start."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from tutor.training.data.finding import Found, find
from tutor.training.data.known import DataError
from tutor.training.recipe import Recipe, RecipeError, default_scale, recipe, to_toml
from tutor.training.runs import Run
from tutor.training.starting import gpu_here
from tutor.tui import drawing, keys
from tutor.tui.screens.place import KeyLine
from tutor.tui.training import running
from tutor.tui.training.commanding import Commanding
from tutor.tui.training.described import described
from tutor.tui.training.form import Form, about, form_lines, row_of
from tutor.tui.training.spans import Spans
from tutor.tui.widgets.drawn import Drawn
from tutor.tui.widgets.fields import OneLine

PAUSE_SECONDS = 0.3
"""So long nothing may change before the engine is asked."""
PATIENCE_SECONDS = 150.0
DIGITS = "0123456789."
"""They begin a value."""
WAITING = "as soon as PyTorch is loaded, about 3 s"
TRYING = "trying a few steps"
ABSENT = "PyTorch is not running here, so nothing is counted."


class ValueLine(OneLine):
    """A value that is being typed. It has the focus from first to last, and is seen while it is open.

    A focus that moved when typing begins would come later than keys that arrive together, and a key's meaning depends
    on those before it. So all of them are carried out here, one after the other.
    """

    BINDINGS = keys.bindings("value")

    DEFAULT_CSS = """
    ValueLine, ValueLine:focus { height: 0; border: none; padding: 0; }
    ValueLine.-open, ValueLine.-open:focus { height: 3; border: round $accent; padding: 0 1; }
    """

    opened: reactive[bool] = reactive(False)
    """Whether a value is being typed."""

    def __init__(self) -> None:
        super().__init__("value")

    def watch_opened(self, opened: bool) -> None:
        self.set_class(opened, "-open")

    def on_show(self) -> None:
        """A terminal that was too small for a while took the focus away."""
        self.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.opened and super().check_action(action, parameters)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.opened and super().check_consume_key(key, character)

    async def on_key(self, event: events.Key) -> None:
        """A character is typed, a digit begins a value, and every other key is what the screen has for it."""
        if self.opened and event.is_printable:
            return
        bound = self.screen.active_bindings.get(event.key)
        if bound is not None and bound.node in (self, self.screen):
            await self.app.run_action(bound.binding.action, bound.node)
        elif event.character and event.character in DIGITS:
            await self.app.run_action(f"screen.type({event.character!r})", self)
        else:
            # What is left is the program's, such as the list of keys; no letter is for this line while it is shut.
            if event.is_printable:
                event.prevent_default()
            return
        event.stop()
        event.prevent_default()


class RecipeScreen(Commanding):
    """Change a recipe line by line; beside it stands what it comes to."""

    BINDINGS = keys.bindings("recipe")
    AUTO_FOCUS = "ValueLine"

    DEFAULT_CSS = """
    RecipeScreen #both { height: 1fr; width: 100%; padding: 1 0 0 1; }
    RecipeScreen #form-place { width: 38; height: 100%; scrollbar-size-vertical: 1; }
    RecipeScreen.-wide #form-place { width: 46; }
    RecipeScreen #description-place {
        width: 1fr; height: 100%; border-left: solid $rule; padding: 0 1; scrollbar-size-vertical: 1;
    }
    RecipeScreen #form, RecipeScreen #description { height: auto; }
    RecipeScreen.-slim #description-place { display: none; }
    RecipeScreen.-slim #form-place { width: 1fr; }
    """

    class Came(Message):
        """What the engine says of a recipe, or why it says nothing."""

        def __init__(self, number: int, values: Mapping[str, Any] | None, trouble: str, last: bool) -> None:
            super().__init__()
            self.number, self.values, self.trouble, self.last = number, values, trouble, last

    class Begun(Message):
        """The run has begun, or why it has not."""

        def __init__(self, outcome: Run | str) -> None:
            super().__init__()
            self.outcome = outcome

    def __init__(self, chosen: Recipe | None = None) -> None:
        """Begin with a recipe; without one with the first, at the scale that suits this machine."""
        super().__init__()
        self.form = Form(chosen or recipe("cnn-shifted", default_scale(gpu_here())))
        self.found: Mapping[str, Any] | None = None
        self._waiting = WAITING
        self._number = 0
        self._future: Future[dict[str, Any]] | None = None
        self._timer: Timer | None = None
        self._starting = False
        self._fetch = ""

    def places(self) -> tuple[keys.Place, ...]:
        return ("value", "everywhere") if self.typing else ("recipe", "everywhere")

    @property
    def typing(self) -> bool:
        """Whether a value is being typed."""
        return self.is_mounted and self.query_one(ValueLine).opened

    def compose(self) -> ComposeResult:
        yield Spans(self.top, id="top")
        with Horizontal(id="both"):
            with VerticalScroll(id="form-place", can_focus=False):
                yield Spans(self.lines, id="form")
            with VerticalScroll(id="description-place", can_focus=False):
                yield Spans(self.description, id="description")
        yield ValueLine()
        yield Spans(self.notice, id="notice")
        yield KeyLine(self.key_line, id="keys")
        yield Drawn(self.too_small, id="small")

    def top(self, width: int) -> drawing.Lines:
        one = self.form.recipe
        words = f"{one.name}, {one.scale}"
        return [drawing.two_ends(Content.styled("new run", "bold"), Content.styled(words, drawing.QUIET), width)]

    def lines(self, width: int) -> drawing.Lines:
        """The form."""
        return form_lines(self.form, width)

    def description(self, width: int) -> drawing.Lines:
        """What it comes to."""
        return described(self.form.recipe, self.found, self._waiting, self._data_said(), width)

    def notice(self, width: int) -> drawing.Lines:
        said = super().notice(width)
        return said or drawing.said(about(self.form), min(width, 100), "", drawing.QUIET)

    def _data(self) -> Found | None:
        try:
            return find(self.form.recipe.data)
        except (DataError, OSError):
            return None

    def _data_said(self) -> str:
        found = self._data()
        return "" if found is None or found.complete else found.said

    # Drawing and asking

    def on_mount(self) -> None:
        self.ask()

    def on_unmount(self) -> None:
        self._forget()

    def draw(self) -> None:
        """Draw what changed."""
        if not self.is_mounted:
            return
        for name, lines in (("top", self.top), ("form", self.lines), ("description", self.description)):
            self.query_one(f"#{name}", Spans).show(lines)
        self.query_one("#keys", KeyLine).show(self.key_line)
        self.say_trouble()

    def change(self, form: Form) -> None:
        """Take another form over; what it comes to is asked for when it stays."""
        other = form.recipe != self.form.recipe
        self.form, self._fetch = form, ""
        self.say("")
        if other:
            self._forget()
            self._timer = self.set_timer(PAUSE_SECONDS, self.ask)
        self.draw()
        self._see()

    def _see(self) -> None:
        """Scroll so that the line chosen is seen."""
        place = self.query_one("#form-place")
        place.scroll_to(y=row_of(self.form.at) - place.size.height // 2, animate=False)

    def _forget(self) -> None:
        self._number += 1
        if self._timer is not None:
            self._timer.stop()
        if self._future is not None:
            self._future.cancel()

    def ask(self) -> None:
        """Ask the engine what the recipe comes to: figures at once, memory and time after a trial."""
        engine, one = self.tutor.engine, self.form.recipe
        self._forget()
        if engine is None:
            self.found, self._waiting = None, ABSENT
            self.draw()
            return
        self._waiting = TRYING if engine.state == "ready" else WAITING
        number = self._number
        asked = {"recipe": to_toml(one), "source": running.own_model(one)}
        self._future = engine.request(
            "recipe", asked, PATIENCE_SECONDS, lambda values: self._came(number, values, "", False)
        )
        self._future.add_done_callback(lambda future: self._done(number, future))

    def _done(self, number: int, future: Future[dict[str, Any]]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        self._came(number, None if error else future.result(), str(error) if error else "", True)

    def _came(self, number: int, values: Mapping[str, Any] | None, trouble: str, last: bool) -> None:
        """From the engine's thread: messages may be posted from any."""
        if self.is_attached:
            self.post_message(self.Came(number, values, trouble, last))

    def on_recipe_screen_came(self, event: Came) -> None:
        if event.number != self._number:
            return
        self.found = event.values
        self._waiting = event.trouble or ("" if event.last else TRYING)
        self.draw()

    # Keys

    def action_move(self, step: int) -> None:
        """The line above or below."""
        self.change(self.form.move(step))

    def action_change(self, step: int) -> None:
        """The value before or after."""
        self.change(self.form.step(step))

    def action_mine(self) -> None:
        """The learner's own model in place of ours, and back."""
        form = self.form.mine()
        if form.recipe.source == "mine" and (trouble := running.own_trouble(form.recipe)):
            self.say(trouble)
            return
        self.change(form)

    def action_again(self) -> None:
        """This value as the recipe has it."""
        self.change(self.form.reset())

    def action_type(self, begin: str | None = None) -> None:
        """Type the value chosen; a digit begins anew."""
        line = self.query_one(ValueLine)
        line.value = begin or self.form.text(self.form.field)
        line.cursor_position = len(line.value)
        line.opened = True
        self.draw()
        # The line takes room from the form.
        self.call_after_refresh(self._see)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a value is typed, keys are its own; a value is taken or left only then."""
        if action in ("take", "forget"):
            return self.typing
        if action in ("start", "move", "change", "type", "mine", "again", "leave"):
            return not self.typing
        return super().check_action(action, parameters)

    def action_take(self) -> None:
        """Take what is typed; what cannot be is said, and stays to be mended."""
        try:
            form = self.form.typed(self.query_one(ValueLine).value)
        except RecipeError as error:
            self.say(str(error))
            return
        self.action_forget()
        self.change(form)

    def action_forget(self) -> None:
        """Leave it as it was."""
        self.query_one(ValueLine).opened = False
        self.say("")
        self.draw()

    def action_page(self, step: int) -> None:
        """Scroll what it comes to."""
        place = self.query_one("#description-place")
        place.scroll_relative(y=step * max(1, place.size.height - 2), animate=False)

    def action_start(self) -> None:
        """Start; where the data set is not here, ask once whether to fetch it."""
        if self._starting:
            return
        found = self._data()
        if found is not None and not found.complete and self._fetch != found.name:
            self._fetch = found.name
            size = f"{found.download_bytes / 1e6:.0f} MB"
            self.say(f"{found.said} enter again downloads it ({size}); fashion-mini is here already.")
            return
        self._starting = True
        self.say("starting" if not self._fetch else f"downloading {self._fetch}")
        one, fetch = self.form.recipe, self._fetch
        self.run_worker(lambda: self._start(one, fetch), thread=True, exit_on_error=False)

    def _start(self, one: Recipe, fetch: str) -> None:
        """Beside the interface."""
        trouble = running.download(fetch, self._progress) if fetch else ""
        outcome = trouble or running.start(one)
        if self.is_attached:
            self.post_message(self.Begun(outcome))

    def _progress(self, done: int, total: int | None, file: str) -> None:
        if self.is_attached:
            of = f" of {total / 1e6:.1f}" if total else ""
            self.post_message(self.Done(f"downloading {file}: {done / 1e6:.1f}{of} MB"))

    def on_recipe_screen_begun(self, event: Begun) -> None:
        self._starting = False
        if isinstance(event.outcome, str):
            self.say(event.outcome)
            return
        from tutor.tui.screens.training import TrainingScreen

        self.app.switch_screen(TrainingScreen(event.outcome))

    def action_leave(self) -> None:
        """Back; nothing is started."""
        self.dismiss(None)
