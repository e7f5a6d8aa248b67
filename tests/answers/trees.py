"""Trees built by hand, so that judging is tested apart from reading."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tutor.answers.tree import Call, Factor, Node, Number, Power, Product, Series, Sum, Symbol, Term


def num(value: Any) -> Number:
    """A number, from an int or from its text."""
    return Number(Fraction(value), str(value))


def sym(name: str) -> Symbol:
    return Symbol(name)


def total(*nodes: Node, minus: bool = False) -> Sum:
    """The sum; with `minus` all but the first are subtracted."""
    return Sum(tuple(Term(node, minus and place > 0) for place, node in enumerate(nodes)))


def product(*nodes: Node) -> Product:
    return Product(tuple(Factor(node) for node in nodes))


def power(base: Node, exponent: Node) -> Power:
    return Power(base, exponent)


def call(name: Any, *arguments: Node) -> Call:
    return Call(name, arguments)


def series(kind: Any, index: str, first: Node, last: Node, body: Node) -> Series:
    return Series(kind, index, first, last, body)


def binary(left: Node, operator: str, right: Node) -> Node:
    """left operator right."""
    match operator:
        case "+" | "-":
            return Sum((Term(left), Term(right, operator == "-")))
        case "*" | "/":
            return Product((Factor(left), Factor(right, operator == "/")))
        case _:
            return Power(left, right)
