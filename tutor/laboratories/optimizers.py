"""Problem 3: what Adam and SGD with momentum remember and do, for gradients of several sizes at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Self, TypeAlias

from tutor.answers.errors import AnswerError, Unreadable
from tutor.answers.evaluate import evaluate
from tutor.answers.reading import read
from tutor.answers.tree import Node
from tutor.answers.vocabulary import SymbolSpec, Vocabulary
from tutor.fields.spans import Line, Span, joined
from tutor.laboratories.bench import Asking, Claim, Found, LaboratoryError, Numbers, Picture, Typing
from tutor.laboratories.charts import Axes, Curve, cells, curves, flush, heading, number, padded, said
from tutor.laboratories.knobs import Knob, Knobbed, knob_lines
from tutor.laboratories.updates import Adam, Sgdm, adam, constant, noisy, sgdm

LAST = 40
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
DECAYS = (0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
LARGEST = 1e30
"""Gradients beyond this are not drawn."""
KNOBS = (
    Knob("show", "show", "what is drawn", ("weight", "m", "v"), "weight"),
    Knob("gradient", "gradient", "its kind; e types one of your own", ("constant", "noisy", "own"), "constant"),
    Knob("c", "c", "the gradient's size", (0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 100.0), 1.0, 1e-6, 1e6),
    Knob("eta", "η", "learning rate", RATES, 0.1, 1e-6, 1e3),
    Knob("beta", "β", "SGDM's decay", DECAYS, 0.9, 0.0, 0.9999),
    Knob("beta1", "β₁", "Adam's decay for m", DECAYS, 0.9, 0.0, 0.9999),
    Knob("beta2", "β₂", "Adam's decay for v", DECAYS, 0.95, 0.0, 0.9999),
    Knob("t", "t", "updates made", tuple(range(LAST + 1)), 10, 0, LAST),
)
ASCII_NAMES = {"η": "eta", "β": "beta", "β₁": "beta1", "β₂": "beta2"}
SIZES = (0.5, 1.0, 2.0)
"""The gradients drawn at once, in units of c."""
OWN = "c (-1)^t"
GRADIENT = Vocabulary((SymbolSpec("c", "positive real"), SymbolSpec("t", "non-negative integer")))

Curves: TypeAlias = tuple[Sequence[Adam], Sequence[Sgdm]]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something to draw: its name, whose it is, and where it stands in a state."""

    name: str
    ascii_name: str
    of: Callable[[Curves], Sequence[float | None]]
    part: str


QUANTITIES: dict[str, tuple[Quantity, ...]] = {
    "weight": (
        Quantity("Adam: w", "Adam: w", lambda of: [state.w for state in of[0]], "adam-weight"),
        Quantity("SGDM: w", "SGDM: w", lambda of: [state.w for state in of[1]], "sgdm-weight"),
    ),
    "m": (
        Quantity("Adam: m", "Adam: m", lambda of: [state.m for state in of[0]], "adam-first-moment"),
        Quantity("Adam: m̂", "Adam: m^", lambda of: [state.m_hat for state in of[0]], "adam-first-moment-corrected"),
        Quantity("SGDM: m", "SGDM: m", lambda of: [state.m for state in of[1]], "sgdm-momentum"),
    ),
    "v": (
        Quantity("Adam: v", "Adam: v", lambda of: [state.v for state in of[0]], "adam-second-moment"),
        Quantity("Adam: v̂", "Adam: v^", lambda of: [state.v_hat for state in of[0]], "adam-second-moment-corrected"),
    ),
}
PARTS = {
    "Adam": (
        "adam-weight",
        "adam-first-moment",
        "adam-second-moment",
        "adam-first-moment-corrected",
        "adam-second-moment-corrected",
    ),
    "SGDM": ("sgdm-weight", "sgdm-momentum"),
}
"""Which part asks for which column of the table."""
SHOWN_BY_PART = {quantity.part: show for show, quantities in QUANTITIES.items() for quantity in quantities}


@lru_cache(256)
def states(kind: str, own: Node | None, c: float, eta: float, beta: float, beta1: float, beta2: float) -> Curves:
    """Both optimizers over the same gradients."""
    if kind == "own" and own is not None:
        gradients = [float(evaluate(own, {"c": c, "t": t})) for t in range(LAST)]
    else:
        gradients = noisy(c, LAST) if kind == "noisy" else constant(c, LAST)
    return adam(gradients, eta, beta1, beta2), sgdm(gradients, eta, beta)


def gradient_of(text: str) -> Node:
    """A gradient as typed, a formula in c and t. Raises LaboratoryError where it cannot be read or used."""
    try:
        tree = read(text.strip().removeprefix("g =").strip(), GRADIENT).tree
    except Unreadable as error:
        raise LaboratoryError(f"{error.message} A gradient is a formula in c and t, such as {OWN}.") from None
    for c in (1e-6, 1.0, 1e6):
        for t in range(LAST):
            try:
                value = float(evaluate(tree, {"c": c, "t": t}))
            except (AnswerError, ArithmeticError, ValueError):
                raise LaboratoryError(f"This gradient has no value at t = {t}; t runs from 0.") from None
            if not abs(value) <= LARGEST:
                raise LaboratoryError(f"This gradient is too large to draw at t = {t}.")
    return tree


@dataclass(frozen=True)
class OptimizersBench(Knobbed):
    """Two optimizers over the same gradients, three sizes of them at once."""

    title: ClassVar[str] = "two optimizers, one weight"
    knobs: tuple[Knob, ...] = KNOBS
    at: int = 2
    own: str = OWN
    tree: Node | None = None

    def opened(self, part: str, claims: Mapping[str, Claim], numbers: Numbers | None) -> Self:
        here = replace(self, part=part, claims=claims)
        if part in SHOWN_BY_PART:
            here = here.having(show=SHOWN_BY_PART[part])
        elif part != self.part:
            here = here.having(show="weight")
        if numbers is None:
            return here
        given = {
            name: float(value) for name, value in numbers.items() if name in ("c", "t", "eta", "beta", "beta1", "beta2")
        }
        return here.having(gradient="constant", **given)

    def turned_to(self, knob: Knob) -> Self:
        here = super().turned_to(knob)
        if here.value("gradient") == "own" and here.tree is None:
            here = replace(here, tree=gradient_of(here.own))
        return here

    def typing(self) -> Typing:
        if self.knobs[self.at].id == "gradient":
            return Typing("a gradient in c and t", self.own)
        return super().typing()

    def typed(self, text: str) -> Self:
        if self.knobs[self.at].id == "gradient" and text.strip() not in ("constant", "noisy", "own"):
            tree = gradient_of(text)
            return replace(self, own=text.strip(), tree=tree).having(gradient="own")
        return super().typed(text)

    def asks(self) -> Asking | None:
        return None

    @property
    def numbers(self) -> dict[str, Any]:
        """The values the learner's formulas are taken at, t aside."""
        return {name: self.value(name) for name in ("c", "eta", "beta", "beta1", "beta2")}

    def states(self, c: float) -> Curves:
        """What the optimizers do for gradients of this size."""
        return states(
            self.value("gradient"), self.tree, c, *(self.value(name) for name in ("eta", "beta", "beta1", "beta2"))
        )

    def draw(self, width: int, ascii_only: bool, found: Found) -> Picture:
        knobs = (
            tuple(replace(one, name=ASCII_NAMES.get(one.name, one.name)) for one in self.knobs)
            if ascii_only
            else self.knobs
        )
        head = knob_lines(knobs, self.at, width, ascii_only)
        lines: list[Line] = list(head.lines)
        if self.value("gradient") == "own":
            lines += said(f"g = {self.own}, t counting from 0", width)
        # What the part asks about comes first.
        quantities = sorted(QUANTITIES[self.value("show")], key=lambda one: one.part != self.part)
        beside = width >= 76 and len(quantities) == 2
        charts = [
            self._chart(one, (width - 2) // 2 if beside else width, ascii_only, len(quantities)) for one in quantities
        ]
        if beside:
            left = (width - 2) // 2 + 2
            lines.append(())
            for one, other in zip(*charts, strict=True):
                gap = " " * (left - sum(cells(span.text) for span in one))
                lines.append(joined([*one, Span(gap), *other]))
        else:
            for chart in charts:
                lines += [(), *chart]
        return Picture((*lines, (), *self._table(width, ascii_only)), head.spots)

    def _chart(self, quantity: Quantity, width: int, ascii_only: bool, count: int) -> list[Line]:
        c = self.value("c")
        drawn = []
        for size in SIZES:
            role = "curve" if size == 1 else "curve-quiet"
            drawn.append(Curve(quantity.of(self.states(c * size)), "c", number(c * size, ascii_only), role))
        claim = self.claims.get(quantity.part)
        claimed = [] if claim is None else [claim.value({**self.numbers, "t": t}) for t in range(LAST + 1)]
        if claim is not None:
            drawn.append(Curve(claimed, "", "", "yours", marks=True))
        inside = [value for curve in drawn for value in curve.values if value is not None]
        low, high = min(0.0, *inside), max(0.0, *inside)
        if low == high:
            low, high = -1.0, 1.0
        ticks = tuple((value, number(float(f"{value:.3g}"), ascii_only)) for value in {low, 0.0, high})
        # A little more room, so that what settles at the half of the scale does not lie between two rows.
        axes = Axes(low * 1.04, high * 1.04, LAST, ticks, cursor=self.value("t"), along="t")
        name = quantity.ascii_name if ascii_only else quantity.name
        title = heading(name, width, self._remark(quantity, c, ascii_only) if claim is None else self._mark(ascii_only))
        return [title, *curves(drawn, axes, width, 5 if count < 3 else 4, ascii_only)]

    @staticmethod
    def _mark(ascii_only: bool) -> str:
        return f"{'x' if ascii_only else '×'} your formula"

    def _remark(self, quantity: Quantity, c: float, ascii_only: bool) -> str:
        """Whether the size of the gradient can be seen in the curve."""
        one, other = quantity.of(self.states(c)), quantity.of(self.states(2 * c))
        pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
        most = max((max(abs(a), abs(b)) for a, b in pairs), default=0.0)
        alike = all(abs(a - b) <= 1e-9 * most for a, b in pairs)
        return "one curve for every c" if alike and most > 0 else ""

    def _table(self, width: int, ascii_only: bool) -> list[Line]:
        """The numbers at t."""
        t, c = self.value("t"), self.value("c")
        of_adam, of_sgdm = self.states(c)
        after, momentum = of_adam[t], of_sgdm[t]
        names = ["w", "m", "v", "m^", "v^"] if ascii_only else ["w", "m", "v", "m̂", "v̂"]
        rows: list[tuple[str, list[float | None]]] = [
            ("Adam", [after.w, after.m, after.v, after.m_hat, after.v_hat]),
            ("SGDM", [momentum.w, momentum.m]),
        ]
        claimed = {part: claim.value({**self.numbers, "t": t}) for part, claim in self.claims.items()}
        table: list[tuple[str, list[str], str]] = []
        for name, values in rows:
            table.append((name, [_figure(value, ascii_only) for value in values], "value"))
            own = [claimed.get(part) for part in PARTS[name]]
            if any(value is not None for value in own):
                table.append(
                    (" yours", ["" if value is None else _figure(value, ascii_only) for value in own], "yours")
                )
        head = ("", names, "label")
        sizes = [max(cells(row[1][at]) for row in (head, *table) if at < len(row[1])) for at in range(5)]
        room = width - 8 - 2 * 5
        lines: list[Line] = [heading(f"after t = {t} updates, c = {number(c, ascii_only)}", width)]
        shown = 5
        while shown > 2 and sum(sizes[:shown]) > room + 2 * (5 - shown):
            shown -= 1
        for name, texts, role in (head, *table):
            body = "".join(f"  {flush(text, sizes[at])}" for at, text in enumerate(texts[:shown]))
            lines.append(
                joined([Span(f" {padded(name, 6)}", "yours" if role == "yours" else "label"), Span(body, role)])
            )
        return lines


def _figure(value: float | None, ascii_only: bool) -> str:
    if value is None or not math.isfinite(value):
        return "-" if ascii_only else "–"
    return number(float(f"{value:.4g}"), ascii_only)
