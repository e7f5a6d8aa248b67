"""A network as rows of cells over their true places in the input, and what one unit reads and reaches. Plain values.

A row is a layer, the last one above, the input below; a unit stands over the middle of what it reads. Lit is what the
chosen unit really reads; where its cone goes past the border, padding is a constant and only an outline goes on. Layers
are counted as people do: 0 is the input, 1 the first layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tutor.fields.arithmetic import Field, closed_form, smallest_width
from tutor.fields.cones import Cone, Runs, cone, overlap, reach
from tutor.fields.frame import GAP, Frame, View, choose_frame, choose_view, padding_of
from tutor.fields.layers import FieldError, Layer
from tutor.fields.spans import Line, Span, joined, plain
from tutor.fields.words import HEADERS, axis, figures, headlines, remarks, short, wrapped

SIGNS = {"lit": "█", "chosen": "█", "reach": "█", "part": "▓", "cell": "□", "padding": "·", "outline": "▒"}
ASCII = {"lit": "#", "chosen": "#", "reach": "#", "part": "+", "cell": "o", "padding": ".", "outline": ":"}
ENDS, ASCII_ENDS = "‹›", "<>"
UNITS = 7
"""Units of the last layer, at least, where no width is given."""


def usual_width(layers: Sequence[Layer]) -> int:
    """An input with a few units of the last layer, and wide enough for the field of one in the middle."""
    return max(smallest_width(layers, UNITS), closed_form(layers))


@dataclass(frozen=True, slots=True)
class Diagram:
    """The lines, and where the cells stand in them."""

    lines: tuple[Line, ...]
    layer: int
    unit: int
    field: Field
    view: View
    rows: tuple[int | None, ...]
    """For each line the layer whose cells it shows."""

    @property
    def text(self) -> str:
        """The picture without roles."""
        return "\n".join(plain(line) for line in self.lines)

    def at(self, row: int, column: int) -> tuple[int, int] | None:
        """The layer and unit at a place of the picture (a click); on a label, the unit over the chosen one."""
        layer = self.rows[row] if 0 <= row < len(self.rows) else None
        if layer is None or column >= self.view.left + self.view.room:
            return None
        if column < self.view.left - 1:
            return layer, moved(self.field, self.layer, self.unit, layers=layer - self.layer)[1]
        place = self.view.place(column)
        unit = self.field.nearest(layer - 1, place)
        away = abs(self.field.twice_centre(layer - 1, unit) - place)
        return (layer, unit) if away <= max(2 * self.field.spot(layer - 1).jump, self.view.per) else None


def layout(
    field: Field,
    layer: int | None = None,
    unit: int | None = None,
    width: int = 80,
    ascii_only: bool = False,
    forward: bool = False,
    whole: bool = False,
) -> Diagram:
    """The diagram in `width` columns (40 or more), with the cone of a unit lit.

    Without a layer it is the last one, without a unit the middle one. `forward` also lights what reads it.
    An input wider than the screen is shown in part, around the cone, if that has room; else, or if `whole`, several
    cells share a column: either is said below the picture. Raises FieldError for a layer or a unit that is not there.
    """
    layer, unit = chosen(field, layer, unit)
    lit = cone(field, layer - 1, unit)
    up = reach(field, layer - 1, unit) if forward else {}
    frame = choose_frame(field, width)
    view = choose_view(field, layer - 1, lit, up, frame, whole)
    signs, ends = (ASCII, ASCII_ENDS) if ascii_only else (SIGNS, ENDS)
    lines: list[Line] = []
    rows: list[int | None] = []
    for line in headlines(field, layer, unit, lit, up if forward else None, width - 1):
        lines.append(line)
        rows.append(None)
    cut = False
    for at in range(len(field.nodes), -1, -1):
        spans, more = _cells(field, at - 1, (layer - 1, unit), lit, up, view, signs, ends)
        cut = cut or more
        lines.append(joined([*_label(field, at, at == layer, frame), *spans, *_figures(field, at, frame)]))
        rows.append(at)
    below = axis(view, field.width).ljust(view.left + view.room + 1)
    lines.append(joined([Span(below, "axis"), Span(_headers(frame), "quiet")]))
    said = remarks(view, cut, field.width, ends, signs["part"])
    lines += [(Span(text, "quiet"),) for one in said for text in wrapped(one, width - 1)]
    rows += [None] * (len(lines) - len(rows))
    if ascii_only:
        lines = [tuple(Span(span.text.replace("−", "-"), span.role) for span in line) for line in lines]
    return Diagram(tuple(lines), layer, unit, field, view, tuple(rows))


def chosen(field: Field, layer: int | None, unit: int | None) -> tuple[int, int]:
    """The layer and unit meant. Raises FieldError for one that is not there."""
    layer = len(field.nodes) if layer is None else layer
    if not 0 <= layer <= len(field.nodes):
        raise FieldError(f"There is no layer {layer}; take one from 0, the input, to {len(field.nodes)}.")
    size = field.size(layer - 1)
    unit = size // 2 if unit is None else unit
    if not 0 <= unit < size:
        name = "The input" if layer == 0 else field.name(layer - 1).capitalize()
        raise FieldError(f"{name} has no unit {unit}; take one from 0 to {size - 1}.")
    return layer, unit


def moved(field: Field, layer: int, unit: int, layers: int = 0, units: int = 0) -> tuple[int, int]:
    """The layer and unit so many layers above and units to the right, as near as there is one."""
    goal = min(max(layer + layers, 0), len(field.nodes))
    if goal != layer:
        unit = field.nearest(goal - 1, field.twice_centre(layer - 1, unit))
    return goal, min(max(unit + units, 0), field.size(goal - 1) - 1)


def _label(field: Field, at: int, is_chosen: bool, frame: Frame) -> list[Span]:
    name = field.name(at - 1)
    text = field.nodes[at - 1].layer.text if at else str(field.width)
    label = f" {short(name, frame.names) if frame.names < len(name) else name}".ljust(frame.names + 1)
    described = f"   {text}".ljust(frame.texts + 3) if frame.texts else ""
    return [Span(label, "label-chosen" if is_chosen else "label"), Span(described + " " * (GAP - 1), "quiet")]


def _figures(field: Field, at: int, frame: Frame) -> list[Span]:
    texts: dict[str, str] = dict(zip(HEADERS, figures(field, at), strict=True))
    return [Span("".join(texts[name].rjust(size + 1) for name, size in frame.columns), "figure")]


def _headers(frame: Frame) -> str:
    return "".join(name.rjust(size + 1) for name, size in frame.columns)


def _cells(
    field: Field,
    node: int,
    at: tuple[int, int],
    lit: Cone,
    up: dict[int, Runs],
    view: View,
    signs: dict[str, str],
    ends: str,
) -> tuple[list[Span], bool]:
    """The cells of a row, and whether it goes on past what is shown. One column may stand for many cells."""
    size, spot = field.size(node), field.spot(node)
    before, after = padding_of(field, node)
    read, reached = lit.read.get(node, ()), lit.reached.get(node, ())
    base, twice = spot.first + spot.last, 2 * spot.jump
    spans = []
    for column in range(view.room):
        lowest = view.origin + column * view.per
        first, last = -(-(lowest - base) // twice), -(-(lowest + view.per - base) // twice) - 1
        role = _role(first, last, size, read, reached, up.get(node, ()), before, after) if first <= last else ""
        if role in ("lit", "reach") and node == at[0] and first <= at[1] <= last:
            role = "chosen" if first == last else role
        spans.append(Span(signs.get(role, " "), role))
    begin, end = base - twice * before, base + twice * (size + after - 1)
    left = begin < view.origin
    right = end >= view.origin + view.room * view.per
    edges = [Span(ends[0] if left else " ", "end"), Span(ends[1] if right else " ", "end")]
    return [edges[0], *spans, edges[1]], left or right


def _role(first: int, last: int, size: int, read: Runs, reached: Runs, up: Runs, before: int, after: int) -> str:
    """What units from first to last are, seen as one: real cells before what is outside, doubtful before wholly lit."""
    a, b = max(first, 0), min(last, size - 1)
    if a <= b:
        for runs, role in ((read, "lit"), (up, "reach")):
            if found := overlap(runs, a, b):
                return role if found == b - a + 1 else "part"
        return "cell"
    if overlap(reached, first, last):
        return "outline"
    return "padding" if (-before <= last and first < 0) or (size <= last and first < size + after) else ""
