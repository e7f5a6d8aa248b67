"""What a measurement gives, and when it agrees with a formula. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from dataclasses import field as default
from typing import Any

STANDARD_ERRORS = 5.0
RELATIVE = 1e-7


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number that PyTorch gave: a count, or a value; `how` says in words what was run.

    `standard_error` is that of a value found by sampling, else None. `details` are further numbers for a drawing.
    """

    value: int | float
    how: str
    standard_error: float | None = None
    details: Mapping[str, Any] = default(default_factory=dict)

    def as_values(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Measurement:
        """The measurement that `as_values` wrote."""
        return cls(values["value"], values["how"], values["standard_error"], values["details"])

    def agrees(self, formula: float) -> bool:
        """Whether a formula's value is the measured one: exactly for counts, else within what is not known better."""
        if self.standard_error is not None:
            return abs(self.value - formula) <= STANDARD_ERRORS * self.standard_error
        if isinstance(self.value, int):
            return self.value == formula
        return abs(self.value - formula) <= RELATIVE * max(abs(self.value), abs(formula)) + 1e-12
