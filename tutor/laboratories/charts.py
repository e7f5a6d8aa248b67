"""Small charts out of letters: bars, columns over time, and curves. Every one has a form in pure ASCII."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import combining

from tutor.fields.spans import Line, Span, joined

EIGHTHS = "▏▎▍▌▋▊▉█"
LEVELS = "▁▂▃▄▅▆▇█"
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a braille cell: four rows of two dots."""


def number(value: float, ascii_only: bool = False) -> str:
    """A number for people: 3,840, 0.0884, 1.2e−31."""
    if math.isinf(value):
        text = "inf" if value > 0 else "-inf"
    elif value == round(value) and abs(value) < 10**7:
        text = f"{round(value):,}"
    else:
        text = f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return text if ascii_only else text.replace("-", "−")


def cells(text: str) -> int:
    """How wide a text is: accents above a letter take no room of their own."""
    return sum(not combining(letter) for letter in text)


def padded(text: str, width: int, plain: bool = False) -> str:
    """A text filled up to a width; `plain` drops the accents, for counting."""
    if plain:
        return "".join(letter for letter in text if not combining(letter))
    return text + " " * (width - cells(text))


def flush(text: str, width: int) -> str:
    """A text at the right end of a width."""
    return " " * (width - cells(text)) + text


def said(text: str, width: int, role: str = "quiet") -> list[Line]:
    """A sentence over as many lines as it needs, one cell in."""
    return [(Span(f" {line}", role),) for line in textwrap.wrap(text, max(width - 2, 10))]


def heading(text: str, width: int, right: str = "") -> Line:
    """A title, and at the right end what belongs to it, where there is room."""
    gap = width - 2 - cells(text) - cells(right)
    return joined([Span(f" {text}", "title"), Span(" " * gap + right if right and gap >= 2 else "", "quiet")])


def bar(value: float, largest: float, room: int, ascii_only: bool = False) -> str:
    """A bar of `room` cells for the largest value; what is not 0 is seen."""
    if largest <= 0 or value <= 0 or room <= 0:
        return ""
    share = min(value / largest, 1.0) * room
    if ascii_only:
        return "#" * max(1, round(share))
    eighths = max(1, round(share * 8))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (EIGHTHS[rest - 1] if rest else "")


NUDGE = 1e-6
"""What lies on the border of two cells up to rounding is drawn in the upper one, all of it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart. `pieces` are (value, sign) one after the other, in place of a plain bar."""

    label: str
    value: float
    role: str = "bar"
    pieces: tuple[tuple[float, str], ...] = ()
    text: str = ""


def bars(rows: Sequence[Bar], width: int, ascii_only: bool = False, unit: float = 0.0) -> list[Line]:
    """Rows of label, bar and value, all of one scale; a `unit` gets a whole number of cells where there is room."""
    if not rows:
        return []
    labels = max(cells(row.label) for row in rows)
    texts = [row.text or number(row.value, ascii_only) for row in rows]
    values = max(cells(text) for text in texts)
    room = min(width - labels - values - 6, 32)
    top = max(row.value for row in rows)
    if unit > 0 and (each := int(room * unit / top)) > 0:
        room = min(round(each * top / unit), room)
    lines: list[Line] = []
    for row, text in zip(rows, texts, strict=True):
        drawn = bar(row.value, top, room, ascii_only)
        if row.pieces and top > 0:
            ends = [
                round(sum(value for value, _ in row.pieces[: at + 1]) / top * room) for at in range(len(row.pieces))
            ]
            starts = [0, *ends[:-1]]
            drawn = "".join(
                sign * (end - start) for (_, sign), start, end in zip(row.pieces, starts, ends, strict=True)
            )
        head = Span(f" {padded(row.label, labels)}  ", "label-chosen" if row.role == "yours" else "label")
        tail = Span(f"  {flush(text, values)}", "value")
        lines.append(joined([head, Span(drawn.ljust(room), row.role), tail]))
    return lines


def thinned(values: Sequence[float], most: int) -> list[float]:
    """At most so many values: the largest of each stretch."""
    if len(values) <= most:
        return list(values)
    edges = [round(at * len(values) / most) for at in range(most + 1)]
    return [max(values[start:end]) for start, end in pairwise(edges)]


def spread(count: int, room: int) -> tuple[int, int]:
    """(width, gap) of `count` columns in a room; (1, 0) where they must be thinned."""
    for width, gap in ((3, 1), (2, 1), (1, 1), (1, 0)):
        if count * (width + gap) - gap <= room:
            return width, gap
    return 1, 0


def columns(values: Sequence[float], height: int, width: int, gap: int, top: float, ascii_only: bool) -> list[str]:
    """Columns in so many rows, the upper row first. What is not 0 is seen."""
    rows = []
    for row in reversed(range(height)):
        pieces = []
        for value in values:
            level = 0.0 if top <= 0 else value / top * height - row
            if ascii_only:
                sign = "#" if level >= 0.5 or (row == 0 and value > 0) else " "
            else:
                at = round(min(max(level, 0.0), 1.0) * 8)
                sign = LEVELS[max(at, 1) - 1] if at or (row == 0 and value > 0) else " "
            pieces.append(sign * width)
        rows.append((" " * gap).join(pieces))
    return rows


@dataclass(frozen=True, slots=True)
class Curve:
    """Values at 0, 1, 2, …; None where there is none. `name` and `label` stand at its end. Marks are not joined."""

    values: Sequence[float | None]
    name: str = ""
    label: str = ""
    role: str = "curve"
    marks: bool = False


@dataclass(frozen=True, slots=True)
class Axes:
    """What a chart of curves shows: values from low to high; the sizes in cells."""

    low: float
    high: float
    last: int
    """The last place along."""
    ticks: tuple[tuple[float, str], ...]
    """Places up the side, and what stands there."""
    cursor: int | None = None
    """A place along that is marked below."""
    level: float | None = None
    """A value with a dotted line."""
    along: str = ""
    """What is counted along."""


def curves(drawn: Sequence[Curve], axes: Axes, width: int, height: int, ascii_only: bool = False) -> list[Line]:
    """Curves with an axis at the left and below, and each one's name at its end; where ends meet, one name for all."""
    side = max((cells(text) for _, text in axes.ticks), default=0) + 1
    ends = _ends(drawn, axes, height)
    names = max((cells(text) for text in ends.values()), default=0)
    names = min(names, width // 3)
    room = max(width - side - 2 - names - 1, 8)
    grid: list[list[tuple[str, str]]] = [[(" ", "")] * room for _ in range(height)]
    if axes.level is not None and axes.low <= axes.level <= axes.high:
        row = _row(axes.level, axes, height)
        grid[row] = [("-" if ascii_only else "┄", "quiet")] * room
    for curve in drawn:
        if curve.marks:
            _put_marks(grid, curve, axes, ascii_only)
        elif ascii_only:
            for column, row in _path(curve, axes, room, height):
                grid[row][column] = ("*", curve.role)
        else:
            _put_dots(grid, curve, axes)
    ticks = {_row(value, axes, height): text for value, text in axes.ticks}
    edge = "|" if ascii_only else "┤"
    plain_edge = "|" if ascii_only else "│"
    lines: list[Line] = []
    for row, found in enumerate(grid):
        tick = ticks.get(row, "")
        spans = [Span(f"{flush(tick, side)} {edge if tick else plain_edge}", "axis")]
        spans += [Span(sign, role) for sign, role in found]
        spans.append(Span(f" {ends[row][: width // 3]}" if row in ends else "", "end-name"))
        lines.append(joined(spans))
    return [*lines, *_below(axes, side, room, ascii_only)]


def _row(value: float, axes: Axes, height: int) -> int:
    share = (value - axes.low) / (axes.high - axes.low)
    return height - 1 - min(max(math.floor(share * height + NUDGE), 0), height - 1)


def _ends(drawn: Sequence[Curve], axes: Axes, height: int) -> dict[int, str]:
    """The names at the ends of the curves, by row."""
    rows: dict[int, dict[str, list[str]]] = {}
    for curve in drawn:
        last = next((value for value in reversed(curve.values[: axes.last + 1]) if value is not None), None)
        if last is not None and (curve.name or curve.label):
            named = rows.setdefault(_row(last, axes, height), {}).setdefault(curve.name, [])
            if curve.label and curve.label not in named:
                named.append(curve.label)
    return {
        row: "; ".join(f"{name} {', '.join(labels)}".strip() for name, labels in named.items())
        for row, named in rows.items()
    }


def _path(curve: Curve, axes: Axes, wide: int, high: int) -> list[tuple[int, int]]:
    """The (column, row) places of a grid that the curve goes through, rows from above."""
    found: list[tuple[int, int]] = []

    def place(at: float, value: float) -> tuple[int, int]:
        share = (value - axes.low) / (axes.high - axes.low)
        column = round(at / max(axes.last, 1) * (wide - 1))
        return column, high - 1 - min(max(math.floor(share * high + NUDGE), 0), high - 1)

    before: float | None = None
    for at, value in enumerate(curve.values[: axes.last + 1]):
        if value is None or not math.isfinite(value):
            before = None
            continue
        if before is None:
            found.append(place(at, value))
        else:
            steps = max(2, math.ceil(wide / max(axes.last, 1)) + 1)
            points = [place(at - 1 + i / steps, before + (value - before) * i / steps) for i in range(steps + 1)]
            for (column, row), (next_column, next_row) in pairwise(points):
                step = 1 if next_row >= row else -1
                found += [(column, between) for between in range(row, next_row, step)]
                found.append((next_column, next_row))
        before = value
    return found


def _put_dots(grid: list[list[tuple[str, str]]], curve: Curve, axes: Axes) -> None:
    height, room = len(grid), len(grid[0])
    for x, y in _path(curve, axes, 2 * room, 4 * height):
        sign, role = grid[y // 4][x // 2]
        code = ord(sign) if 0x2800 <= ord(sign) < 0x2900 else 0x2800
        # Where curves meet, the one in hand gives the colour.
        role = role if code != 0x2800 and curve.role == "curve-quiet" else curve.role
        grid[y // 4][x // 2] = (chr(code | DOTS[y % 4][x % 2]), role)


def _put_marks(grid: list[list[tuple[str, str]]], curve: Curve, axes: Axes, ascii_only: bool) -> None:
    height, room = len(grid), len(grid[0])
    apart = max(1, math.ceil(3 * max(axes.last, 1) / room))
    for at, value in enumerate(curve.values[: axes.last + 1]):
        if value is None or not math.isfinite(value) or at % apart:
            continue
        row = _row(value, axes, height)
        grid[row][round(at / max(axes.last, 1) * (room - 1))] = ("x" if ascii_only else "×", curve.role)


def _below(axes: Axes, side: int, room: int, ascii_only: bool) -> list[Line]:
    corner, dash, pin, here = ("+", "-", "+", "^") if ascii_only else ("└", "─", "┬", "▲")
    line = [dash] * room
    texts = [" "] * (room + 8)
    count = max(2, min(6, room // 8))
    last = max(axes.last, 1)
    free = 0
    for at in sorted({round(last * i / (count - 1)) for i in range(count)}):
        column = round(at / last * (room - 1))
        if column < free:
            continue
        line[column] = pin
        text = str(at)
        texts[column : column + len(text)] = text
        free = column + len(text) + 1
    if axes.cursor is not None and 0 <= axes.cursor <= last:
        line[round(axes.cursor / last * (room - 1))] = here
    under = "".join(texts).rstrip()
    return [
        (Span(" " * (side + 1) + corner + "".join(line), "axis"),),
        (Span(f"{' ' * (side + 2)}{under} {axes.along}".rstrip(), "axis"),),
    ]
