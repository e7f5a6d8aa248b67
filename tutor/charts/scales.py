"""Axes: round limits that stay while the curve grows inside them, and ticks at round numbers, linear or logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
LABEL_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` (at the bottom) to `high` (at the top). `percent` shows 0.5 as 50 %."""

    low: float
    high: float
    log: bool = False
    percent: bool = False

    def place(self, values: np.ndarray) -> np.ndarray:
        """0 at the bottom, 1 at the top; NaN stays NaN, and a value that a logarithm cannot take is NaN."""
        if not self.log:
            return (values - self.low) / (self.high - self.low)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)
        return (logs - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))

    def ticks(self, most: int, room: int = LABEL_COLUMNS) -> list[tuple[float, str]]:
        """At most `most` values with their labels, from the bottom up; fewer where a label would need more `room`."""
        most = max(most, 2)
        if self.log:
            values = self._decades(most)
            return list(zip(values, self._labels(values, 0.0, room), strict=True))
        step, before = round_step((self.high - self.low) / most), []
        while True:
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            values = [at * step for at in range(first, last + 1)]
            labels = self._labels(values, step, room)
            found = list(zip(values, labels, strict=True))
            if len(values) < 2:
                # One value says less than a few that are closer than asked for.
                return before or found
            if all(len(label) <= room for label in labels):
                if len(values) <= most:
                    return found
                before = found
            step = round_step(step * 1.01)

    def _decades(self, most: int) -> list[float]:
        low, high = math.floor(math.log10(self.low) + 1e-9), math.ceil(math.log10(self.high) - 1e-9)
        for within in ((1, 2, 5), (1, 3), (1,)):
            values = [digit * 10.0**power for power in range(low, high + 1) for digit in within]
            values = [one for one in values if self.low * (1 - 1e-9) <= one <= self.high * (1 + 1e-9)]
            if len(values) <= most:
                break
        else:
            values = values[:: math.ceil(len(values) / most)]
        return values

    def _labels(self, values: Sequence[float], step: float, room: int) -> list[str]:
        """The values as they stand beside the axis, all in one notation. On a logarithmic axis `step` is 0."""
        if self.percent:
            return [share(value, step or abs(value)) for value in values]
        plain = [fixed(value, step or abs(value)) for value in values]
        largest = max((abs(value) for value in values), default=0.0)
        small = step < 1e-3 and largest < 1e-2 if step else max(map(len, plain), default=0) > room
        return [powers(value) for value in values] if small or largest >= 1e5 else plain


def number(value: float, step: float) -> str:
    """A number with the digits that a step of this size needs; powers of ten where it would be long."""
    return powers(value) if value and not 1e-3 <= abs(value) < 1e5 else fixed(value, step)


def share(value: float, step: float) -> str:
    """A share as a percentage, with as many digits as a step of this size needs."""
    return f"{100 * value:.{0 if step >= 0.0099 else 1 if step >= 0.00099 else 2}f} %"


def powers(value: float) -> str:
    """A number as `2.5e-4`, with as few digits as it has, at most four."""
    if value == 0:
        return "0"
    mantissa, power = f"{value:.3e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"


def fixed(value: float, step: float) -> str:
    """A number with as many digits behind the point as a step of this size has."""
    if value == 0:
        return "0"
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if round(step * 10**digits, 6) % 1:
        digits += 1
    return f"{value:.{digits}f}"


def round_step(step: float) -> float:
    """The next step up of 1, 2, 2.5 or 5 times a power of ten."""
    if not step > 0 or not math.isfinite(step):
        return 1.0
    power = 10.0 ** math.floor(math.log10(step))
    return next(one * power for one in ROUND if one * power >= step * (1 - 1e-9))


def fit(
    low: float,
    high: float,
    *,
    log: bool = False,
    percent: bool = False,
    from_zero: bool = True,
    keep: Scale | None = None,
) -> Scale:
    """Round limits around `low` to `high`. `keep` stays while the values lie inside it and fill a third of it or more.

    `from_zero` begins a linear axis at 0 (a percentage's also ends at 100). A logarithmic one begins at the least
    positive value, which `low` must then be; where there is none, the axis is linear.
    """
    if log and (low <= 0 or high <= 0):
        log = False
    if log:
        bottom = _down(low)
        top = _up(high)
        top = top if top > bottom * 1.01 else bottom * 10
        share = math.log10(max(high / low, 1.0001)) / math.log10(top / bottom)
    elif percent and from_zero:
        return Scale(0.0, 1.0, False, True)
    else:
        if from_zero and low >= 0:
            low = 0.0
        room = max(high - low, abs(high) * 1e-3, 1e-9)
        step = round_step(room / 5)
        bottom = math.floor(low / step + 1e-9) * step
        top = math.ceil(high / step - 1e-9) * step
        top = top if top > bottom else bottom + step
        if percent:
            bottom, top = max(bottom, 0.0), min(top, 1.0) if high <= 1 else top
        share = room / (top - bottom)
    fitted = Scale(bottom, top, log, percent)
    if keep is None or (keep.log, keep.percent) != (log, percent) or low < keep.low or high > keep.high:
        return fitted
    span = math.log10(keep.high / keep.low) if log else keep.high - keep.low
    mine = math.log10(top / bottom) if log else top - bottom
    return keep if share * mine >= span / 3 else fitted


def _down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(one * power for one in (1, 2, 5) if one * power <= value * (1 + 1e-9))


def _up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return min(one * power for one in (1, 2, 5, 10) if one * power >= value * (1 - 1e-9))
