"""The tree of an answer: what was read, as values without behaviour.

Sums and products are flat, so a long chain is never deep; only brackets, powers, signs and functions nest.
`span` is the place in the text as typed (start, end), for errors; it takes no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

Span: TypeAlias = tuple[int, int]
NOWHERE: Span = (0, 0)

FunctionName: TypeAlias = Literal["sqrt", "exp", "log", "abs", "floor", "ceil", "min", "max", "relu"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in digits; `text` is how it was written, `value` is exact."""

    value: Fraction
    text: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Constant:
    """pi or e."""

    name: Literal["pi", "e"]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol of the part by its canonical name, or the index of an enclosing series."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a sequence, K_j."""

    sequence: str
    index: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Term:
    """A summand with its sign."""

    node: Node
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms added or subtracted from left to right."""

    terms: tuple[Term, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor, multiplied or (inverse) divided by; `implicit` where no sign stood before it."""

    node: Node
    inverse: bool = False
    implicit: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Product:
    r"""Factors multiplied or divided from left to right; \frac{a}{b} is a Product of two."""

    factors: tuple[Factor, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Power:
    """base ^ exponent."""

    base: Node
    exponent: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the language; `a // b` is read as floor(a / b)."""

    function: FunctionName
    arguments: tuple[Node, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Series:
    """A sum or a product of `body` for `index` from `first` to `last`, both included."""

    kind: Literal["sum", "product"]
    index: str
    first: Node
    last: Node
    body: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Moment:
    """E[body] or Var[body], in derivations only."""

    kind: Literal["E", "Var"]
    body: Node
    span: Span = field(default=NOWHERE, compare=False)


Node: TypeAlias = Number | Constant | Symbol | Element | Sum | Product | Power | Call | Series | Moment
