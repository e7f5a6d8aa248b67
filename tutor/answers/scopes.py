"""What can only be said of the finished tree: where an index holds, and moving an index by a whole number."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tutor.answers.errors import Unreadable
from tutor.answers.names import Names
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
    Sum,
    Symbol,
    Term,
)


def check_scopes(tree: Node, names: Names, text: str) -> None:
    """Every name is a symbol of the part, or the index of a series around it."""
    stack: list[tuple[Node, frozenset[str], bool]] = [(tree, frozenset(), False)]
    symbols, moments = names.symbols, names.vocabulary.moments
    while stack:
        node, bound, index = stack.pop()
        if isinstance(node, Symbol):
            if node.name not in symbols and node.name not in bound and not (moments and index):
                message = f"{node.name} is the index of a sum or product and has no meaning outside it"
                raise Unreadable(message, text, *node.span)
        elif isinstance(node, Sum):
            stack.extend((term.node, bound, index) for term in node.terms)
        elif isinstance(node, Product):
            stack.extend((factor.node, bound, index) for factor in node.factors)
        elif isinstance(node, Power):
            stack += ((node.base, bound, index), (node.exponent, bound, index))
        elif isinstance(node, Element):
            stack.append((node.index, bound, True))
        elif isinstance(node, Call):
            stack.extend((argument, bound, index) for argument in node.arguments)
        elif isinstance(node, Series):
            stack += ((node.first, bound, index), (node.last, bound, index), (node.body, bound | {node.index}, index))
        elif isinstance(node, Moment):
            stack.append((node.body, bound, index))


def shifted(tree: Node, letter: str, offset: int) -> Node:
    """The tree with `letter` replaced by `letter - offset`, whole numbers beside it added up."""
    if isinstance(tree, Symbol):
        return _moved(tree, -offset) if tree.name == letter else tree
    if isinstance(tree, Number | Constant):
        return tree
    if isinstance(tree, Sum):
        first = tree.terms[0]
        if isinstance(first.node, Symbol) and first.node.name == letter and not first.negative:
            rest = tree.terms[1:]
            if all(isinstance(term.node, Number) and term.node.value.denominator == 1 for term in rest):
                total = -offset
                for term in rest:
                    assert isinstance(term.node, Number)
                    total += -int(term.node.value) if term.negative else int(term.node.value)
                return _moved(first.node, total)
        return replace(tree, terms=tuple(Term(shifted(t.node, letter, offset), t.negative) for t in tree.terms))
    if isinstance(tree, Product):
        factors = tuple(Factor(shifted(f.node, letter, offset), f.inverse, f.implicit) for f in tree.factors)
        return replace(tree, factors=factors)
    if isinstance(tree, Power):
        return replace(tree, base=shifted(tree.base, letter, offset), exponent=shifted(tree.exponent, letter, offset))
    if isinstance(tree, Element):
        return replace(tree, index=shifted(tree.index, letter, offset))
    if isinstance(tree, Call):
        return replace(tree, arguments=tuple(shifted(argument, letter, offset) for argument in tree.arguments))
    if isinstance(tree, Series):
        body = tree.body if tree.index == letter else shifted(tree.body, letter, offset)
        return replace(
            tree, first=shifted(tree.first, letter, offset), last=shifted(tree.last, letter, offset), body=body
        )
    return replace(tree, body=shifted(tree.body, letter, offset))


def _moved(symbol: Symbol, by: int) -> Node:
    if by == 0:
        return symbol
    number = Number(Fraction(abs(by)), str(abs(by)), symbol.span)
    return Sum((Term(symbol), Term(number, by < 0)), symbol.span)
