"""A stack of layers as rows of cells over their true places in the input, and what one unit reads. Pure text.

A row is a layer, the last one above, the input below. A unit stands over the middle of what it reads. Lit is what the
chosen unit really reads; where its cone goes past the border, padding is a constant and only an outline goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from tutor.fields.arithmetic import INPUT, Field, Glance, Number, rows, smallest_width, walk
from tutor.fields.layers import FieldError, Layer

LIT, CELL, PADDING, OUTLINE = "lit", "cell", "padding", "outline"
UNICODE = {LIT: "█", CELL: "□", PADDING: "·", OUTLINE: "▒"}
ASCII = {LIT: "#", CELL: "o", PADDING: ".", OUTLINE: ":"}
RANK = (LIT, OUTLINE, CELL, PADDING)
"""Where several cells share a column, the first of these is drawn."""
FIGURES = 24
UNITS = 5
"""Units of the last layer, at least, where no width is given."""


def usual_width(layers: Sequence[Layer]) -> int:
    """An input wide enough for a few units of the last layer."""
    return smallest_width(layers, UNITS)


@dataclass(frozen=True, slots=True)
class Cone:
    """What one unit reads, at every level: 0 is the input, `level` the unit's own layer."""

    field: Field
    level: int
    unit: int
    read: tuple[frozenset[int], ...]
    """The cells really read."""
    reached: tuple[frozenset[int], ...]
    """These, and the places past the borders."""

    @property
    def glance(self) -> Glance:
        """What the unit reads of the input."""
        first, last = min(self.reached[0]), max(self.reached[0])
        real = max(0, min(last, self.field.width - 1) - max(first, 0) + 1)
        return Glance(first, last, real, len(self.read[0]))

    def role(self, level: int, cell: int, padding: int) -> str:
        """How a cell is drawn; "" for a place where nothing is."""
        size = self.field.size(level - 1)
        if 0 <= cell < size:
            return LIT if level <= self.level and cell in self.read[level] else CELL
        if level <= self.level and cell in self.reached[level]:
            return OUTLINE
        return PADDING if -padding <= cell < size + padding else ""


def cone(layers: Sequence[Layer], width: int, level: int | None = None, unit: int | None = None) -> Cone:
    """What a unit reads: of the last layer without a `level`, the middle one without a `unit`. Raises FieldError."""
    field = rows(layers, width)
    level = len(layers) if level is None else level
    if not 1 <= level <= len(layers):
        raise FieldError(f"There is no layer {level}; take one from 1 to {len(layers)}.")
    size = field.size(level - 1)
    unit = size // 2 if unit is None else unit
    if not 0 <= unit < size:
        raise FieldError(f"Layer {level} has no unit {unit}; take one from 0 to {size - 1}.")
    below = layers[:level]
    return Cone(field, level, unit, walk(below, unit, width), walk(below, unit))


@dataclass(frozen=True, slots=True)
class Scale:
    """From positions in the input to columns: `cells` input cells share a column, or each has two (`cells` = 0)."""

    left: int
    cells: int

    def column(self, twice_centre: Number) -> int:
        """The column of a place, its position doubled."""
        along = twice_centre - 2 * self.left
        return floor(along) if self.cells == 0 else floor(along / (2 * self.cells))


def _scale(left: int, right: int, columns: int) -> Scale:
    """The largest scale at which the positions from left to right fit."""
    span = right - left + 1
    if 2 * span - 1 <= columns:
        return Scale(left, 0)
    cells = 1
    while -(-span // cells) > columns:
        cells += 1
    return Scale(left, cells)


def draw(of: Cone, columns: int, ascii_only: bool = False) -> list[str]:
    """The diagram in at most `columns` columns (60 or more), and the figures of every layer."""
    field, signs = of.field, ASCII if ascii_only else UNICODE
    layers = [node.layer for node in field.nodes]
    labels = [f"{layer.name}  {layer.text}" for layer in layers]
    column = max(len(label) for label in (*labels, "input")) + 2
    places: list[list[tuple[Number, str]]] = []
    for level in range(len(layers) + 1):
        padding = layers[level].padding if level < len(layers) else 0
        size = field.size(level - 1)
        reached = of.reached[level] if level <= of.level else frozenset({0})
        begin, end = min(-padding, *reached, 0), max(size + padding - 1, *reached)
        roles = ((cell, of.role(level, cell, padding)) for cell in range(begin, end + 1))
        places.append([(field.twice_centre(level - 1, cell), role) for cell, role in roles if role])
    centres = [centre for row in places for centre, _ in row]
    left, right = floor(min(centres) / 2), -floor(-max(centres) / 2)
    room = max(columns - column - FIGURES - 2, 10)
    scale = _scale(left, right, room)
    width = scale.column(2 * right) + 1
    lines = [*_headlines(of), ""]
    for level in range(len(layers), 0, -1):
        row = field.layers[level - 1]
        figures = f"{row.size_out:>7}{row.receptive_field:>6}{_text(row.jump):>5}{row.first_position:>6}"
        lines.append(_row(labels[level - 1], column, places[level], scale, width, signs) + figures)
    lines.append(_row("input", column, places[0], scale, width, signs) + f"{field.width:>7}{1:>6}{1:>5}{0:>6}")
    lines.append(" " * column + _axis(field.width, scale, width) + "   size field jump first")
    if scale.cells > 1:
        lines += ["", f"One column stands for {scale.cells} cells; it is lit where any of them is read."]
    # A minus of the width of a digit; nothing else here has a hyphen.
    minus = "-" if ascii_only else "−"
    return [line.rstrip().replace("-", minus) for line in lines]


def _headlines(of: Cone) -> list[str]:
    row, glance = of.field.layers[of.level - 1], of.glance
    return [
        f"receptive field {row.receptive_field}   jump {_text(row.jump)}   first position {row.first_position}",
        f"unit {of.unit} of {row.name}: {glance.words}, from {glance.first} to {glance.last}",
    ]


def _row(
    label: str, column: int, places: list[tuple[Number, str]], scale: Scale, width: int, signs: dict[str, str]
) -> str:
    cells: dict[int, str] = {}
    for centre, role in places:
        at = scale.column(centre)
        if at not in cells or RANK.index(role) < RANK.index(cells[at]):
            cells[at] = role
    return label.ljust(column) + "".join(signs[cells[at]] if at in cells else " " for at in range(width))


def _axis(size: int, scale: Scale, width: int) -> str:
    """Positions of the input below it, evenly spaced, as close as they can be read."""
    room = len(str(size - 1)) + 2
    steps = (digit * 10**power for power in range(8) for digit in (1, 2, 5))
    step = next(step for step in steps if scale.column(2 * step + 2 * scale.left) >= room)
    text = [" "] * (width + room)
    for cell in range(0, size, step):
        at, digits = scale.column(2 * cell), str(cell)
        text[at : at + len(digits)] = digits
    return "".join(text[:width])


def _text(number: Number) -> str:
    return str(int(number)) if number == int(number) else f"{float(number):g}"


__all__ = ["INPUT", "Cone", "cone", "draw", "usual_width"]
