"""Charts of runs: loss, accuracy and learning rate over epochs, the run itself and others over one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from tutor.charts.bins import Bins
from tutor.charts.cells import Picture, Role
from tutor.charts.plot import Chart, Curve, Points, columns, draw
from tutor.charts.scales import Scale, fit, number, round_step
from tutor.tui.training.naming import laid_out
from tutor.tui.training.reading import History
from tutor.tui.training.words import rate

What: TypeAlias = Literal["loss", "accuracy", "rate"]
WHATS: tuple[What, ...] = ("loss", "accuracy", "rate")
TITLES: dict[What, str] = {"loss": "loss", "accuracy": "accuracy", "rate": "learning rate"}
ROOMY_COLUMNS = 56
NARROWEST_WINDOW = 1 / 64
"""Of the whole: as far as one can zoom in."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A run in a chart; `letter` is empty for the run in hand. Where there is a `name`, the chart says whose it is."""

    id: str
    history: History
    letter: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What of a chart is seen: between the shares `start` and `end` of the whole, linear or logarithmic."""

    log: bool = False
    start: float = 0.0
    end: float = 1.0

    @property
    def zoomed(self) -> bool:
        """Whether a part is seen and not the whole."""
        return self.end - self.start < 1 - 1e-9

    def zoom(self, factor: float, centre: float) -> View:
        """`factor` of what was seen, keeping the share `centre` where it is as far as that can be."""
        span = min(1.0, max(NARROWEST_WINDOW, (self.end - self.start) * factor))
        at = (centre - self.start) / (self.end - self.start)
        start = min(max(0.0, centre - at * span), 1 - span)
        return replace(self, start=start, end=start + span)

    def move(self, share: float) -> View:
        """Along, by a share of what is seen."""
        span = self.end - self.start
        start = min(max(0.0, self.start + share * span), 1 - span)
        return replace(self, start=start, end=start + span)


@dataclass(slots=True)
class _Kept:
    """Bins of a curve, how much of it they have, and what they were made for."""

    bins: Bins
    have: int
    made_for: tuple[object, ...]


class Drawer:
    """Draws one chart again and again; keeps the bins, so that each step is counted once, and the axis if it fits."""

    def __init__(self, what: What) -> None:
        self.what: What = what
        self._kept: dict[str, _Kept] = {}
        self._scale: Scale | None = None
        self._scale_for: tuple[object, ...] = ()

    def picture(self, runs: Sequence[Shown], view: View, width: int, height: int, ascii_only: bool = False) -> Picture:
        """The chart of these runs, the one in hand first, in `width` x `height` cells."""
        chart = replace(self.chart(runs, view, width), names=names(runs, width, max(1, height // 6)))
        return draw(chart, width, height, ascii_only)

    def chart(self, runs: Sequence[Shown], view: View, width: int) -> Chart:
        """What is to be drawn."""
        what, whole = self.what, extent(runs)
        start, end = view.start * whole, view.end * whole
        count = 2 * columns(width)
        error = what == "accuracy" and view.log
        curves: list[Curve] = []
        points: list[Points] = []
        found: list[tuple[float, float]] = []
        for run in reversed(runs):
            bins = self._bins(run, error, start, end, count)
            cloud = what != "rate" and len(runs) == 1
            if (values := bins.range() if cloud else bins.mean_range()) is not None:
                found.append(values)
            mine = not run.letter
            if cloud:
                # Where runs lie over one another, a cloud of single steps would hide the others.
                curves.append(Curve(bins, "raw", "raw"))
            curves.append(Curve(bins, "smooth", "line" if mine else "other", run.letter))
            if what != "rate":
                x, y = validated(run.history, what, error)
                points.append(Points(x, y, "point" if mine else "other", run.letter.upper()))
                inside = [value for at, value in zip(x, y, strict=True) if start <= at <= end and math.isfinite(value)]
                found += [(min(inside), max(inside))] if inside else []
        self._kept = {run.id: self._kept[run.id] for run in runs}
        scale = self._fit(found, view, start, end)
        title = ("error" if error else TITLES[what]) + (", logarithmic" if scale.log else "")
        title += part(start, end, whole, width) if view.zoomed else ""
        return Chart(
            title,
            start,
            end,
            scale,
            curves,
            points,
            ticks(start, end, max(2, (width - 8) // 9)),
            "epoch",
            self._legend(runs[0], error, width - len(title) - 2) if runs else (),
        )

    def _bins(self, run: Shown, error: bool, start: float, end: float, count: int) -> Bins:
        history = run.history
        key = (history.cut, history.steps_per_epoch, start, end, count, error)
        kept = self._kept.get(run.id)
        if kept is None or kept.made_for != key or kept.have > len(history.numbers):
            kept = _Kept(Bins(start, end, count), 0, key)
            self._kept[run.id] = kept
        if kept.have < len(history.numbers):
            values = series(history, self.what)[kept.have :]
            x = history.numbers[kept.have :] / history.steps_per_epoch
            kept.bins.add(x, (1 - values if error else values).astype(float))
            kept.have = len(history.numbers)
        return kept.bins

    def _fit(self, found: Sequence[tuple[float, float]], view: View, start: float, end: float) -> Scale:
        low = min((one[0] for one in found), default=0.0)
        high = max((one[1] for one in found), default=1.0)
        log, percent = view.log, self.what == "accuracy"
        if log:
            positive = [one[0] for one in found if one[0] > 0] + [one[1] for one in found if one[1] > 0]
            # An error of nothing at all, or a loss of 0, is below every logarithmic axis: three decades are kept.
            low = max(min(positive, default=1e-3), high * 1e-4) if positive else 0.0
        key = (log, start, end)
        keep = self._scale if self._scale_for == key else None
        # A share is seen from 0 to 100 % as a whole; a part of it fills the chart.
        from_zero = not (percent and view.zoomed)
        self._scale, self._scale_for = fit(low, high, log=log, percent=percent, from_zero=from_zero, keep=keep), key
        return self._scale

    def _legend(self, run: Shown, error: bool, room: int) -> list[tuple[str, Role]]:
        """What the signs are, with the newest values."""
        values = series(run.history, self.what)
        parts: list[tuple[str, Role]] = []
        if self.what == "rate":
            return [(rate(float(values[-1])), "line")] if len(values) else []
        newest = smoothed_end(values)
        if newest is not None:
            parts.append((f"─ train {_value(newest, self.what, error)}", "line"))
        _, y = validated(run.history, self.what, error)
        if y and math.isfinite(y[-1]):
            # Points are values themselves, also of the error.
            value = 1 - y[-1] if error else y[-1]
            parts.append((f"● validation {_value(value, self.what, error)}", "point"))
        missing = int(self._kept[run.id].bins.missing.sum()) if run.id in self._kept else 0
        if missing:
            parts.append((f"× no number at {missing:,} step{'s' * (missing > 1)}", "gap"))
        legend: list[tuple[str, Role]] = []
        for text, role in parts:
            used = sum(len(one) for one, _ in legend)
            if used + len(text) + 3 > room:
                short = text.replace("validation", "val").replace("no number at ", "")
                if used + len(short) + 3 > room:
                    continue
                text = short
            legend.append((f"   {text}" if legend else text, role))
        return legend


def _value(value: float, what: What, error: bool) -> str:
    if what == "accuracy":
        return f"{100 * (1 - value if error else value):.1f} %"
    return f"{value:.3f}" if 0.001 <= value < 1000 else f"{value:.2e}"


def series(history: History, what: What) -> np.ndarray:
    """The numbers by step."""
    return {"loss": history.losses, "accuracy": history.accuracies, "rate": history.learning_rates}[what]


def smoothed_end(values: np.ndarray, count: int = 50) -> float | None:
    """The mean of the newest numbers; None where there is none."""
    newest = values[-count:]
    newest = newest[np.isfinite(newest)]
    return float(newest.mean()) if len(newest) else None


def validated(history: History, what: What, error: bool = False) -> tuple[list[float], list[float]]:
    """Places, in epochs, and values of the validations."""
    x = [epoch.step / history.steps_per_epoch for epoch in history.epochs]
    if what == "loss":
        return x, [math.nan if one.validation_loss is None else one.validation_loss for one in history.epochs]
    return x, [1 - one.validation_accuracy if error else one.validation_accuracy for one in history.epochs]


def extent(runs: Sequence[Shown]) -> float:
    """Epochs from the first to the last, of the longest of these runs; 1 before one has said it."""
    return max((run.history.total / run.history.steps_per_epoch for run in runs if run.history.total), default=1.0)


def part(start: float, end: float, whole: float, width: int) -> str:
    """Which epochs are seen, where it is not all of them."""
    step = round_step((end - start) / 10)
    seen = f"{number(start, step)}–{number(end, step)} of {whole:.0f}"
    return f", epochs {seen}" if width >= ROOMY_COLUMNS else f", {seen}"


def names(runs: Sequence[Shown], width: int, most: int) -> list[str]:
    """Whose the letters in the chart are, in at most `most` lines."""
    words = [(run.letter, run.name) for run in runs if run.letter and run.name]
    return laid_out(words, "capitals: validation", width, most)


def ticks(start: float, end: float, most: int) -> list[tuple[float, str]]:
    """Round epochs between `start` and `end`, at most about `most`."""
    step = round_step((end - start) / max(most, 1))
    if step == 2.5:
        step = 5.0
    step = max(step, 1.0) if end - start >= 2 else step
    first, last = math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9)
    return [(at * step, number(at * step, step)) for at in range(first, last + 1)]
