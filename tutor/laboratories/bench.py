"""What every laboratory is to the screen that shows it: a value that keys change, and that draws itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeAlias

from tutor.fields.spans import Line

Numbers: TypeAlias = Mapping[str, Any]
"""Values of a part's symbols, sequences as tuples."""


class LaboratoryError(ValueError):
    """Why what was typed cannot be used: one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What PyTorch is to measure: a method of the engine and its parameters."""

    method: str
    params: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of an Asking: its values, or the sentence that stands in their place."""

    values: Mapping[str, Any] | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the learner's formula says. `value` is None where it has none; `note` tells of another right convention."""

    part: str
    value: Callable[[Numbers], float | None]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """Cells that a click changes: knob number `knob`, along its `track` or only chosen."""

    row: int
    start: int
    end: int
    knob: int
    track: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The lines of a laboratory, and where it can be clicked."""

    lines: tuple[Line, ...]
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class Typing:
    """What can be typed now: what it is called, and what stands there at first."""

    prompt: str
    text: str


@dataclass(frozen=True)
class Bench(ABC):
    """A laboratory's state. Every method gives a new one; nothing waits, and nothing is kept elsewhere."""

    title: ClassVar[str]
    diagram: ClassVar[bool] = False
    """Whether layers are added, removed and moved here."""

    part: str = ""
    claims: Mapping[str, Claim] = field(default_factory=dict)
    """The learner's formulas, by part."""

    @property
    def claim(self) -> Claim | None:
        """The formula of the part in hand."""
        return self.claims.get(self.part)

    @abstractmethod
    def opened(self, part: str, claims: Mapping[str, Claim], numbers: Numbers | None) -> Self:
        """For another part or answer; at these numbers (a counterexample), or where it was."""

    @abstractmethod
    def choose(self, step: int) -> Self:
        """What is above (-1) or below."""

    @abstractmethod
    def change(self, step: int) -> Self:
        """Less (-1) or more of what is chosen."""

    @abstractmethod
    def typing(self) -> Typing:
        """What can be typed for what is chosen."""

    @abstractmethod
    def typed(self, text: str) -> Self:
        """With this typed. Raises LaboratoryError."""

    @abstractmethod
    def asks(self) -> Asking | None:
        """What PyTorch is to measure for this state."""

    @abstractmethod
    def draw(self, width: int, ascii_only: bool, found: Found) -> Picture:
        """The picture in so many columns (36 or more), with what PyTorch found for `asks()`."""

    @abstractmethod
    def clicked(self, row: int, column: int, width: int, ascii_only: bool) -> Self:
        """With the place of a click taken up; unchanged where nothing is."""
