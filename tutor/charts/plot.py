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
PLAIN = Signs("|", "+", "+", "-", "+", "o", "x")


@dataclass(frozen=True, slots=True)
class Curve:
    """Binned values drawn as the range of each bin (`raw`) or as one smoothed line; `letter` names it on the line."""

    bins: Bins
    how: Literal["raw", "smooth"] = "smooth"
    role: Role = "line"
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """Single values with a sign each (`letter`, or a dot); a line where there are many."""

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
    margin: int = 6


def columns(width: int, margin: int = 6) -> int:
    """How many cells of a chart this wide are the curve's; it takes two bins a cell."""
    return max(width - margin - 2, 1)


def draw(chart: Chart, width: int, height: int, ascii_only: bool = False) -> Picture:
    """The chart in `width` x `height` cells."""
    picture = Picture(width, height)
    signs = PLAIN if ascii_only else PRETTY
    wide, high = columns(width, chart.margin), height - ABOVE - BELOW
    _title(picture, chart)
    if high < 1 or width <= chart.margin + 3:
        return picture
    left = chart.margin + 2
    _upright(picture, chart, high, signs)
    for curve in chart.curves:
        dots = _curve(curve, chart.scale, high * 4, wide * 2)
        picture.lay(ABOVE, left, dots, curve.role, ascii_only)
    for points in chart.points:
        _points(picture, points, chart, left, high, wide, signs, ascii_only)
    for curve in chart.curves:
        if curve.letter:
            _letters(picture, curve, chart.scale, left, high, wide)
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


def _upright(picture: Picture, chart: Chart, high: int, signs: Signs) -> None:
    """The upright axis; where two labels would share a row, the upper one stays away."""
    for row in range(high):
        picture.put(ABOVE + row, chart.margin, signs.up, "axis")
    ticks = chart.scale.ticks(max(2, high // 2 if high < 12 else high // 3))
    taken: set[int] = set()
    for value, label in ticks:
        place = float(chart.scale.place(np.array([value]))[0])
        row = min(high - 1, max(0, int((1 - place) * high)))
        if row in taken:
            continue
        taken.add(row)
        picture.put(ABOVE + row, chart.margin - 1 - len(label), label, "label")
        picture.put(ABOVE + row, chart.margin, signs.tick, "axis")


def _along(picture: Picture, chart: Chart, left: int, high: int, wide: int, signs: Signs) -> None:
    """The axis below, its ticks, and the places where there was no number."""
    row = ABOVE + high
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
    return _stroke(upper, lower, _rows(middle, scale, high), bins.missing > 0, high)[:, :wide]


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


def _points(
    picture: Picture, points: Points, chart: Chart, left: int, high: int, wide: int, signs: Signs, ascii_only: bool
) -> None:
    x, y = np.asarray(points.x, dtype=float), np.asarray(points.y, dtype=float)
    seen = (x >= chart.start) & (x <= chart.end)
    x, y = x[seen], y[seen]
    if not len(x):
        return
    bins = Bins(chart.start, chart.end, wide * 2)
    bins.add(x, y)
    close = len(x) > wide / 4
    if close:
        rows = _rows(bins.mean(), chart.scale, high * 4)
        picture.lay(
            ABOVE, left, _stroke(rows, rows, rows, bins.missing > 0, high * 4), points.role, ascii_only=ascii_only
        )
        return
    places = chart.scale.place(y)
    for value, place in zip(x.tolist(), places.tolist(), strict=True):
        column = min(wide - 1, int((value - chart.start) / (chart.end - chart.start) * wide))
        if np.isfinite(place):
            row = min(high - 1, max(0, int((1 - place) * high)))
            picture.put(ABOVE + row, left + column, points.letter or signs.point, points.role)


def _letters(picture: Picture, curve: Curve, scale: Scale, left: int, high: int, wide: int) -> None:
    """The curve's letter at its end and once on the way, so that a line is known without a colour."""
    rows = _rows(curve.bins.smoothed(SMOOTHING), scale, high)
    there = np.flatnonzero(np.isfinite(rows))
    for at in {int(there[len(there) // 3]), int(there[-1])} if len(there) else ():
        picture.put(ABOVE + int(rows[at]), left + min(at // 2, wide - 1), curve.letter, curve.role)
