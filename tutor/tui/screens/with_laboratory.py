"""A screen with a laboratory: beside what is read and answered where there is room, else in its place."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult

from tutor.content.model import Part, Problem, Verdict
from tutor.laboratories.bench import Claim, LaboratoryError, Numbers
from tutor.laboratories.claims import claim_of
from tutor.laboratories.opening import bench_of
from tutor.tui import keys
from tutor.tui.screens.place import Place
from tutor.tui.widgets.laboratory import Laboratory

BESIDE_COLUMNS = 120
"""From here on there is room for both."""


def numbers_of(part: Part, verdict: Verdict) -> Numbers | None:
    """The counterexample of a wrong answer as values; None where it has none, or none that can be run."""
    from tutor.engine.numbers import NumbersError, point_of

    found = verdict.counterexample
    if verdict.status != "incorrect" or found is None or not found.symbols:
        return None
    try:
        return point_of(part, [f"{name}={value.replace(' ', '')}" for name, value in found.symbols])
    except NumbersError:
        return None


class WithLaboratory(Place):
    """What a screen does for its laboratory. Without one, all of this is quiet."""

    BINDINGS = keys.bindings("bench")

    DEFAULT_CSS = """
    WithLaboratory Laboratory { display: none; }
    WithLaboratory.-slim #bench-title { display: none; }
    WithLaboratory.-bench #matter, WithLaboratory.-bench #parts { display: none; }
    WithLaboratory.-bench Laboratory { display: block; }
    WithLaboratory.-beside.-wide #body {
        layout: grid; grid-size: 2 2; grid-columns: 5fr 4fr; grid-rows: auto 1fr; grid-gutter: 0 1;
        overflow-y: hidden; scrollbar-gutter: auto;
    }
    WithLaboratory.-beside.-wide #matter {
        display: block; width: 100%; height: auto; max-height: 16; padding: 0 1 1 0;
    }
    WithLaboratory.-beside.-wide #parts { display: block; width: 100%; height: 100%; padding: 0 1 0 0; }
    WithLaboratory.-beside Laboratory {
        display: block; row-span: 2; height: 100%; border-left: solid $rule; padding: 0 0 0 1;
    }
    WithLaboratory.-beside Laboratory:focus-within, WithLaboratory.-beside Laboratory:focus {
        border-left: solid $accent;
    }
    """

    problem: Problem
    _claims: dict[tuple[str, str], Claim | None]

    def judged(self) -> tuple[Part, str, Verdict | None]:
        """The part in hand, its answer, and the verdict on exactly this answer."""
        raise NotImplementedError

    def back(self) -> None:
        """Give the keys back to the answer."""
        raise NotImplementedError

    def bench(self) -> ComposeResult:
        """The laboratory, where the problem has one."""
        found = bench_of(self.problem.id)
        if found is not None:
            yield Laboratory(found, self.tutor.engine)

    @property
    def laboratory(self) -> Laboratory | None:
        """The laboratory on this screen."""
        return next(iter(self.query(Laboratory)), None)

    @property
    def in_laboratory(self) -> bool:
        """Whether it has the keys."""
        focused = self.focused if self.is_mounted else None
        return focused is not None and any(isinstance(one, Laboratory) for one in focused.ancestors_with_self)

    def laboratory_places(self) -> tuple[keys.Place, ...]:
        """The places whose keys are in force in it."""
        laboratory = self.laboratory
        if laboratory is None or self.focused is not laboratory:
            return ("typing", "everywhere")
        return ("laboratory", "layers", "everywhere") if laboratory.bench.diagram else ("laboratory", "everywhere")

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE_COLUMNS and bool(self.query(Laboratory)), "-beside")

    def open_laboratory(self) -> None:
        """Show in it what the part in hand asks about, at the counterexample of a wrong answer."""
        laboratory = self.laboratory
        if laboratory is None:
            return
        part, _, verdict = self.judged()
        try:
            laboratory.open(part.id, self.claims(), None if verdict is None else numbers_of(part, verdict))
        except LaboratoryError:
            laboratory.open(part.id, self.claims(), None)

    def forget_claim(self) -> None:
        """The answer has changed: what it claimed is no longer drawn."""
        laboratory = self.laboratory
        if laboratory is not None and laboratory.bench.claim is not None:
            laboratory.open(self.judged()[0].id, self.claims(), None)

    def claims(self) -> Mapping[str, Claim]:
        """The learner's formulas: of the part in hand once it is judged, of the others as last answered."""
        here, text, verdict = self.judged()
        found: dict[str, Claim] = {}
        for part in self.problem.parts:
            progress = self.tutor.progress.get(part.key)
            answer = (progress.last_answer if progress else None) or ""
            if part is here:
                answer = text if verdict is not None and verdict.status != "invalid" else ""
            if (part.key, answer) not in self._claims:
                self._claims[part.key, answer] = claim_of(part, answer, noted=part is here)
            if (claim := self._claims[part.key, answer]) is not None:
                found[part.id] = claim
        return found

    # Keys

    def action_laboratory(self) -> None:
        """Into the laboratory, and back."""
        laboratory = self.laboratory
        if laboratory is None or self.in_laboratory:
            self.action_close_laboratory()
            return
        self.add_class("-bench")
        laboratory.focus(scroll_visible=False)

    def action_close_laboratory(self) -> None:
        """Back to the answer."""
        self.leave_laboratory()
        self.back()

    def leave_laboratory(self) -> None:
        """Put it away where it took the place of the answer."""
        laboratory = self.laboratory
        if laboratory is not None:
            laboratory.close_typing()
        self.remove_class("-bench")

    def action_bench(self, name: str, *arguments: int | str) -> None:
        """A key of the laboratory."""
        laboratory = self.laboratory
        if laboratory is not None:
            laboratory.do(name, *arguments)
