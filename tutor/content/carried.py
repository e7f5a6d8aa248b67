"""What follows from an earlier answer: symbols of a tree replaced by trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tutor.answers.tree import Call, Element, Moment, Node, Power, Product, Series, Sum, Symbol


def substituted(tree: Node, own: Mapping[str, Node]) -> Node:
    """The tree with each symbol named in `own` replaced. An index of the tree's own hides a symbol of its name."""
    match tree:
        case Symbol(name):
            return own.get(name, tree)
        case Element(_, index):
            return replace(tree, index=substituted(index, own))
        case Sum(terms):
            return replace(tree, terms=tuple(replace(term, node=substituted(term.node, own)) for term in terms))
        case Product(factors):
            return replace(tree, factors=tuple(replace(each, node=substituted(each.node, own)) for each in factors))
        case Power(base, exponent):
            return replace(tree, base=substituted(base, own), exponent=substituted(exponent, own))
        case Call(_, arguments):
            return replace(tree, arguments=tuple(substituted(each, own) for each in arguments))
        case Series(_, index, first, last, body):
            inner = {name: node for name, node in own.items() if name != index}
            ends = {"first": substituted(first, own), "last": substituted(last, own)}
            return replace(tree, body=substituted(body, inner), **ends)
        case Moment(_, body):
            return replace(tree, body=substituted(body, own))
        case _:
            return tree
