"""The list of problems: what is solved, and where to go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import events, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message

from tutor.content.model import Problem
from tutor.tui import drawing, keys
from tutor.tui.screens.place import Place
from tutor.tui.widgets.drawn import Drawn

if TYPE_CHECKING:
    from tutor.training.runs import Run

LOOK_SECONDS = 1.0


class ProblemList(Drawn):
    """The problems, one a row; a click opens one."""

    class Opened(Message):
        """A problem was clicked."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    owner: list[int]

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and 0 <= place.y < len(self.owner) and self.owner[place.y] >= 0:
            self.post_message(self.Opened(self.owner[place.y]))


class HomeScreen(Place):
    """Choose a problem; enter continues where you were."""

    BINDINGS = keys.bindings("home")

    DEFAULT_CSS = """
    HomeScreen #body { padding: 1 0 0 1; }
    HomeScreen ProblemList { max-width: 100; }
    HomeScreen #runs { margin-top: 1; max-width: 100; }
    HomeScreen #about { margin-top: 1; padding: 0 0 0 2; max-width: 82; }
    HomeScreen.-slim #body { padding: 0 0 0 1; }
    HomeScreen.-slim #about { margin-top: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.at = 0
        self._chosen_by_hand = False
        self._runs: tuple[Run, ...] = ()
        self._looking = False

    def places(self) -> tuple[keys.Place, ...]:
        return ("home", "everywhere")

    def matter(self) -> ComposeResult:
        with VerticalScroll(id="body", can_focus=False):
            yield ProblemList(self.rows, id="list")
            yield Drawn(self.run_rows, id="runs")
            yield Drawn(self.about, id="about")

    @property
    def problems(self) -> list[Problem]:
        """All problems, in order."""
        return [problem for one in self.tutor.sets for problem in one.problems]

    def top(self, width: int) -> drawing.Lines:
        return drawing.home_top(self.tutor.sets, self.tutor.progress, width)

    def rows(self, width: int) -> drawing.Lines:
        """The list."""
        lines, owner = drawing.home_list(self.tutor.sets, self.tutor.progress, self.at, width)
        self.query_one(ProblemList).owner = owner
        return lines

    def about(self, width: int) -> drawing.Lines:
        """What the chosen problem is about; at first start what this is."""
        if self.tutor.content_trouble:
            return drawing.said(self.tutor.content_trouble, min(width, 80))
        if not self.problems:
            return []
        return drawing.home_about(self.problems[self.at], self.tutor.progress, self.tutor.fresh, width)

    def run_rows(self, width: int) -> drawing.Lines:
        """The runs worth seeing first; nothing before there is one."""
        if not self._runs:
            return []
        from tutor.tui.training.lines import run_lines

        return run_lines(self._runs, time.time(), width)

    def on_mount(self) -> None:
        self.read_again()
        self.set_interval(LOOK_SECONDS, self.look_at_runs)

    def on_screen_resume(self) -> None:
        # What was read before is old by now.
        self.look_at_runs()

    def look_at_runs(self) -> None:
        """Read the runs beside, while this screen is seen."""
        if self.app.screen is self and not self._looking and self.tutor.complete:
            self._looking = True
            self.read_runs()

    @work(thread=True, group="runs", exit_on_error=False)
    def read_runs(self) -> None:
        """In a thread: a home folder may be slow."""
        from tutor.training.runs import list_runs

        try:
            found = tuple(list_runs())
        finally:
            self._looking = False
        self.app.call_from_thread(self.show_runs, found)

    def show_runs(self, found: tuple[Run, ...]) -> None:
        """Draw them where anything is said otherwise: ages change though the runs do not."""
        self._runs = found
        if self.is_mounted:
            self.query_one("#runs", Drawn).show(self.run_rows)

    def read_again(self) -> None:
        """Read progress, and choose the problem where the learner was last."""
        if not self.is_mounted:
            # The app may have the content before this screen has its widgets.
            return
        self.tutor.read_progress()
        last = self.tutor.last_visited
        if last and not self._chosen_by_hand:
            place = last.rsplit("/", 1)[0]
            self.at = next((i for i, one in enumerate(self.problems) if f"{one.set_id}/{one.id}" == place), self.at)
        self.renew()

    def renew(self) -> None:
        super().renew()
        self.query_one(ProblemList).show(self.rows)
        self.query_one("#about", Drawn).show(self.about)

    def action_move(self, step: int) -> None:
        """Choose the problem above or below."""
        if self.problems:
            self._chosen_by_hand = True
            self.at = max(0, min(self.at + step, len(self.problems) - 1))
            self.renew()

    def action_open(self) -> None:
        """Open the problem chosen."""
        if self.problems:
            self._chosen_by_hand = False
            self.tutor.open_problem(self.problems[self.at])

    def action_explore(self) -> None:
        """Into the laboratory of the problem chosen."""
        if self.problems:
            self._chosen_by_hand = False
            self.tutor.open_problem(self.problems[self.at], explore=True)

    def on_problem_list_opened(self, event: ProblemList.Opened) -> None:
        self.at = event.at
        self.action_open()
