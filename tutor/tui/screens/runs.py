"""All runs with their states, live; the one chosen with its curves below."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content

from tutor.charts.cells import Picture
from tutor.training.runs import Run
from tutor.tui import drawing, keys
from tutor.tui.screens.place import KeyLine
from tutor.tui.terminal import ascii_only
from tutor.tui.training import running
from tutor.tui.training.charts_of import Drawer, Shown, View, What
from tutor.tui.training.commanding import Commanding
from tutor.tui.training.lines import list_lines, named
from tutor.tui.training.spans import ChartView, Spans
from tutor.tui.training.watching import Watcher
from tutor.tui.widgets.drawn import Drawn

LOOK_SECONDS = 0.25
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
        self.at = 0
        self.plain = ascii_only()
        self.watcher = Watcher()
        self.watcher.read_beside("runs", running.listed)
        self._drawers = {what: Drawer(what) for what in BOTH}
        self._seen = -1
        self._asked = ""

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
        return self.runs[min(self.at, len(self.runs) - 1)] if self.runs else None

    def top(self, width: int) -> drawing.Lines:
        alive = sum(run.alive for run in self.runs)
        words = f"{alive} running, {len(self.runs)} in all" if self.runs else ""
        return [drawing.two_ends(Content.styled("runs", "bold"), Content.styled(words, drawing.QUIET), width)]

    def rows(self, width: int) -> drawing.Lines:
        """The list."""
        if "runs" not in self.watcher.readings:
            return [Content.styled("reading the runs", drawing.QUIET)]
        if not self.runs:
            return drawing.said("Nothing has been trained yet. n chooses a recipe and starts it.", min(width, 80))
        return list_lines(self.runs, min(self.at, len(self.runs) - 1), time.time(), width, self.plain)

    def notice(self, width: int) -> drawing.Lines:
        lines = super().notice(width)
        run = self.chosen
        if lines or run is None:
            return lines
        word = run.trouble or getattr(run.last, "reason", "") or run.message
        return [Content.styled(drawing.cut(f"{run.id}   {word}".rstrip(), width), drawing.QUIET)]

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
        if self.app.screen is self and self.watcher.version != self._seen:
            self.draw()

    def draw(self) -> None:
        """Draw what changed."""
        if not self.is_mounted:
            return
        self._seen = self.watcher.version
        run = self.chosen
        self.watcher.follow([run.path] if run is not None and self.has_class("-charts") else [])
        self.query_one("#top", Spans).show(self.top)
        self.query_one("#list", Spans).show(self.rows)
        self.say_trouble()
        for what in BOTH:
            chart = self.query_one(f"#runs-{what}", ChartView)
            if chart.display and run is not None:
                chart.show(self.drawing(what, run))
            elif chart.display:
                chart.show(Picture)

    def drawing(self, what: What, run: Run) -> Callable[[int, int], Picture]:
        """What draws a chart of a run at a size."""
        shown = [Shown(run.id, self.watcher.history(run.path))]
        return lambda width, height: self._drawers[what].picture(shown, View(), width, height, self.plain)

    def point(self, row: int) -> None:
        """A row was clicked."""
        if 0 <= row < len(self.runs):
            if row == self.at:
                self.action_open()
            self.action_move(row - self.at)

    # Keys

    def action_move(self, step: int) -> None:
        """The run above or below."""
        self._asked = ""
        self.say("")
        self.at = max(0, min(self.at + step, len(self.runs) - 1))
        self.query_one("#body").scroll_to(y=self.at - self.query_one("#body").size.height // 2, animate=False)
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
            self.say(f"{named(run)} is {run.state}; s stops it first.")
        elif self._asked != run.id:
            self._asked = run.id
            self.say(f"d again deletes {run.id} with its curves and checkpoints; any arrow keeps it.")
        else:
            self._asked = ""
            self.say("")
            self.tell(lambda: running.delete(run))

    def action_leave(self) -> None:
        """Back; a question that stands is taken back first."""
        if self._asked:
            self._asked = ""
            self.say("")
        else:
            self.dismiss(None)
