"""A screen whose parts are measured: real PyTorch at numbers of the learner's choice, beside the answer."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tutor.content.model import Part, Problem
from tutor.tui import keys
from tutor.tui.screens.place import Place
from tutor.tui.widgets.active import ActivePart
from tutor.tui.widgets.measured import Measured


class WithMeasurement(Place):
    """What a screen does for measurements."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("measured")

    problem: Problem

    @property
    def part(self) -> Part:
        """The part being answered."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """Its answer as typed so far."""
        raise NotImplementedError

    @property
    def active(self) -> ActivePart:
        """Where it is answered."""
        return self.query_one(ActivePart)

    @property
    def measured(self) -> Measured:
        """What PyTorch does."""
        return self.query_one(Measured)

    def on_measured_shown(self) -> None:
        self.reveal(self.measured)

    def action_measure(self) -> None:
        """Let the learner choose numbers, and run them at once."""
        if self.part.measure is None:
            self.active.tell("There is nothing to measure here, only to judge.")
            return
        self.measured.offer_numbers()
        self.action_measure_numbers()

    def action_measure_numbers(self) -> None:
        """Run PyTorch with the numbers typed."""
        typed = self.measured.numbers.value
        self.measured.measure(self.tutor.engine, self.problem.folder, self.text, typed)

    def action_close_numbers(self) -> None:
        """Back to the answer."""
        self.measured.numbers.set_class(False, "-shown")
        self.active.field.focus()
