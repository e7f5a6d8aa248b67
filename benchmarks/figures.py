"""What a benchmark gives: a figure beside its budget, and the table they are printed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `budget` is at most, or at least where `at_least`, and in the same unit."""

    what: str
    value: float
    unit: str
    budget: float
    at_least: bool = False
    how: str = ""

    @property
    def kept(self) -> bool:
        """Whether the value is within its budget."""
        return self.value >= self.budget if self.at_least else self.value <= self.budget


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def line(figure: Figure) -> str:
    """One row of the table."""
    bound = "at least" if figure.at_least else "at most"
    kept = "kept" if figure.kept else "MISSED"
    found = f"{figure.value:,.4g} {figure.unit}"
    return f"{figure.what:<42} {found:>18}   {bound} {figure.budget:,.4g} {figure.unit:<10} {kept:<7} {figure.how}"
