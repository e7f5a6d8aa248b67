"""Small changes to a tree: what a formula would be with one slip undone.

`variants` yields the changed trees with the kind of slip. They are only candidates: a diagnosis tries their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Literal, TypeAlias

from tutor.answers.evaluate import children
from tutor.answers.tree import Element, Factor, Node, Number, Power, Product, Series, Sum, Symbol, Term

Slip: TypeAlias = Literal[
    "term factor", "term sign", "factor inverted", "extra factor", "extra term", "missing term", "power", "index"
]
Change: TypeAlias = tuple[Slip, Node]

ONE = Number(Fraction(1), "1")
TWO = Number(Fraction(2), "2")


def variants(tree: Node, names: tuple[str, ...]) -> Iterator[Change]:
    """The tree with one slip undone, at the top or anywhere inside; `names` are symbols a term may be missing of."""
    yield from _here(tree, names, top=True)
    yield from _inside(tree, names)
    yield from _all_indices(tree)


def _inside(node: Node, names: tuple[str, ...]) -> Iterator[Change]:
    for place, child in enumerate(children(node)):
        for slip, changed in _below(node, place, child, names):
            yield slip, with_child(node, place, changed)


def _below(parent: Node, place: int, child: Node, names: tuple[str, ...]) -> Iterator[Change]:
    if (isinstance(parent, Power) and place == 1) or (isinstance(parent, Element) or _is_bound(parent, place)):
        slip: Slip = "power" if isinstance(parent, Power) else "index"
        for negative in (False, True):
            yield slip, plus(child, ONE, negative)
        for kind, changed in _here(child, names, top=False):
            if kind == "extra term" and isinstance(child, Sum) and any(term.node == ONE for term in child.terms):
                continue  # t + 1 in place of t is said as a power or an index that is off by one
            yield kind, changed
        return
    if not isinstance(parent, Sum):
        yield "missing term", plus(child, ONE)
        yield "missing term", plus(child, ONE, negative=True)
    yield from _here(child, names, top=False)
    yield from _inside(child, names)


def _is_bound(parent: Node, place: int) -> bool:
    return isinstance(parent, Series) and place < 2


def _here(node: Node, names: tuple[str, ...], top: bool) -> Iterator[Change]:
    if isinstance(node, Sum):
        for place, term in enumerate(node.terms):
            rest = node.terms[:place], node.terms[place + 1 :]
            yield "term sign", Sum((*rest[0], Term(term.node, not term.negative), *rest[1]))
            if len(node.terms) > 1:
                yield "extra term", Sum((*rest[0], *rest[1]))
            if not top:
                for inverse in (False, True):
                    scaled = Product((Factor(term.node), Factor(TWO, inverse)))
                    yield "term factor", Sum((*rest[0], Term(scaled, term.negative), *rest[1]))
        if not top:
            for name in names:
                for addition in (Symbol(name), Product((Factor(TWO), Factor(Symbol(name))))):
                    for negative in (False, True):
                        yield "missing term", plus(node, addition, negative)
    elif isinstance(node, Product):
        for place, factor in enumerate(node.factors):
            if len(node.factors) > 1:
                rest_of = (*node.factors[:place], *node.factors[place + 1 :])
                yield "extra factor", Product(rest_of)
            flipped = Factor(factor.node, not factor.inverse)
            yield "factor inverted", Product((*node.factors[:place], flipped, *node.factors[place + 1 :]))


def _all_indices(tree: Node) -> Iterator[Change]:
    """Every index of one sequence, or of several, shifted together."""
    sequences = sorted({node.sequence for node in walk(tree) if isinstance(node, Element)})[:4]
    groups = (set(group) for count in range(1, 5) for group in combinations(sequences, count))
    for chosen in groups:
        for negative in (False, True):

            def shift(node: Node, chosen: set[str] = chosen, negative: bool = negative) -> Node:
                if isinstance(node, Element) and node.sequence in chosen:
                    return Element(node.sequence, plus(node.index, ONE, negative))
                return node

            yield "index", rebuilt(tree, shift)


def plus(node: Node, addition: Node, negative: bool = False) -> Node:
    """node + addition, flat."""
    terms = node.terms if isinstance(node, Sum) else (Term(node),)
    return Sum((*terms, Term(addition, negative)))


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with `change` applied to every node, from below."""
    for place, child in enumerate(children(node)):
        new = rebuilt(child, change)
        if new is not child:
            node = with_child(node, place, new)
    return change(node)


def with_child(node: Node, place: int, child: Node) -> Node:
    """The node with one of its children replaced; places are those of `children`."""
    match node:
        case Element():
            return replace(node, index=child)
        case Sum(terms):
            return Sum((*terms[:place], Term(child, terms[place].negative), *terms[place + 1 :]))
        case Product(factors):
            return Product((*factors[:place], Factor(child, factors[place].inverse), *factors[place + 1 :]))
        case Power(base, exponent):
            return Power(child, exponent) if place == 0 else Power(base, child)
        case Series():
            if place == 0:
                return replace(node, first=child)
            return replace(node, last=child) if place == 1 else replace(node, body=child)
    if hasattr(node, "arguments"):
        return replace(node, arguments=(*node.arguments[:place], child, *node.arguments[place + 1 :]))  # type: ignore
    return replace(node, body=child)  # type: ignore[call-arg]
