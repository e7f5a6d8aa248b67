"""Problem 4: layers to add, remove, move and edit, and the diagram of what their units read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from tutor.answers.evaluate import FromZero
from tutor.fields.arithmetic import INPUT, Field, closed_form, rows, smallest_width
from tutor.fields.cones import Cone, cone
from tutor.fields.diagram import Diagram, layout, moved, usual_width
from tutor.fields.frame import View
from tutor.fields.layers import FieldError, Layer, parse
from tutor.fields.spans import Line, Span, joined
from tutor.laboratories.bench import Asking, Bench, Claim, Found, LaboratoryError, Numbers, Picture, Typing
from tutor.laboratories.charts import number, padded, said

MOST_LAYERS, WIDEST, WIDEST_MEASURED = 24, 100_000, 4096
FIRST, ONE = "k3s1p1 k3s2p1 k3s1p1", "k3s2p1"
WIDTH = 14
NEIGHBOURS = "neighbours"


@dataclass(frozen=True, slots=True)
class Ruler:
    """What is, and what the learner's formula claims: a name, numbers of cells, and the doubled places it covers."""

    what: str
    real: int
    claimed: float | None
    first: int
    apart: int
    """Doubled places from one cell to the next."""


@dataclass(frozen=True)
class FieldBench(Bench):
    """A stack of layers over an input, one unit of it chosen; `level` 0 is the input."""

    title: ClassVar[str] = "what a unit reads"
    diagram: ClassVar[bool] = True
    layers: tuple[Layer, ...] = field(default_factory=lambda: parse(FIRST))
    width: int = WIDTH
    level: int = 3
    unit: int = 3
    forward: bool = False
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """For the recurrence: the sequences around the one layer that is drawn."""

    # ------------------------------------------------------------------ opening

    def opened(self, part: str, claims: Mapping[str, Claim], numbers: Numbers | None) -> Self:
        here = replace(self, part=part, claims=claims)
        if numbers is None and part == self.part:
            return here
        if part in ("output-size", "input-size"):
            return here._one_layer(numbers or {})
        if part == "recurrence":
            return here._recurrence(numbers or {})
        if numbers is None:
            return here._with(parse(FIRST), WIDTH)
        names = zip(numbers["K"], numbers["S"], numbers["P"], strict=True)
        layers = tuple(Layer(f"layer {at + 1}", k, s, min(p, k)) for at, (k, s, p) in enumerate(names))
        return here._with(layers[:MOST_LAYERS], usual_width(layers[:MOST_LAYERS]))

    def _one_layer(self, numbers: Numbers) -> Self:
        usual = parse(ONE)[0]
        kernel, stride, padding = (numbers.get(name, value) for name, value in zip("KSP", (3, 2, 1), strict=True))
        layer = replace(usual, kernel=kernel, stride=stride, padding=padding)
        width = numbers.get("W_in", WIDTH)
        if "W_out" in numbers:
            width = smallest_width([layer], numbers["W_out"])
        return self._with((layer,), max(1, min(width, WIDEST)))

    def _recurrence(self, numbers: Numbers) -> Self:
        around = dict(numbers) or {"L": 1, "l": 0, "K": (3,), "P": (0,), "S": (2,), "W": FromZero((7, 3))}
        below = around["l"]
        layers = (
            Layer(f"layer {below + 1}", around["K"][below], around["S"][below]),
            Layer(NEIGHBOURS, max(1, around["W"][below + 1])),
        )
        return replace(self._with(layers, usual_width(layers)), numbers=around)

    def _with(self, layers: tuple[Layer, ...], width: int) -> Self:
        """These layers over so many cells (more where they would not fit), the middle unit of the last one chosen."""
        named = tuple(
            layer if layer.name == NEIGHBOURS else replace(layer, name=f"layer {at + 1}")
            for at, layer in enumerate(layers)
        )
        if NEIGHBOURS in (layer.name for layer in layers):
            named = layers
        width = min(max(width, smallest_width(named)), WIDEST)
        try:
            size = rows(named, width).size(len(named) - 1)
        except FieldError as error:
            raise LaboratoryError(str(error)) from None
        return replace(self, layers=named, width=width, level=len(named), unit=size // 2)

    # ------------------------------------------------------------------ keys

    @property
    def field(self) -> Field:
        """The figures of the stack."""
        return rows(self.layers, self.width)

    def _at(self, level: int, unit: int) -> Self:
        return replace(self, level=level, unit=unit)

    def choose(self, step: int) -> Self:
        return self._at(*moved(self.field, self.level, self.unit, layers=-step))

    def change(self, step: int) -> Self:
        return self._at(*moved(self.field, self.level, self.unit, units=step))

    def add(self) -> Self:
        """With a layer over the chosen one."""
        if len(self.layers) >= MOST_LAYERS:
            raise LaboratoryError(f"{MOST_LAYERS} layers are drawn at most; remove one first.")
        new = Layer("", 3, 1, 1)
        return self._edited((*self.layers[: self.level], new, *self.layers[self.level :]), self.level + 1)

    def remove(self) -> Self:
        """Without the chosen layer."""
        if self.level == 0:
            raise LaboratoryError("The input stays; choose a layer to remove.")
        if len(self.layers) == 1:
            raise LaboratoryError("One layer stays; e changes it.")
        left = (*self.layers[: self.level - 1], *self.layers[self.level :])
        return self._edited(left, min(self.level, len(left)))

    def shift(self, step: int) -> Self:
        """With the chosen layer moved up (-1) or down."""
        other = self.level - step
        if self.level == 0 or not 1 <= other <= len(self.layers):
            return self
        layers = list(self.layers)
        layers[self.level - 1], layers[other - 1] = layers[other - 1], layers[self.level - 1]
        return self._edited(tuple(layers), other)

    def widen(self, step: int) -> Self:
        """Over one cell more or less."""
        return self._resized(self.width + step)

    def turn(self) -> Self:
        """Lit upwards too, or only downwards again."""
        return replace(self, forward=not self.forward)

    def typing(self) -> Typing:
        if self.level == 0:
            return Typing("width of the input", str(self.width))
        return Typing(self.layers[self.level - 1].name, self.layers[self.level - 1].text)

    def typed(self, text: str) -> Self:
        if self.level == 0:
            if not text.strip().isdecimal() or not 1 <= int(text) <= WIDEST:
                raise LaboratoryError(f"A width is a whole number from 1 to {WIDEST:,}.")
            return self._resized(int(text))
        try:
            new = parse(text)
        except FieldError as error:
            raise LaboratoryError(str(error)) from None
        if len(self.layers) - 1 + len(new) > MOST_LAYERS:
            raise LaboratoryError(f"{MOST_LAYERS} layers are drawn at most; remove some first.")
        layers = (*self.layers[: self.level - 1], *new, *self.layers[self.level :])
        return self._edited(layers, self.level)

    def _edited(self, layers: tuple[Layer, ...], level: int) -> Self:
        """Other layers; the recurrence's two are then layers like others."""
        plain = tuple(replace(layer, name="") for layer in layers)
        here = replace(self._with(plain, self.width), numbers={})
        return here._at(level, here.field.size(level - 1) // 2)

    def _resized(self, width: int) -> Self:
        least = smallest_width(self.layers)
        if not least <= width <= WIDEST:
            raise LaboratoryError(f"These layers need {least:,} cells, and {WIDEST:,} are drawn at most.")
        here = replace(self, width=width)
        return here._at(here.level, min(here.unit, here.field.size(here.level - 1) - 1))

    def clicked(self, row: int, column: int, width: int, ascii_only: bool) -> Self:
        place = self._layout(width, ascii_only).at(row, column)
        return self if place is None else self._at(*place)

    # ------------------------------------------------------------------ PyTorch

    def asks(self) -> Asking | None:
        if self.level == 0 or self.width > WIDEST_MEASURED:
            return None
        layers = tuple(
            (layer.kind, layer.kernel, layer.stride, layer.padding, layer.dilation, layer.ceil_mode)
            for layer in self.layers[: self.level]
        )
        return Asking("reached", (("layers", layers), ("width", self.width), ("unit", self.unit)))

    def _compared(self, found: Found, lit: Cone) -> str:
        if found.values is None:
            return found.said
        runs = tuple(tuple(run) for run in found.values["runs"])
        count = sum(last - first + 1 for first, last in runs)
        cells = f"{count} cell{'' if count == 1 else 's'}"
        if runs == lit.read.get(INPUT, ()):
            return f"PyTorch agrees: its gradient from this unit reaches {cells}, the same."
        return f"PyTorch's gradient from this unit reaches {cells}, not the same."

    # ------------------------------------------------------------------ the picture

    def _layout(self, width: int, ascii_only: bool) -> Diagram:
        return layout(self.field, self.level, self.unit, max(width, 36), ascii_only, self.forward)

    def draw(self, width: int, ascii_only: bool, found: Found) -> Picture:
        shown = self._layout(width, ascii_only)
        lines: list[Line] = list(shown.lines)
        lit = cone(self.field, self.level - 1, self.unit)
        ruler = self._ruler(lit)
        if ruler is not None:
            lines += [(), *_ruled(ruler, shown.view, width, ascii_only)]
        if compared := self._compared(found, lit):
            lines += [(), *said(compared, width)]
        return Picture(tuple(lines))

    def _ruler(self, lit: Cone) -> Ruler | None:
        """What the part asks about, here, and what the learner's formula says of it."""
        plain = all(layer.kind == "conv" and layer.dilation == 1 for layer in self.layers)
        claim = self.claim
        if claim is None or not plain or not self.part:
            return None
        first = lit.reached[INPUT][0][0]
        if self.part in ("output-size", "input-size"):
            if len(self.layers) != 1:
                return None
            layer, size = self.layers[0], self.field.size(0)
            point = {"K": layer.kernel, "P": layer.padding, "S": layer.stride}
            if self.part == "output-size":
                start = int(self.field.twice_centre(0, 0))
                claimed = claim.value({**point, "W_in": self.width})
                return Ruler("outputs", size, claimed, start, 2 * layer.stride)
            real = smallest_width(self.layers, size)
            return Ruler(f"input cells for {size} outputs", real, claim.value({**point, "W_out": size}), 0, 2)
        if self.level != len(self.layers):
            return None
        if self.part == "recurrence":
            if not self.numbers:
                return None
            return Ruler(
                f"cells below {self.layers[1].kernel} neighbours",
                closed_form(self.layers),
                claim.value(self.numbers),
                2 * first,
                2,
            )
        sequences = {name: tuple(getattr(layer, long) for layer in self.layers) for name, long in SEQUENCES.items()}
        claimed = claim.value({"L": len(self.layers), **sequences})
        return Ruler("cells of the input", closed_form(self.layers), claimed, 2 * first, 2)


SEQUENCES = {"K": "kernel", "P": "padding", "S": "stride"}


def _ruled(ruler: Ruler, view: View, width: int, ascii_only: bool) -> list[Line]:
    """The claim under what is, over the same places."""
    lines = [_rule("is", ruler.real, ruler, view, "measured", ascii_only)]
    if ruler.claimed is None:
        return [*lines, *said("Your formula has no value here.", width, "yours")]
    lines.append(_rule("yours", ruler.claimed, ruler, view, "yours", ascii_only))
    text = (
        f"It is {number(ruler.real, ascii_only)} {ruler.what}; your formula says {number(ruler.claimed, ascii_only)}."
    )
    return lines + said(text, width)


def _rule(label: str, count: float, ruler: Ruler, view: View, role: str, ascii_only: bool) -> Line:
    """One of them: its name, the stretch it covers, and how many cells these are."""
    named = f" {label}"[: view.left]
    start = view.column(ruler.first)
    end = view.column(ruler.first + (int(count) - 1) * ruler.apart) if count >= 1 else start - 1
    left, dash, right, alone = ("|", "-", "|", "|") if ascii_only else ("├", "─", "┤", "│")
    ends = ("<", ">") if ascii_only else ("‹", "›")
    last = view.left + view.room - 1
    cells = [" "] * view.room
    for column in range(max(start, view.left), min(end, last) + 1):
        sign = alone if start == end else left if column == start else right if column == end else dash
        cells[column - view.left] = sign
    if start < view.left <= end:
        cells[0] = ends[0]
    if end > last >= start:
        cells[-1] = ends[1]
    drawn = "".join(cells).rstrip()
    return joined([Span(padded(named, view.left), role), Span(f"{drawn}  {number(count, ascii_only)}", role)])
