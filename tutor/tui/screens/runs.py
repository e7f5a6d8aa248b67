"""All runs with their states, live; the one chosen with its curves below."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.geometry import Region

from tutor.charts.cells import Picture
from tutor.training.events import Failed
from tutor.training.runs import Run
from tutor.training.saying import happened
from tutor.tui import drawing, keys
from tutor.tui.screens.place import KeyLine
from tutor.tui.terminal import ascii_only
from tutor.tui.training import running
from tutor.tui.training.charts_of import Drawer, Shown, View, What
from tutor.tui.training.commanding import Commanding
from tutor.tui.training.lines import counted, list_lines, named
from tutor.tui.training.spans import ChartView, Spans
from tutor.tui.training.watching import Watcher
from tutor.tui.training.words import RESUMABLE
from tutor.tui.widgets.drawn import Drawn

LOOK_SECONDS, AGES_SECONDS = 0.25, 5.0
"""Between two looks at what is new; between two at how long ago things were, which change by themselves."""
BOTH: tuple[What, What] = ("loss", "accuracy")
CHARTS_ROWS, BOTH_COLUMNS = 22, 100
"""From here on there is room for the curves of the run chosen, and for both of them."""


class RunList(Spans):
    """The runs, one a row; a click chooses one, a second one opens it."""

    async def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and isinstance(self.screen, RunsScreen):
            self.screen.point(place.y)


class RunsScreen(Commanding):
    """Choose a run; open it, stop it, go on with it, delete it; or begin a new one."""

    BINDINGS = keys.bindings("runs")

    DEFAULT_CSS = """
    RunsScreen #body { padding: 1 1 0 1; height: 1fr; }
    RunsScreen #list { max-width: 110; height: auto; min-height: 1; }
    RunsScreen #charts { display: none; height: 12; width: 100%; padding: 0 1; border-top: solid $rule; }
    RunsScreen.-charts #charts { display: block; layout: horizontal; }
    RunsScreen #runs-loss { display: none; }
    RunsScreen.-both #runs-loss { display: block; }
    RunsScreen .apart { display: none; width: 3; }
    RunsScreen.-both .apart { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.plain = ascii_only()
        self.watcher = Watcher()
        self.watcher.read_beside("runs", running.listed)
        self._drawers = {what: Drawer(what) for what in BOTH}
        self._seen, self._drawn = -1, 0.0
        self._choice, self._row = "", 0
        self._sight = (0, 0)
        self._asked = self._answered = ""

    def places(self) -> tuple[keys.Place, ...]:
        return ("runs", "everywhere")

    def compose(self) -> ComposeResult:
        yield Spans(self.top, id="top")
        with VerticalScroll(id="body", can_focus=False):
            yield RunList(self.rows, id="list")
        with Horizontal(id="charts"):
            yield ChartView(id="runs-loss")
            yield Drawn(lambda width: [Content(" ")], classes="apart")
            yield ChartView(id="runs-accuracy")
        yield Spans(self.notice, id="notice")
        yield KeyLine(self.key_line, id="keys")
        yield Drawn(self.too_small, id="small")

    @property
    def runs(self) -> Sequence[Run]:
        """What there was a moment ago, the newest first."""
        found = self.watcher.readings.get("runs")
        return found if isinstance(found, list) else []

    @property
    def chosen(self) -> Run | None:
        """The run the cursor is at."""
        return self.runs[self.at] if self.runs else None

    @property
    def at(self) -> int:
        """The row of the run chosen, wherever that stands by now; of one that is gone, the row it had."""
        rows = {run.id: row for row, run in enumerate(self.runs)}
        return rows.get(self._choice, max(0, min(self._row, len(rows) - 1)))

    def choose(self, row: int) -> None:
        """The cursor to a row, and from now on with the run that stands there."""
        runs = self.runs
        self._row = max(0, min(row, len(runs) - 1))
        self._choice = runs[self._row].id if runs else ""

    def top(self, width: int) -> drawing.Lines:
        words = Content.styled(counted(self.runs), drawing.QUIET)
        return [drawing.two_ends(Content.styled("runs", "bold"), words, width)]

    def rows(self, width: int) -> drawing.Lines:
        """The list."""
        if "runs" not in self.watcher.readings:
            return [Content.styled("reading the runs", drawing.QUIET)]
        if not self.runs:
            return drawing.said("Nothing has been trained yet. n chooses a recipe and starts it.", min(width, 80))
        return list_lines(self.runs, self.at, time.time(), width)

    def notice(self, width: int) -> drawing.Lines:
        lines = super().notice(width)
        run = self.chosen
        if lines or run is None:
            return lines
        return [Content.styled(drawing.cut(f"{run.id}   {about(run)}".rstrip(), width), drawing.QUIET)]

    # Drawing

    def on_mount(self) -> None:
        self.watcher.start()
        self.set_interval(LOOK_SECONDS, self.look)

    def on_unmount(self) -> None:
        self.watcher.stop()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height >= CHARTS_ROWS and event.size.width >= drawing.SMALLEST[0], "-charts")
        self.set_class(event.size.width >= BOTH_COLUMNS, "-both")
        self.call_after_refresh(self.draw)

    def look(self) -> None:
        """Draw, if there is anything new."""
        if self.app.screen is not self:
            return
        if self.watcher.version != self._seen:
            self.draw()
        elif time.monotonic() - self._drawn >= AGES_SECONDS:
            self.draw_rows()

    def draw(self) -> None:
        """Draw what changed."""
        if not self.is_mounted:
            return
        self._seen = self.watcher.version
        self.choose(self.at)
        run = self.chosen
        self.watcher.follow([run.path] if run is not None and self.has_class("-charts") else [])
        self.query_one("#top", Spans).show(self.top)
        self.query_one("#keys", Drawn).show(self.key_line)
        self.draw_rows()
        self.say_trouble()
        for what in BOTH:
            chart = self.query_one(f"#runs-{what}", ChartView)
            if chart.display and run is not None:
                chart.show(self.drawing(what, run))
            elif chart.display:
                chart.show(Picture)

    def draw_rows(self) -> None:
        """Draw the list, as far as it changed."""
        self._drawn = time.monotonic()
        self.query_one("#list", Spans).show(self.rows)

    def say_trouble(self) -> None:
        super().say_trouble()
        # What is said may take rows from the list.
        self.call_after_refresh(self.keep_in_sight)

    def keep_in_sight(self) -> None:
        """Scroll, if need be, so that the run chosen is seen."""
        body = self.query_one("#body", VerticalScroll)
        sight = (self.at, body.size.height)
        # Where neither changed, somebody may be looking at other rows.
        if sight != self._sight:
            self._sight = sight
            body.scroll_to_region(Region(0, self.at, 1, 1), animate=False, immediate=True)

    def drawing(self, what: What, run: Run) -> Callable[[int, int], Picture]:
        """What draws a chart of a run at a size."""
        shown = [Shown(run.id, self.watcher.history(run.path))]
        return lambda width, height: self._drawers[what].picture(shown, View(), width, height, self.plain)

    def point(self, row: int) -> None:
        """A row was clicked."""
        self.turn()
        if row == self.at:
            self.action_open()
        elif 0 <= row < len(self.runs):
            self.action_move(row - self.at)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything for the run chosen; one that does not is not shown."""
        run = self.chosen
        if action == "stop":
            return run is not None and run.alive
        if action == "resume":
            return run is not None and run.state in RESUMABLE
        if action in ("open", "delete"):
            return run is not None
        return super().check_action(action, parameters)

    def turn(self) -> None:
        # A question stands until the next key, which answers it or takes it back.
        self._asked, self._answered = "", self._asked
        super().turn()

    def action_move(self, step: int) -> None:
        """The run above or below."""
        self.choose(self.at + step)
        self.draw()

    def action_open(self) -> None:
        """Watch the run chosen."""
        from tutor.tui.screens.training import TrainingScreen

        run = self.chosen
        if run is not None:
            self.app.push_screen(TrainingScreen(run))

    def action_new(self) -> None:
        """Choose a recipe."""
        from tutor.tui.screens.recipe import RecipeScreen

        self.app.push_screen(RecipeScreen())

    def action_stop(self) -> None:
        """Stop the run chosen."""
        if self.chosen is not None:
            self.stop_run(self.chosen)

    def action_resume(self) -> None:
        """Go on with the run chosen."""
        if self.chosen is not None:
            self.resume_run(self.chosen)

    def action_delete(self) -> None:
        """Delete the run chosen, when asked a second time."""
        run = self.chosen
        if run is None:
            return
        if run.alive:
            self.say(f"{named(run)} is {'waiting' if run.waits else 'running'}; s stops it first.")
        elif self._answered != run.id:
            self._asked = run.id
            self.say(f"d again deletes {run.id} with its curves and checkpoints; any other key keeps it.")
        else:
            self.tell(lambda: running.delete(run))

    def action_leave(self) -> None:
        """Back; a question that stands is taken back first."""
        if not self._answered:
            self.dismiss(None)


def about(run: Run) -> str:
    """What there is to say of a run in a line: what went wrong or became of it, else the newest it said."""
    if run.trouble:
        return run.trouble
    if run.alive or run.state == "finished":
        return run.message
    told = happened(run)
    told = f"{told[0].upper()}{told[1:]}."
    return f"{told} {run.last.advice}" if isinstance(run.last, Failed) else told
