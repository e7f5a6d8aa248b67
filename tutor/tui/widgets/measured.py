"""What real PyTorch does at some numbers, beside what the learner's own formula says there."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from tutor.answers.errors import Unreadable
from tutor.answers.preview import pretty
from tutor.content.model import Part, Verdict
from tutor.engine.client import Engine
from tutor.engine.measurement import Measurement
from tutor.tui import drawing, keys
from tutor.tui.widgets.drawn import Drawn, nothing
from tutor.tui.widgets.fields import OneLine

WIDEST_BAR = 28


def figure(value: float) -> str:
    """A number for people: 3,840 or 0.500123."""
    return f"{int(value):,}" if value == int(value) and abs(value) < 10**15 else f"{value:.6g}"


def shown(value: Any) -> str:
    """A symbol's value: a number, or a sequence in brackets."""
    return f"({', '.join(map(figure, value))})" if isinstance(value, list) else figure(value)


def comparison(found: Measurement, claim: float | None, where: str, width: int) -> drawing.Lines:
    """The measurement over the claim, as numbers and as bars of one scale, and what was run."""
    rows = [("PyTorch", found.value)] + ([] if claim is None else [("your formula", claim)])
    texts = [figure(value) for _, value in rows]
    if found.standard_error is not None:
        texts[0] += f" ± {found.standard_error:.1g}"
    column = max(len(text) for text in texts)
    largest = max(abs(value) for _, value in rows)
    room = min(WIDEST_BAR, width - 2 - 14 - column - 2)
    lines = drawing.said(f"measured at {where}" if where else "measured", width, "  ", drawing.QUIET)
    for (label, value), text in zip(rows, texts, strict=True):
        bar = "█" * round(room * abs(value) / largest) if largest and room > 3 else ""
        look = drawing.ACCENT if label == "PyTorch" else ""
        lines.append(Content.assemble("  ", (f"{label:<14}", drawing.QUIET), f"{text:>{column}}  ", (bar, look)))
    said = "" if claim is None else "They agree. " if found.agrees(claim) else "They differ. "
    return [*lines, *drawing.said(f"{said}PyTorch's number is from {found.how}.", width, "  ", drawing.QUIET)]


class NumbersLine(OneLine):
    """The numbers to measure at."""

    BINDINGS = keys.bindings("numbers")

    DEFAULT_CSS = """
    NumbersLine { display: none; }
    NumbersLine.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("numbers")


class Measured(Vertical):
    """Asks the engine, and shows what comes; nothing waits for it."""

    DEFAULT_CSS = """
    Measured { height: auto; }
    Measured > #measured { display: none; margin-top: 1; }
    Measured > #measured.-shown { display: block; }
    """

    class Shown(Message):
        """Something stands here that is to be seen."""

    class Came(Message):
        """A measurement, or a step on the way to it, or the sentence that says why there is none."""

        def __init__(self, number: int, values: dict[str, Any] | None, trouble: str) -> None:
            super().__init__()
            self.number, self.values, self.trouble = number, values, trouble

    part: Part | None = None
    _number = 0
    _asked: Future[dict[str, Any]] | None = None
    _claim: float | None = None
    _where = ""

    def compose(self) -> ComposeResult:
        yield NumbersLine()
        yield Drawn(id="measured")

    @property
    def numbers(self) -> NumbersLine:
        """Where the numbers are typed."""
        return self.query_one(NumbersLine)

    def open(self, part: Part) -> None:
        """Show nothing, for another part."""
        self.part = part
        self.forget()
        self.numbers.set_class(False, "-shown")
        self.numbers.value = ""

    def forget(self) -> None:
        """Take a measurement away: the answer has changed."""
        self._number += 1
        if self._asked is not None:
            self._asked.cancel()
        self._show(None)

    def offer_numbers(self) -> None:
        """Let the learner type numbers; at first middling ones stand there."""
        from tutor.engine.asking import defaults
        from tutor.engine.numbers import as_typed

        assert self.part is not None
        if not self.numbers.value:
            self.numbers.value = as_typed(defaults(self.part))
            self.numbers.cursor_position = len(self.numbers.value)
        self.numbers.set_class(True, "-shown")
        self.numbers.focus()

    def of_verdict(self, engine: Engine | None, folder: Path, text: str, verdict: Verdict) -> None:
        """Measure where the verdict's counterexample is; else at the learner's numbers, else at middling ones."""
        found = verdict.counterexample
        typed = self.numbers.value
        if found is not None and found.symbols:
            typed = " ".join(f"{name}={value.replace(' ', '')}" for name, value in found.symbols)
        if not self.measure(engine, folder, text, typed, quiet=True) and found is not None:
            self.measure(engine, folder, text, "", quiet=True)

    def measure(self, engine: Engine | None, folder: Path, text: str, typed: str, quiet: bool = False) -> bool:
        """Measure at these numbers beside this answer; False where they cannot be used. `quiet` says nothing then."""
        from tutor.engine.asking import plain, request
        from tutor.engine.numbers import NumbersError, as_typed, point_of

        part = self.part
        if part is None or part.measure is None or engine is None:
            if not quiet:
                self._say("PyTorch is not running here.")
            return True
        try:
            point = point_of(part, typed.split())
        except NumbersError as error:
            if not quiet:
                self._say(str(error))
            return False
        self.forget()
        number = self._number
        if not quiet:
            self.numbers.value = as_typed(point)
        self._where = ", ".join(f"{pretty(name)} = {shown(value)}" for name, value in plain(point).items())
        measure, self._claim = self._own(part, text, point)
        if engine.state != "ready":
            self._say(f"{engine.state.removeprefix('broken: ')}" if engine.state.startswith("broken") else WAITING)
        self._asked = request(engine, folder, measure, point, lambda values: self._came(number, values, "") and None)
        self._asked.add_done_callback(lambda future: self._done(number, future))
        return True

    @staticmethod
    def _own(part: Part, text: str, point: dict[str, Any]) -> tuple[str, float | None]:
        """What measures the learner's answer, and its value there: another right convention has its own measurement."""
        from tutor.answers.compare import compare
        from tutor.answers.reading import read
        from tutor.engine.asking import claims, value_at

        assert part.measure is not None
        try:
            tree = read(text, part.vocabulary).tree
        except Unreadable:
            return part.measure, None
        for claim in claims(part)[1:]:
            if claim.measure and compare(tree, claim.tree, part.vocabulary, part.key).equal:
                return claim.measure, value_at(claim.tree, point)
        return part.measure, value_at(tree, point)

    def _done(self, number: int, future: Future[dict[str, Any]]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        self._came(number, None if error else future.result(), str(error) if error else "")

    def _came(self, number: int, values: dict[str, Any] | None, trouble: str) -> None:
        """From the engine's thread: messages may be posted from any."""
        if self.is_attached:
            self.post_message(self.Came(number, values, trouble))

    def on_measured_came(self, event: Came) -> None:
        event.stop()
        if event.number != self._number:
            return
        if event.values is None:
            self._say(event.trouble)
            return
        found, claim, where = Measurement.of(event.values), self._claim, self._where
        self._show(lambda width: comparison(found, claim, where, width))
        self.post_message(self.Shown())

    def _say(self, sentence: str) -> None:
        self._show(lambda width: drawing.said(sentence, width, "  ", drawing.QUIET))

    def _show(self, draw: Any) -> None:
        place = self.query_one("#measured", Drawn)
        place.set_class(draw is not None, "-shown")
        place.show(draw or nothing)


WAITING = "Measuring as soon as PyTorch is loaded, about 3 s."
