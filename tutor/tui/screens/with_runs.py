"""A screen with parts that runs answer: it follows them, starts what is missing, and shows what they came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from tutor.content.experiments import recipes
from tutor.content.model import Part
from tutor.training.runs import Run
from tutor.tui import experiment, keys
from tutor.tui.screens.place import Place
from tutor.tui.widgets.active import ActivePart

LOOK_SECONDS = 1.0


class WithRuns(Place):
    """What a screen does for experiments. For other parts, all of this is quiet."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("experiment")

    _runs: tuple[Run, ...] = ()
    _looking = False
    _quick = False

    @property
    def part(self) -> Part:
        """The part in hand."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.set_interval(LOOK_SECONDS, self.look_at_runs)

    def look_at_runs(self) -> None:
        """Read the runs beside, where the part in hand is about some."""
        if self.app.screen is self and self.part.changes and not self._looking:
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
        self.app.call_from_thread(self.take_runs, found)

    def take_runs(self, found: tuple[Run, ...]) -> None:
        """Show them, where anything is new."""
        before = self.accuracies()
        self._runs = found
        if self.is_mounted:
            self.show_runs()
            if before != self.accuracies():
                self.measured_anew()

    def measured_anew(self) -> None:
        """A run has come to its end."""

    def accuracies(self) -> dict[str, float]:
        """Recipe -> accuracy of the learner's runs, for the part in hand."""
        if not self.part.changes:
            return {}
        from tutor.training.outcomes import accuracies

        return accuracies(self._runs, recipes(self.part))

    def show_runs(self) -> None:
        """The table of an experiment; nothing for other parts."""
        part, runs, found = self.part, self._runs, self.accuracies()
        active = self.query_one(ActivePart)
        if part.kind != "experiment":
            active.show_runs(None)
            return
        left = experiment.missing(part, runs, found)
        told = all(name in found for name in recipes(part))
        active.show_runs(
            lambda width: [
                *experiment.table(part, runs, found, told, width),
                *experiment.help_line(part, left, width),
            ]
        )

    # Keys

    def action_run_missing(self) -> None:
        """Begin the runs that the experiment lacks, one after the other."""
        part = self.part
        if not self.predicted():
            self.query_one(ActivePart).tell("Predict first: type the points, and press enter.")
            return
        left = experiment.missing(part, self._runs, self.accuracies())
        if not left:
            self.query_one(ActivePart).tell("Every run is there or on its way; F7 shows them.")
            return
        self.begin_runs(left)

    def predicted(self) -> bool:
        """Whether the learner has said what they expect."""
        raise NotImplementedError

    @work(thread=True, group="begin", exclusive=True, exit_on_error=False)
    def begin_runs(self, names: Sequence[str]) -> None:
        """In a thread: each begins with a process."""
        from tutor.training import after, starting
        from tutor.training.data.finding import find
        from tutor.training.folder import RunError
        from tutor.training.recipe import default_scale, recipe

        scale = "quick" if self._quick else default_scale(starting.gpu_here())
        wanted = [recipe(name, scale) for name in names]
        lacking = next((one.data for one in wanted if not find(one.data).complete), None)
        if lacking is not None:
            self._quick = True
            said = (
                f"{lacking} is not on this machine; `tutor train {names[0]} --download` fetches it. F6 again runs the "
                "quick recipes, which need only the images that come along."
            )
            self.app.call_from_thread(self.query_one(ActivePart).tell, said)
            return
        alive = next((run for run in self._runs if run.alive), None)
        try:
            for one in wanted:
                alive = after.start_after(alive, one)
        except RunError as error:
            self.app.call_from_thread(self.query_one(ActivePart).tell, str(error))

    def action_watch_runs(self) -> None:
        """The list of runs."""
        self.tutor.open_runs()
