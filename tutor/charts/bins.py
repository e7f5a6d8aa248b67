"""A curve of any length in a fixed number of bins: least, greatest and mean of each. No step is lost to its shape."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

SMOOTHING = 3.0


class Bins:
    """`count` bins over `start` to `end` (both included); points are added as they come and never kept.

    `low` and `high` are the least and the greatest finite value of a bin (NaN where there is none), `weight` how many
    finite values it has, `missing` how many that were not a number or not finite.
    """

    def __init__(self, start: float, end: float, count: int) -> None:
        self.start, self.end = float(start), float(max(end, start + 1e-9))
        self.count = max(count, 1)
        self.edges = np.linspace(self.start, self.end, self.count + 1)
        self.low = np.full(self.count, np.nan)
        self.high = np.full(self.count, np.nan)
        self.total = np.zeros(self.count)
        self.weight = np.zeros(self.count, dtype=np.int64)
        self.missing = np.zeros(self.count, dtype=np.int64)

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """Add points, in any order; those outside are left out. A million take a few milliseconds where x ascends."""
        if len(x) > 1 and not (x[1:] >= x[:-1]).all():
            order = np.argsort(x, kind="stable")
            x, y = x[order], y[order]
        bounds = np.searchsorted(x, self.edges, side="left")
        bounds[-1] = np.searchsorted(x, self.end, side="right")
        filled = np.flatnonzero(bounds[1:] > bounds[:-1])
        if not len(filled):
            return
        first = int(bounds[0])
        values = y[first : int(bounds[-1])]
        starts = bounds[filled] - first
        finite = np.isfinite(values)
        if finite.all():
            amount = values
            self.weight[filled] += bounds[filled + 1] - bounds[filled]
        else:
            values = np.where(finite, values, np.nan)
            amount = np.where(finite, values, 0.0)
            found = np.add.reduceat(finite.astype(np.int64), starts)
            self.weight[filled] += found
            self.missing[filled] += bounds[filled + 1] - bounds[filled] - found
        self.low[filled] = np.fmin(self.low[filled], np.fmin.reduceat(values, starts))
        self.high[filled] = np.fmax(self.high[filled], np.fmax.reduceat(values, starts))
        self.total[filled] += np.add.reduceat(amount, starts)

    @property
    def middles(self) -> np.ndarray:
        """The place of each bin's middle."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    def mean(self) -> np.ndarray:
        """The mean of each bin; NaN where it has no finite value."""
        with np.errstate(invalid="ignore"):
            return np.where(self.weight > 0, self.total / np.maximum(self.weight, 1), np.nan)

    def smoothed(self, width: float = SMOOTHING) -> np.ndarray:
        """A mean over the neighbouring bins, e times less for each `width` bins away, every point counting the same.

        It looks to both sides, so that it lies within a curve that falls steeply; while the curve grows, only its
        newest bins change. NaN where a bin has no value.
        """
        keep = float(np.exp(-1.0 / max(width, 1e-6)))
        total, weight = self.total.tolist(), self.weight.tolist()
        before = _decayed(total, keep), _decayed(weight, keep)
        after = _decayed(total[::-1], keep)[::-1], _decayed(weight[::-1], keep)[::-1]
        # Its own bin is in both sums.
        sums = np.array(before[0]) + np.array(after[0]) - self.total
        weights = np.array(before[1]) + np.array(after[1]) - self.weight
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.weight > 0, sums / weights, np.nan)

    def range(self) -> tuple[float, float] | None:
        """The least and the greatest value; None where there is none."""
        if not self.weight.any():
            return None
        return float(np.nanmin(self.low)), float(np.nanmax(self.high))

    def mean_range(self) -> tuple[float, float] | None:
        """The least and the greatest of the bins' means; None where there is none."""
        if not self.weight.any():
            return None
        means = self.mean()
        return float(np.nanmin(means)), float(np.nanmax(means))


def _decayed(values: Sequence[float], keep: float) -> list[float]:
    """Running sums in which everything before counts `keep` times as much."""
    return list(accumulate(values, lambda before, value: before * keep + value))
