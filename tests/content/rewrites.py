"""Formulas rewritten by laws of algebra, and changed a little: for tests that judge thousands of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from random import Random

from tutor.answers.printing import to_latex, to_text
from tutor.answers.tree import (
    Call,
    Element,
    Factor,
    Node,
    Number,
    Power,
    Product,
    Series,
    Sum,
    Symbol,
    Term,
)

SPELLINGS = (
    (" * ", "·", "*", " ⋅ ", "×"),
    ("^", "**"),
    ("sigma", "σ", "\\sigma"),
    ("eta", "η", "\\eta "),
    ("beta", "β", "\\beta "),
    ("beta1", "β1", "β₁", "\\beta_1 ", "beta_1"),
    ("beta2", "β2", "β₂", "\\beta_{2}"),
    ("W_in", "W_{in}", "Win", "W_{\\text{in}}"),
    ("W_out", "W_{out}", "Wout"),
)


def number(value: int | Fraction, text: str = "") -> Number:
    return Number(Fraction(value), text or str(value))


def product(*nodes: Node) -> Product:
    return Product(tuple(Factor(node) for node in nodes))


def over(top: Node, bottom: Node) -> Product:
    return Product((Factor(top), Factor(bottom, inverse=True)))


# ------------------------------------------------------------------ equal rewrites


def commuted(node: Node, random: Random) -> Node | None:
    if isinstance(node, Sum):
        return replace(node, terms=tuple(random.sample(node.terms, len(node.terms))))
    if isinstance(node, Product):
        factors = random.sample(node.factors, len(node.factors))
        return Product(tuple(factors)) if not factors[0].inverse else Product((Factor(number(1)), *factors))
    return None


def distributed(node: Node, random: Random) -> Node | None:
    if not isinstance(node, Product):
        return None
    for at, factor in enumerate(node.factors):
        if isinstance(factor.node, Sum) and not factor.inverse:
            rest = node.factors[:at] + node.factors[at + 1 :]
            return Sum(tuple(Term(Product((Factor(term.node), *rest)), term.negative) for term in factor.node.terms))
    return None


def factored_out(node: Node, random: Random) -> Node | None:
    if not isinstance(node, Sum):
        return None
    common = number(random.randint(2, 9))
    return product(common, Sum(tuple(Term(over(term.node, common), term.negative) for term in node.terms)))


def padded(node: Node, random: Random) -> Node | None:
    extra = number(random.randint(1, 9))
    choice = random.randrange(4)
    if choice == 0:
        return Sum((Term(node), Term(extra), Term(extra, negative=True)))
    if choice == 1:
        return over(product(extra, node), extra)
    if choice == 2:
        return Sum((Term(Sum((Term(node, negative=True),)), negative=True),))
    half = over(node, number(2))
    return Sum((Term(half), Term(half)))


def unpowered(node: Node, random: Random) -> Node | None:
    if isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value == 2:
        return product(node.base, node.base)
    if isinstance(node, Power):
        one = number(1)
        less = Sum((Term(node.exponent), Term(one, negative=True)))
        return product(node.base, Power(node.base, less)) if not isinstance(node.exponent, Number) else None
    if isinstance(node, Call) and node.function == "sqrt":
        return Power(node.arguments[0], over(number(1), number(2)))
    return None


REWRITES = (commuted, commuted, distributed, factored_out, padded, unpowered)


def places(node: Node) -> Iterator[tuple[int, ...]]:
    """Every place in a tree, as the way to it; indices and bounds of series left alone."""
    yield ()
    for at, child in enumerate(inner(node)):
        for way in places(child):
            yield (at, *way)


def inner(node: Node) -> tuple[Node, ...]:
    match node:
        case Sum(terms):
            return tuple(term.node for term in terms)
        case Product(factors):
            return tuple(factor.node for factor in factors)
        case Power(base, exponent):
            return (base, exponent)
        case Call(_, arguments):
            return arguments
        case Series(body=body):
            return (body,)
        case _:
            return ()


def at(node: Node, way: tuple[int, ...]) -> Node:
    return at(inner(node)[way[0]], way[1:]) if way else node


def put(node: Node, way: tuple[int, ...], new: Node) -> Node:
    if not way:
        return new
    here, rest = way[0], way[1:]
    child = put(inner(node)[here], rest, new)
    match node:
        case Sum(terms):
            return replace(node, terms=(*terms[:here], replace(terms[here], node=child), *terms[here + 1 :]))
        case Product(factors):
            return replace(node, factors=(*factors[:here], replace(factors[here], node=child), *factors[here + 1 :]))
        case Power():
            return replace(node, base=child) if here == 0 else replace(node, exponent=child)
        case Call(_, arguments):
            return replace(node, arguments=(*arguments[:here], child, *arguments[here + 1 :]))
        case Series():
            return replace(node, body=child)
        case _:
            return node


def rewritten(tree: Node, random: Random) -> Node:
    """An equal formula, one to four laws away."""
    left = random.randint(1, 4)
    while left:
        way = random.choice(list(places(tree)))
        old = at(tree, way)
        new = random.choice(REWRITES)(old, random)
        if new is not None and new != old:
            tree, left = put(tree, way, new), left - 1
    return tree


def written(tree: Node, random: Random) -> str:
    """The formula as someone might type it: plain, in LaTeX, or with other spellings."""
    if random.random() < 0.3:
        return to_latex(tree)
    text = to_text(tree)
    if random.random() < 0.5:
        for first, *others in SPELLINGS:
            if random.random() < 0.5:
                # A name as a whole: the eta of beta is not one.
                whole = rf"(?<![A-Za-z\\]){re.escape(first)}(?![A-Za-z0-9])" if first[0].isalpha() else re.escape(first)
                other = random.choice(others)
                text = re.sub(whole, lambda match, other=other: other, text)
    return text


# ------------------------------------------------------------------ small changes


def another_constant(node: Node, random: Random) -> Node | None:
    if isinstance(node, Number):
        return number(node.value + random.choice((-1, 1, 2)))
    return None


def another_sign(node: Node, random: Random) -> Node | None:
    if isinstance(node, Sum):
        here = random.randrange(len(node.terms))
        terms = list(node.terms)
        terms[here] = replace(terms[here], negative=not terms[here].negative)
        return Sum(tuple(terms))
    return Sum((Term(node, negative=True),))


def another_exponent(node: Node, random: Random) -> Node | None:
    if isinstance(node, Power):
        step = Term(number(1), random.random() < 0.5)
        return Power(node.base, Sum((Term(node.exponent), step)))
    return Power(node, number(2)) if isinstance(node, Symbol | Element) else None


def another_index(node: Node, random: Random) -> Node | None:
    if isinstance(node, Element):
        return replace(node, index=Sum((Term(node.index), Term(number(1), random.random() < 0.5))))
    if isinstance(node, Series):
        step = Term(number(1), random.random() < 0.5)
        if random.random() < 0.5:
            return replace(node, last=Sum((Term(node.last), step)))
        return replace(node, first=Sum((Term(node.first), step)))
    return None


def dropped(node: Node, random: Random) -> Node | None:
    if isinstance(node, Product) and len(node.factors) > 1:
        here = random.randrange(len(node.factors))
        rest = node.factors[:here] + node.factors[here + 1 :]
        return Product(rest) if not rest[0].inverse else Product((Factor(number(1)), *rest))
    if isinstance(node, Sum) and len(node.terms) > 1:
        here = random.randrange(len(node.terms))
        return Sum(node.terms[:here] + node.terms[here + 1 :])
    return None


def a_little_more(node: Node, random: Random) -> Node | None:
    digits = random.choice((3, 6, 9, 12))
    return product(number(1 + Fraction(1, 10**digits), "1." + "0" * (digits - 1) + "1"), node)


CHANGES = (another_constant, another_sign, another_exponent, another_index, dropped, a_little_more)


def changed(tree: Node, random: Random) -> Node | None:
    """The formula with one small change; None where the change drawn does not fit the place drawn."""
    way = random.choice(list(places(tree)))
    new = random.choice(CHANGES)(at(tree, way), random)
    return None if new is None else put(tree, way, new)
