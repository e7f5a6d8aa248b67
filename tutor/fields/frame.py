"""How much room a diagram gives to what: labels and figures, and which places of the input its columns stand for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from tutor.fields.arithmetic import INPUT, Field, Number
from tutor.fields.cones import Cone, Runs, cone
from tutor.fields.layers import FieldError
from tutor.fields.words import HEADERS, figures

LEAST_CELLS, GAP = 21, 2
LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class Frame:
    """Columns of a diagram besides the cells: names, descriptions (0: none), and figures with their widths."""

    names: int
    texts: int
    columns: tuple[tuple[str, int], ...]
    left: int
    room: int


@dataclass(frozen=True, slots=True)
class View:
    """Which places stand in which columns. Places are doubled: the middle of two cells is whole, too."""

    left: int
    room: int
    origin: int
    """The doubled place at the first column."""
    per: int
    """How many doubled places a column stands for: 1 with a blank between cells, 2 without, 2n for n cells."""

    def column(self, place: Number) -> int:
        """The column of a doubled place."""
        return self.left + floor((place - self.origin) / self.per)

    def place(self, column: int) -> Number:
        """The doubled place in the middle of a column."""
        return self.origin + (column - self.left) * self.per + Fraction(self.per - 1, 2)

    @property
    def cells(self) -> int:
        """How many input cells share a column; 1 where each has its own."""
        return max(1, self.per // 2)


def choose_frame(field: Field, width: int) -> Frame:
    """As much beside the cells as leaves them room: descriptions go first, then figures, then names."""
    rows = [figures(field, at) for at in range(len(field.nodes) + 1)]
    sizes = {name: max(len(name), *(len(row[i]) for row in rows)) for i, name in enumerate(HEADERS)}
    every = tuple(sizes.items())
    names = min(LONGEST_NAME, max(5, *(len(field.name(node)) for node in range(-1, len(field.nodes)))))
    texts = max(len(str(field.width)), *(len(node.layer.text) for node in field.nodes), 0) if field.nodes else 0
    shortest = min(names, len(str(len(field.nodes))) + 1 if names <= 9 else 8)
    tries = (
        (names, texts, every),
        (names, 0, every),
        (names, 0, every[1:2]),
        (max(2, shortest), 0, every[1:2]),
        (max(2, shortest), 0, ()),
    )
    frames = [_frame(width, *one) for one in tries]
    return next((one for one in frames if one.room >= LEAST_CELLS), frames[-1])


def _frame(width: int, names: int, texts: int, columns: tuple[tuple[str, int], ...]) -> Frame:
    left = 1 + names + (3 + texts if texts else 0) + GAP
    # One column for the sign that a row goes on, and one blank at the right of all.
    room = width - 2 - left - sum(size + 1 for _, size in columns)
    return Frame(names, texts, columns, left, max(room, 1))


def choose_view(field: Field, node: int, lit: Cone, up: dict[int, Runs], frame: Frame, whole: bool) -> View:
    """Places so that nothing moves from unit to unit if all their cones have room, and as large as possible."""
    here = _extent(field, [lit])
    try:
        ends = [cone(field, node, unit) for unit in (0, field.size(node) - 1)]
        stable = _extent(field, [lit, *ends])
    except FieldError:
        stable = here
    base, within = _extent(field, []), _cone_extent(field, lit, up)
    for per in (1, 2):
        span = frame.room * per
        if _columns(*base, per) > frame.room or _columns(*within, per) > frame.room:
            continue
        for first, last in (stable, here):
            if _columns(first, last, per) <= frame.room:
                return View(frame.left, frame.room, first, per)
        # Only the outline has no room: as far to its side as needed, and no smaller for it.
        origin = here[0] if here[0] < base[0] else -(-(here[1] - span + per) // 2) * 2
        return View(frame.left, frame.room, origin, per)
    if not whole:
        for per in (1, 2):
            if _columns(*within, per) <= frame.room:
                return View(frame.left, frame.room, _follow(*within, here, frame.room * per, per), per)
    cells = -(-_columns(*here, 2) // frame.room)
    while _columns(*here, 2 * cells) > frame.room:
        cells += 1
    return View(frame.left, frame.room, here[0], 2 * cells)


def _columns(first: int, last: int, per: int) -> int:
    return (last - first) // per + 1


def _follow(first: int, last: int, whole: tuple[int, int], span: int, per: int) -> int:
    """Where a view of `span` doubled places begins that holds the cone; it moves by half of the room left."""
    step = max(2, (span - (last - first)) // 4 * 2)
    exact = (first + last - span) // 2
    start = whole[0] + round((exact - whole[0]) / step) * step
    start = max(whole[0], min(start, whole[1] - span + per))
    if not (start <= first and last < start + span):
        start = min(first, max(last - span + per, exact))
    return start // 2 * 2 if start // 2 * 2 + span > last else start


def _extent(field: Field, cones: list[Cone]) -> tuple[int, int]:
    """The doubled places from the first to the last cell, padding and outlines included."""
    places: list[Number] = []
    for node in range(INPUT, len(field.nodes)):
        before, after = padding_of(field, node)
        units = [-before, field.size(node) - 1 + after]
        for one in cones:
            if runs := one.reached.get(node):
                units += [runs[0][0], runs[-1][1]]
        places += [field.twice_centre(node, min(units)), field.twice_centre(node, max(units))]
    return floor(min(places)) // 2 * 2, ceil(max(places))


def _cone_extent(field: Field, lit: Cone, up: dict[int, Runs]) -> tuple[int, int]:
    places = [
        field.twice_centre(node, unit)
        for found in (lit.reached, up)
        for node, runs in found.items()
        if runs
        for unit in (runs[0][0], runs[-1][1])
    ]
    return floor(min(places)), ceil(max(places))


def padding_of(field: Field, node: int) -> tuple[int, int]:
    """How many cells of padding are around a map: those of the layers that read it."""
    layers = [one.layer for one in field.nodes if node in one.inputs and one.layer.kind != "transposed"]
    return max((max(0, one.padding) for one in layers), default=0), max(
        (max(0, one.padding_after) for one in layers), default=0
    )
