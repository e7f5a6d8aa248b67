"""A chart: a title line, curves in braille over one another, axes with ticks, gaps marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tutor.charts.bins import SMOOTHING, Bins
from tutor.charts.cells import Picture, Role
from tutor.charts.scales import Scale

BELOW = 2
ABOVE = 1
MARGIN = 7
"""Columns for the labels of the upright axis, and one between."""
MARK_CELLS = 3
"""So far apart are the signs of single values at least: nearer they would be a line."""
DASH_CELLS, LETTER_CELLS = 3, 12
"""A lettered curve is left out in one cell of so many, and says its letter once in so many."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters of the axes and marks."""

    up: str = "│"
    tick: str = "┤"
    corner: str = "└"
    along: str = "─"
    below: str = "┬"
    point: str = "●"
    gap: str = "×"


PRETTY = Signs()
PLAIN = Signs("|", "+", "+", "-", "+", "*", "x")


@dataclass(frozen=True, slots=True)
class Curve:
    """Binned values drawn as the range of each bin (`raw`) or as one smoothed line.

    One with a `letter` is another run's: it is dashed, and bears its letter again and again, so that it is told from
    the run in hand without a colour.
    """

    bins: Bins
    how: Literal["raw", "smooth"] = "smooth"
    role: Role = "line"
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """Single values with a sign each (`letter`, or a dot). Of many there are some, and always the newest."""

    x: Sequence[float]
    y: Sequence[float]
    role: Role = "point"
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: values between `start` and `end`, the first curve undermost."""

    title: str
    start: float
    end: float
    scale: Scale
    curves: Sequence[Curve] = ()
    points: Sequence[Points] = ()
    ticks: Sequence[tuple[float, str]] = ()
    unit: str = ""
    legend: Sequence[tuple[str, Role]] = field(default=())
    names: Sequence[str] = ()
    """Lines below the title that say whose the letters are."""
    margin: int = MARGIN

    @property
    def above(self) -> int:
        """Rows above the curves."""
        return ABOVE + len(self.names)


def columns(width: int, margin: int = MARGIN) -> int:
    """How many cells of a chart this wide are the curve's; it takes two bins a cell."""
    return max(width - margin - 2, 1)


def draw(chart: Chart, width: int, height: int, ascii_only: bool = False) -> Picture:
    """The chart in `width` x `height` cells."""
    picture = Picture(width, height)
    signs = PLAIN if ascii_only else PRETTY
    wide, high = columns(width, chart.margin), height - chart.above - BELOW
    _title(picture, chart)
    if high < 1 or width <= chart.margin + 3:
        return picture
    left = chart.margin + 2
    _upright(picture, chart, high, signs)
    for curve in chart.curves:
        dots = _curve(curve, chart.scale, high * 4, wide * 2)
        picture.lay(chart.above, left, dots, curve.role, ascii_only)
    for curve in chart.curves:
        if curve.letter:
            _letters(picture, curve, chart, left, high, wide)
    for points in chart.points:
        _points(picture, points, chart, left, high, wide, signs)
    _along(picture, chart, left, high, wide, signs)
    return picture


def _title(picture: Picture, chart: Chart) -> None:
    picture.put(0, 0, chart.title, "title")
    at = picture.width - sum(len(text) for text, _ in chart.legend)
    room = len(chart.title) + 2
    if at < room:
        at = room
    for text, role in chart.legend:
        picture.put(0, at, text, role)
        at += len(text)
    for row, names in enumerate(chart.names):
        picture.put(ABOVE + row, 0, names, "other")


def _upright(picture: Picture, chart: Chart, high: int, signs: Signs) -> None:
    """The upright axis; where two labels would share a row, the upper one stays away."""
    for row in range(high):
        picture.put(chart.above + row, chart.margin, signs.up, "axis")
    ticks = chart.scale.ticks(max(2, high // 2 if high < 12 else high // 3), chart.margin - 1)
    taken: set[int] = set()
    for value, label in ticks:
        place = float(chart.scale.place(np.array([value]))[0])
        row = min(high - 1, max(0, int((1 - place) * high)))
        if row in taken or len(label) > chart.margin:
            continue
        taken.add(row)
        picture.put(chart.above + row, max(0, chart.margin - 1 - len(label)), label, "label")
        picture.put(chart.above + row, chart.margin, signs.tick, "axis")


def _along(picture: Picture, chart: Chart, left: int, high: int, wide: int, signs: Signs) -> None:
    """The axis below, its ticks, and the places where there was no number."""
    row = chart.above + high
    picture.put(row, chart.margin, signs.corner + signs.along * (wide + 1), "axis")
    until = left - 2
    unit_at = picture.width - len(chart.unit)
    for value, label in chart.ticks:
        share = (value - chart.start) / (chart.end - chart.start)
        if not -1e-9 <= share <= 1 + 1e-9:
            continue
        column = left + min(wide - 1, int(share * wide))
        picture.put(row, column, signs.below, "axis")
        at = column - (len(label) - 1) // 2
        if at > until and at + len(label) < unit_at and at + len(label) <= picture.width:
            picture.put(row + 1, at, label, "label")
            until = at + len(label)
    picture.put(row + 1, unit_at, chart.unit, "label")
    for curve in chart.curves:
        for at in set((np.flatnonzero(curve.bins.missing) // 2).tolist()):
            if at < wide:
                picture.put(row, left + at, signs.gap, "gap")


def _rows(values: np.ndarray, scale: Scale, high: int) -> np.ndarray:
    """Dot rows from the top, as floats; what lies outside is at the border."""
    return np.clip(np.floor((1 - scale.place(values)) * high), 0, high - 1)


def _curve(curve: Curve, scale: Scale, high: int, wide: int) -> np.ndarray:
    """Dots, `high` x `wide`: in each column from the upper to the lower value, joined to the column before."""
    bins = curve.bins
    middle = bins.smoothed(SMOOTHING) if curve.how == "smooth" else bins.mean()
    raw = curve.how == "raw"
    upper = _rows(bins.high if raw else middle, scale, high)
    lower = _rows(bins.low if raw else middle, scale, high)
    dots = _stroke(upper, lower, _rows(middle, scale, high), bins.missing > 0, high)[:, :wide]
    if curve.letter:
        dots[:, np.arange(dots.shape[1]) // 2 % DASH_CELLS == DASH_CELLS - 1] = False
    return dots


def _stroke(upper: np.ndarray, lower: np.ndarray, middle: np.ndarray, broken: np.ndarray, high: int) -> np.ndarray:
    """Fill each column between two rows; columns without a value are bridged unless a gap lies between."""
    there = np.flatnonzero(np.isfinite(upper) & np.isfinite(lower))
    dots = np.zeros((high, len(upper)), dtype=bool)
    if not len(there):
        return dots
    parts = np.cumsum(broken)
    everywhere = np.arange(there[0], there[-1] + 1)
    top, bottom = np.full(len(upper), np.nan), np.full(len(upper), np.nan)
    before = there[np.searchsorted(there, everywhere, side="right") - 1]
    after = there[np.searchsorted(there, everywhere, side="left")]
    # A bin that lost a value of several ends the stroke; the next bin begins another.
    whole = parts[before] == parts[after] - broken[after] * (after != before)
    inside = everywhere[whole]
    bridged = np.round(np.interp(inside, there, middle[there]))
    top[inside], bottom[inside] = bridged, bridged
    top[there], bottom[there] = upper[there], lower[there]
    joined = np.isfinite(top[1:]) & np.isfinite(top[:-1]) & ~broken[1:]
    reach_up = np.where(joined & (bottom[1:] < top[:-1]), top[:-1] - 1, bottom[1:])
    reach_down = np.where(joined & (top[1:] > bottom[:-1]), bottom[:-1] + 1, top[1:])
    bottom[1:], top[1:] = np.maximum(bottom[1:], reach_up), np.minimum(top[1:], reach_down)
    rows = np.arange(high)[:, None]
    with np.errstate(invalid="ignore"):
        return (rows >= top[None, :]) & (rows <= bottom[None, :])


def _points(picture: Picture, points: Points, chart: Chart, left: int, high: int, wide: int, signs: Signs) -> None:
    """A sign for each value, but none nearer than `MARK_CELLS` to the one before or to the newest."""
    x, y = np.asarray(points.x, dtype=float), np.asarray(points.y, dtype=float)
    places = chart.scale.place(y)
    seen = (x >= chart.start) & (x <= chart.end) & np.isfinite(places)
    cells = np.minimum(wide - 1, ((x[seen] - chart.start) / (chart.end - chart.start) * wide).astype(int)).tolist()
    rows = np.clip(((1 - places[seen]) * high).astype(int), 0, high - 1).tolist()
    before = -MARK_CELLS
    for at, (column, row) in enumerate(zip(cells, rows, strict=True), 1):
        if at < len(cells) and min(column - before, cells[-1] - column) < MARK_CELLS:
            continue
        before = column
        picture.put(chart.above + row, left + column, points.letter or signs.point, points.role)


def _letters(picture: Picture, curve: Curve, chart: Chart, left: int, high: int, wide: int) -> None:
    """The curve's letter at its end and again and again on the way, where no other curve has its own."""
    rows = _rows(curve.bins.smoothed(SMOOTHING), chart.scale, high)
    there = np.flatnonzero(np.isfinite(rows))
    if not len(there):
        return
    last = min(int(there[-1]) // 2, wide - 1)
    shift = DASH_CELLS * (ord(curve.letter) - ord("a") + 1) - 1
    for cell in {*range(shift % LETTER_CELLS, last, LETTER_CELLS), last}:
        if cell >= there[0] // 2 and not curve.bins.missing[2 * cell : 2 * cell + 2].any():
            row = np.interp(2 * cell, there, rows[there])
            picture.put(chart.above + int(row), left + cell, curve.letter, curve.role)
