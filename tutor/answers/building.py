"""The callbacks of the grammar: tokens and parts -> the tree. Sums and products grow as flat lists until closed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from unicodedata import numeric

from tutor.answers.errors import Unreadable
from tutor.answers.normalise import FRACTIONS
from tutor.answers.tree import (
    Call,
    Constant,
    Element,
    Factor,
    Moment,
    Node,
    Number,
    Power,
    Product,
    Series,
    Span,
    Sum,
    Symbol,
    Term,
)

_ARGUMENTS = {"min": (1, 99), "max": (1, 99)}


def closed(value: Any) -> Node:
    """A sum or product that was still growing, as a node."""
    if type(value) is list:
        if type(value[0]) is Term:
            return Sum(tuple(value), (value[0].node.span[0], value[-1].node.span[1]))
        return Product(tuple(value), (value[0].node.span[0], value[-1].node.span[1]))
    return value


def _terms(value: Any) -> list[Term]:
    if type(value) is list and type(value[0]) is Term:
        return value
    node = closed(value)
    if type(node) is Sum and len(node.terms) == 1:
        return list(node.terms)
    return [Term(node)]


def _factors(value: Any) -> list[Factor]:
    return value if type(value) is list else [Factor(value)]


class Builder:
    """One method for each alternative of grammar.lark. `c` is the children, in order."""

    def total(self, c: list[Any]) -> Node:
        return closed(c[0])

    sum = product = keep = total

    def plus(self, c: list[Any]) -> list[Term]:
        terms = _terms(c[0])
        terms.append(Term(closed(c[2])))
        return terms

    def minus(self, c: list[Any]) -> list[Term]:
        terms = _terms(c[0])
        terms.append(Term(closed(c[2]), True))
        return terms

    def positive(self, c: list[Any]) -> Node:
        return closed(c[1])

    def negative(self, c: list[Any]) -> Node:
        node = closed(c[1])
        if type(node) is Sum and len(node.terms) == 1:
            return node.terms[0].node
        return Sum((Term(node, True),), (c[0].start_pos, node.span[1]))

    def times(self, c: list[Any]) -> list[Factor]:
        factors = _factors(c[0])
        factors.append(Factor(closed(c[2])))
        return factors

    def beside(self, c: list[Any]) -> list[Factor]:
        factors = _factors(c[0])
        factors.append(Factor(closed(c[2]), False, True))
        return factors

    def divided(self, c: list[Any]) -> list[Factor]:
        factors = _factors(c[0])
        factors.append(Factor(closed(c[2]), True))
        return factors

    def floored(self, c: list[Any]) -> Node:
        inner = closed(self.divided(c))
        return Call("floor", (inner,), inner.span)

    def times_series(self, c: list[Any]) -> Node:
        return closed(self.times(c))

    def beside_series(self, c: list[Any]) -> Node:
        return closed(self.beside(c))

    def divided_series(self, c: list[Any]) -> Node:
        return closed(self.divided(c))

    def raised(self, c: list[Any]) -> Node:
        return Power(c[0], c[2], (c[0].span[0], c[2].span[1]))

    def apply(self, c: list[Any]) -> Node:
        return self._call(c[0], [c[1]])

    def number(self, c: list[Any]) -> Node:
        token = c[0]
        text: str = token.value
        span = (token.start_pos, token.end_pos)
        if text in FRACTIONS:
            return Number(Fraction(numeric(text)).limit_denominator(10), text, span)
        if text.isdigit():
            return Number(Fraction(int(text)), text, span)
        exponent = text.lower().partition("e")[2]
        if exponent and abs(int(exponent)) > 400:
            raise Unreadable("this number is too large or too small to compute with", text, *span)
        return Number(Fraction(text), text, span)

    def name(self, c: list[Any]) -> Node:
        return Symbol(c[0].value, (c[0].start_pos, c[0].end_pos))

    def constant(self, c: list[Any]) -> Node:
        return Constant(c[0].value, (c[0].start_pos, c[0].end_pos))

    def group(self, c: list[Any]) -> Node:
        return c[1]

    def absolute(self, c: list[Any]) -> Node:
        return Call("abs", (c[1],), (c[0].start_pos, c[2].end_pos))

    def floor(self, c: list[Any]) -> Node:
        return Call("floor", (c[1],), (c[0].start_pos, c[2].end_pos))

    def ceil(self, c: list[Any]) -> Node:
        return Call("ceil", (c[1],), (c[0].start_pos, c[2].end_pos))

    def element(self, c: list[Any]) -> Node:
        return Element(c[0].value, c[2], (c[0].start_pos, c[3].end_pos))

    def first_argument(self, c: list[Any]) -> list[Node]:
        return [c[0]]

    def next_argument(self, c: list[Any]) -> list[Node]:
        c[0].append(c[2])
        return c[0]

    def call(self, c: list[Any]) -> Node:
        return self._call(c[0], c[2], c[3].end_pos)

    def _call(self, token: Any, arguments: list[Node], end: int | None = None) -> Node:
        span: Span = (token.start_pos, arguments[-1].span[1] if end is None else end)
        least, most = _ARGUMENTS.get(token.value, (1, 1))
        if not least <= len(arguments) <= most:
            raise Unreadable(f"{token.value} takes one value, here are {len(arguments)}", "", *span)
        return Call(token.value, tuple(arguments), span)

    def root(self, c: list[Any]) -> Node:
        span = (c[0].start_pos, c[6].end_pos)
        inverse = Product((Factor(Number(Fraction(1), "1", span)), Factor(c[2], True)), span)
        return Power(c[5], inverse, span)

    def fraction(self, c: list[Any]) -> Node:
        return Product((Factor(c[1]), Factor(c[2], True)), (c[0].start_pos, c[2].span[1]))

    def moment(self, c: list[Any]) -> Node:
        return Moment(c[0].value, c[2], (c[0].start_pos, c[3].end_pos))

    def series_called(self, c: list[Any]) -> Node:
        kind, index = c[0].value
        return Series(kind, index, c[1], c[3], c[5], (c[0].start_pos, c[6].end_pos))

    def series(self, c: list[Any]) -> Node:
        kind, index = c[0].value
        return Series(kind, index, c[1], c[3], c[5], (c[0].start_pos, c[5].span[1]))

    def series_range(self, c: list[Any]) -> Node:
        kind, index = c[0].value
        return Series(kind, index, c[2], c[4], c[7], (c[0].start_pos, c[7].span[1]))
