"""What an answer may speak of: symbols with their domains, and what is asked for on the left of `=`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from tutor.answers.tree import Node

DomainKind: TypeAlias = Literal[
    "positive integer", "non-negative integer", "positive real", "non-negative real", "unit interval", "real"
]
Distribution: TypeAlias = Literal["standard normal", "normal with standard deviation sigma", "relu of z"]


@dataclass(frozen=True, slots=True)
class SymbolSpec:
    """A symbol a part declares.

    `length` names the symbol that counts a sequence's elements (indices 1..length; from 0 when `from_zero`); None for
    a plain symbol. `most` bounds an integer where points are drawn. `distribution` makes it a random variable.
    """

    name: str
    domain: DomainKind
    meaning: str = ""
    spellings: tuple[str, ...] = ()
    length: str | None = None
    from_zero: bool = False
    most: int | None = None
    distribution: Distribution | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """left relation right, at every point drawn."""

    left: Node
    relation: Literal["<", "<=", ">", ">=", "="]
    right: Node


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The symbols of a part and their joint domain.

    `asked` is what may stand on the left (`W_out`, `Var[y]`, `w^{(t)}`, `W_l`), `other_left` what may not and is told
    so. `free` lets every single letter and Greek name be a real symbol (for comparing without a part). `moments` allows
    E[...] and Var[...].
    """

    symbols: tuple[SymbolSpec, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    asked: tuple[str, ...] = ()
    other_left: tuple[str, ...] = ()
    free: bool = False
    moments: bool = False
