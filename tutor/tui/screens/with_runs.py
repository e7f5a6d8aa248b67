"""A screen with parts that runs answer: it follows them, starts what is missing, and shows what they came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from tutor.content.experiments import recipes, unlearned
from tutor.content.model import Part, Verdict
from tutor.program import program
from tutor.training.folder import RunError
from tutor.training.lacking import DataLacking, begin, lacking
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
    _beginning = False
    _quick = False
    _typed: tuple[str, str] = ("", "")
    """The part in hand when runs were looked at last, and its text then."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, dict[str, float]] = {}
        """The accuracies that were there when each part was looked at last."""

    @property
    def part(self) -> Part:
        """The part in hand."""
        raise NotImplementedError

    def judged(self) -> tuple[Part, str, Verdict | None]:
        """The part in hand, its answer as typed so far, and the verdict on it, if there is one."""
        raise NotImplementedError

    def action_check(self) -> None:
        """Judge the answer."""
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
        """Show them; once the last of them is there, compare them with the prediction."""
        self._runs = found
        if self.is_mounted:
            self.compare()
            self.show_runs()

    def compare(self) -> None:
        """Judge a prediction by runs that have come to their end; not one that is being typed."""
        part, text, verdict = self.judged()
        accuracies, now = self.accuracies(), (part.key, text)
        typing = verdict is None and self._typed[0] == part.key and self._typed != now
        new = self._seen.get(part.key) != accuracies
        self._typed, self._seen[part.key] = now, accuracies
        solved = verdict is not None and verdict.status == "correct"
        ready = part.kind == "experiment" and self.measured_all() and self.predicted()
        if ready and new and not typing and not solved:
            self.action_check()

    def measured_all(self) -> bool:
        """Whether every recipe of the part in hand has a finished run."""
        found = self.accuracies()
        return all(name in found for name in recipes(self.part))

    def accuracies(self) -> dict[str, float]:
        """Recipe -> accuracy of the learner's runs, for the part in hand."""
        if not self.part.changes:
            return {}
        from tutor.training.outcomes import accuracies

        return accuracies(self.counted(), recipes(self.part))

    def counted(self) -> list[Run]:
        """The runs by which the part in hand is judged."""
        from tutor.training.outcomes import counting

        return counting(self.part, self._runs)

    def show_runs(self) -> None:
        """The table of an experiment; nothing for other parts."""
        part, runs, found = self.part, self.counted(), self.accuracies()
        active = self.query_one(ActivePart)
        if part.kind != "experiment":
            active.show_runs(None)
            return
        verdict = self.judged()[2]
        left, predicted = lacking(part, runs, found), self.predicted()
        measured = self.measured_all() and not unlearned(part, found)
        done = verdict is not None and verdict.status == "correct"
        active.show_runs(
            lambda width: [
                *experiment.table(part, runs, found, measured, width),
                *([] if done and not left else experiment.help_line(part, left, measured, predicted, width)),
            ]
        )

    def told(self, sentence: str) -> None:
        """A sentence where the verdict would stand, and the page moved so that it is seen."""
        active = self.query_one(ActivePart)
        active.tell(sentence)
        self.reveal(active.query_one("#verdict"))

    # Keys

    def action_run_missing(self) -> None:
        """Begin the runs that the experiment lacks, one after the other."""
        if not self.predicted():
            self.told("Predict first: type the points, and press enter.")
            return
        left = lacking(self.part, self.counted(), self.accuracies())
        if not left:
            self.told("Every run is there or on its way; F7 shows them.")
        elif not self._beginning:
            self._beginning = True
            self.begin_runs(self.part, left)

    def predicted(self) -> bool:
        """Whether the learner has said what they expect."""
        raise NotImplementedError

    @work(thread=True, group="begin", exit_on_error=False)
    def begin_runs(self, part: Part, names: Sequence[str]) -> None:
        """In a thread: each begins with a process."""
        said = ""
        try:
            begin(part, names, self._runs, self._quick)
        except DataLacking as error:
            self._quick = True
            said = (
                f"{error} is not on this machine; `{program()} train {names[0]} --download` fetches it. F6 again runs "
                "the quick recipes, which need only the images that come along."
            )
        except RunError as error:
            said = str(error)
        finally:
            self._beginning = False
        self.app.call_from_thread(self.begun, said)

    def begun(self, said: str) -> None:
        """They have begun, or not; then `said` is why."""
        if not self.is_attached:
            return
        if said:
            self.told(said)
        self.look_at_runs()

    def action_watch_runs(self) -> None:
        """The list of runs."""
        self.tutor.open_runs()
