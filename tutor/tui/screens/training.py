"""A run on the screen: its curves, figures, pictures and machine, live or finished. Leaving it never stops the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tutor.charts.cells import Picture
from tutor.content.experiments import recipes
from tutor.content.model import Part
from tutor.training.runs import Run
from tutor.tui import drawing, experiment, keys
from tutor.tui.screens.place import KeyLine
from tutor.tui.screens.with_field import WithField
from tutor.tui.training import panels, running
from tutor.tui.training.charts_of import WHATS, Drawer, Shown, What
from tutor.tui.training.lines import named
from tutor.tui.training.machine import Machine, Reading
from tutor.tui.training.naming import told_apart
from tutor.tui.training.pictures import pictures
from tutor.tui.training.reading import History
from tutor.tui.training.spans import ChartView, Spans
from tutor.tui.training.viewing import Viewing
from tutor.tui.training.watching import Watcher
from tutor.tui.widgets.drawn import Drawn

LOOK_SECONDS = 0.1
QUICKEST_SECONDS, SLOWEST_SECONDS = 0.25, 1.0
"""Between two drawings: as often as the share of the processor allows."""
SHARE = 0.02
"""Of one core, for the whole interface; where it takes more, it draws less often."""
SPLIT_COLUMNS, SPLIT_ROWS = 100, 28
"""From here on there is room for two charts and what belongs to them."""
TALL_ROWS = 36
LETTERS = "abcd"


class TrainingScreen(Viewing, WithField):
    """Watch a run. Everything it shows is a snapshot that a thread has read; the run does not know of it."""

    BINDINGS = keys.bindings("training")

    DEFAULT_CSS = """
    TrainingScreen #top { height: 1; border-bottom: none; }
    TrainingScreen #charts { height: 1fr; width: 100%; padding: 0 1; }
    TrainingScreen ChartView { display: none; }
    TrainingScreen ChartView.-shown { display: block; }
    TrainingScreen #lower { height: auto; width: 100%; padding: 0 1; }
    TrainingScreen #left { width: 1fr; height: auto; }
    TrainingScreen #figures { height: auto; min-height: 1; }
    TrainingScreen #second { height: 1; }
    TrainingScreen #pictures, TrainingScreen #side, TrainingScreen #rule-middle { display: none; }

    TrainingScreen.-split #rule-middle { display: block; }
    TrainingScreen.-split .upright { display: block; }
    TrainingScreen.-split #lower { height: 18; }
    TrainingScreen.-split.-low #lower { height: 10; }
    TrainingScreen.-split #left { height: 100%; }
    TrainingScreen.-split #second { display: none; }
    TrainingScreen.-split #pictures { display: block; height: 1fr; margin-top: 1; }
    TrainingScreen.-split #side { display: block; width: 1fr; height: 100%; }

    TrainingScreen.-one .upright, TrainingScreen.-one #rule-middle { display: none; }
    TrainingScreen.-one #pictures, TrainingScreen.-one #side { display: none; }
    TrainingScreen.-one #lower { height: auto; }
    TrainingScreen.-one #left { height: auto; }
    TrainingScreen.-one #second { display: block; }

    TrainingScreen.-pictures #charts, TrainingScreen.-events #charts { display: none; }
    TrainingScreen.-pictures #lower, TrainingScreen.-events #lower { height: 1fr; }
    TrainingScreen.-pictures #left { height: 100%; }
    TrainingScreen.-pictures #second { display: none; }
    TrainingScreen.-pictures #pictures { display: block; height: 1fr; margin-top: 1; }
    TrainingScreen.-alone #lower { display: none; }
    TrainingScreen.-events #left { display: none; }
    TrainingScreen.-events #side { display: block; width: 1fr; height: 100%; }
    """

    def __init__(self, run: Run, machine: Machine | None = None) -> None:
        """Watch `run`. `machine` is for tests."""
        super().__init__()
        self.run = run
        self.watcher = Watcher([run.path])
        self.watcher.read_beside("machine", (machine or Machine()).read)
        self.watcher.read_beside("run", lambda: running.again(run))
        self.watcher.read_beside("saved", lambda: running.saved_step(self.newest))
        self.others: list[Run] = []
        self._drawers = {what: Drawer(what) for what in WHATS}
        self._predicted: tuple[Part, str] | None = None
        self._made: dict[str, tuple[tuple[object, ...], drawing.Lines]] = {}
        self._seen = -1
        self._pace, self._due = QUICKEST_SECONDS, 0.0
        self._used, self._drawn = time.process_time(), time.monotonic()
        self._keys: tuple[keys.Key, ...] = ()

    def places(self) -> tuple[keys.Place, ...]:
        return ("training", "everywhere")

    # What is on the screen

    def compose(self) -> ComposeResult:
        yield Spans(self.top, id="top")
        yield Spans(self.rule_top, id="rule-top", classes="rule")
        with Horizontal(id="charts"):
            for at, what in enumerate(WHATS):
                if at:
                    yield Spans(self.upright, id=f"before-{what}", classes="upright")
                yield ChartView(id=what)
        yield Spans(self.rule_middle, id="rule-middle", classes="rule")
        with Horizontal(id="lower"):
            with Vertical(id="left"):
                yield Spans(self.figures, id="figures")
                yield Spans(self.second, id="second")
                yield Spans(self.pictures, id="pictures")
            yield Spans(self.upright, classes="upright")
            yield Spans(self.beside, id="side")
        yield Spans(self.notice, id="notice")
        yield Spans(self.rule_bottom, id="rule-bottom", classes="rule")
        yield KeyLine(self.key_line, id="keys")
        yield Drawn(self.too_small, id="small")

    @property
    def history(self) -> History:
        """What has been read of the run."""
        return self.watcher.history(self.run.path)

    @property
    def facts(self) -> panels.Facts:
        """The run at this moment."""
        run = self.newest
        saved = self.watcher.readings.get("saved")
        return panels.Facts(run, self.history, saved if isinstance(saved, int) else None)

    @property
    def newest(self) -> Run:
        """The run as it was a moment ago."""
        found = self.watcher.readings.get("run")
        return found if isinstance(found, Run) else self.run

    def top(self, width: int) -> drawing.Lines:
        return panels.top(self.facts, width, time_left=self.alone)

    def figures(self, width: int) -> drawing.Lines:
        """The line of figures."""
        return panels.figures(self.facts, width, progress=self.size.width < panels.ROOMY_COLUMNS)

    def second(self, width: int) -> drawing.Lines:
        """The machine in one line."""
        return [panels.machine_line(self.reading, width)]

    @property
    def reading(self) -> Reading | None:
        """The newest look at the machine."""
        found = self.watcher.readings.get("machine")
        return found if isinstance(found, Reading) else None

    def pictures(self, width: int) -> drawing.Lines:
        """The best and the worst validation images."""
        height = self.query_one("#pictures").content_size.height
        examples = self.history.examples
        return self.once("pictures", (examples, width, height), lambda: pictures(examples, width, height, self.plain))

    def beside(self, width: int) -> drawing.Lines:
        """Machine, other runs, receptive field, log."""
        height = self.query_one("#side").content_size.height
        parts = [
            panels.machine(self.reading, width),
            panels.compared(self.shown, told_apart([self.run, *self.others]), width),
            panels.seen(self.run.recipe.canvas if self.run.recipe else 0, self.field, width),
            self.prediction(width),
        ]
        lines: drawing.Lines = []
        for part in parts:
            lines += [*part, Content("")] if part else []
        room, log = height - len(lines), self.history.log
        return lines + self.once("log", (log, width, room), lambda: panels.log_lines(self.history, width, room))

    def prediction(self, width: int) -> drawing.Lines:
        """What the learner expects of the experiment that this run belongs to, and what has come of it so far."""
        if self._predicted is None:
            return []
        found = self.watcher.readings.get("accuracies")
        return experiment.prediction(*self._predicted, found if isinstance(found, dict) else {}, width)

    def once(self, name: str, made_of: tuple[object, ...], make: Callable[[], drawing.Lines]) -> drawing.Lines:
        """The lines made of these values before, else made now: most frames change neither pictures nor log."""
        known = self._made.get(name)
        if known is None or known[0] != made_of:
            known = self._made[name] = (made_of, make())
        return known[1]

    @property
    def reached(self) -> float:
        total = max(run.history.total for run in self.shown)
        return self.history.steps / total if total else 1.0

    @property
    def shown(self) -> list[Shown]:
        """The run in hand, and those laid over it."""
        # Beside the charts there is a list of them; where it has no room, the charts themselves say whose they are.
        names = [""] * len(self.others) if self.panes else told_apart([self.run, *self.others])[1:]
        others = zip(self.others, LETTERS, names, strict=False)
        return [
            Shown(self.run.id, self.history),
            *(Shown(other.id, self.watcher.history(other.path), letter, name) for other, letter, name in others),
        ]

    def charts(self) -> Iterator[What]:
        """The charts that are on the screen."""
        if self.side == "charts":
            yield from (WHATS[:2] if self.what != "rate" else WHATS[1:]) if self.two else (self.what,)

    # Drawing

    def on_mount(self) -> None:
        self.find_experiment()
        self.watcher.start()
        self.set_interval(LOOK_SECONDS, self.look)
        self.settle()
        self.ask_field(self.run)

    def on_unmount(self) -> None:
        self.watcher.stop()

    def on_resize(self, event: events.Resize) -> None:
        self.settle()

    def settle(self) -> None:
        """Give everything its place: what is seen follows from the size and from what was chosen."""
        width, height = self.app.size
        self.set_class(width >= SPLIT_COLUMNS and height >= SPLIT_ROWS, "-split")
        self.set_class(height < TALL_ROWS, "-low")
        self.set_class(not self.panes, "-one")
        self.set_class(self.side == "pictures", "-pictures")
        self.set_class(self.side == "events", "-events")
        self.set_class(self.alone, "-alone")
        shown = list(self.charts())
        for what in WHATS:
            chart = self.query_one(f"#{what}", ChartView)
            chart.set_class(what in shown, "-shown")
            chart.set_class(what == self.what and len(shown) > 1, "-chosen")
        for what in WHATS[1:]:
            self.query_one(f"#before-{what}").styles.display = "block" if what in shown[1:] else "none"
        self.refresh(layout=True)
        self.call_after_refresh(self.draw)

    def look(self) -> None:
        """Draw, if there is anything new and it is time."""
        now = time.monotonic()
        if self.watcher.version == self._seen or now < self._due or self.app.screen is not self:
            return
        used = time.process_time()
        share = (used - self._used) / max(now - self._drawn, LOOK_SECONDS)
        pace = self._pace * (1.3 if share > SHARE else 0.9)
        self._pace = min(SLOWEST_SECONDS, max(QUICKEST_SECONDS, pace))
        self._used, self._drawn = used, now
        self._due = now + self._pace - LOOK_SECONDS / 2
        self.draw()

    def draw(self) -> None:
        """Draw what changed."""
        if not self.is_mounted:
            return
        self._seen = self.watcher.version
        runs = self.shown
        for what in self.charts():
            self.query_one(f"#{what}", ChartView).show(self.drawing(what, runs))
        for name, lines in (
            ("top", self.top),
            ("figures", self.figures),
            ("second", self.second),
            ("pictures", self.pictures),
            ("side", self.beside),
            ("rule-top", self.rule_top),
            ("rule-middle", self.rule_middle),
            ("rule-bottom", self.rule_bottom),
        ):
            widget = self.query_one(f"#{name}", Spans)
            if widget.display:
                widget.show(lines)
        self.draw_keys()

    def draw_keys(self) -> None:
        """Draw the keys, where other ones are in force than before."""
        found = tuple(filter(self.in_force, keys.at("training")))
        if found != self._keys:
            self._keys = found
            self.query_one("#keys", KeyLine).show(self.key_line)

    def drawing(self, what: What, runs: Sequence[Shown]) -> Callable[[int, int], Picture]:
        """What draws a chart at a size."""
        return lambda width, height: self._drawers[what].picture(runs, self.views[what], width, height, self.plain)

    # The experiment it belongs to

    def find_experiment(self) -> None:
        """Follow the other runs of the experiment, where this run belongs to one of which something was predicted."""
        part = experiment.about(self.tutor.sets, self.run.recipe) if self.run.recipe else None
        text = self.tutor.answer(part) if part is not None else ""
        if part is not None and text:
            self._predicted = (part, text)
            self.watcher.read_beside("accuracies", lambda: running.accuracies_beside(self.newest, recipes(part)))

    # Keys

    def action_overlay(self) -> None:
        """One more of the other runs over this one; after the last of them, none."""
        known = [run for run in running.listed() if run.id != self.run.id and run.step]
        # Those on the same images first: that is what is compared.
        known.sort(key=lambda run: named(run).split("-")[-1] != named(self.run).split("-")[-1])
        chosen = {other.id for other in self.others}
        more = next((run for run in known if run.id not in chosen), None)
        if more is None and not self.others:
            self.say("There is no other run with curves to lay over this one.")
            return
        self.others = [*self.others, more] if more is not None and len(self.others) < len(LETTERS) else []
        self.watcher.follow([self.run.path, *(other.path for other in self.others)])
        self.draw()

    def action_stop(self) -> None:
        """Stop the run."""
        self.stop_run(self.newest)

    def action_resume(self) -> None:
        """Go on from the checkpoint."""
        self.resume_run(self.newest)

    def action_leave(self) -> None:
        """Back to where one was."""
        self.dismiss(None)
