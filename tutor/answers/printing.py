"""A tree -> text that reads back to the same tree, in the answer language or in LaTeX."""

from __future__ import annotations

import re

from tutor.answers.normalise import GREEK
from tutor.answers.tree import (
    Call,
    Constant,
    Element,
    Moment,
    Node,
    Number,
    Power,
    Product,
    Series,
    Sum,
    Symbol,
)

_ATOMS = (Number, Constant, Symbol, Element, Call, Moment)


def to_text(tree: Node) -> str:
    """The tree in the answer language, every multiplication written."""
    if isinstance(tree, Number):
        return tree.text
    if isinstance(tree, Constant | Symbol):
        return tree.name
    if isinstance(tree, Element):
        return f"{tree.sequence}[{to_text(tree.index)}]"
    if isinstance(tree, Sum):
        out = ""
        for place, term in enumerate(tree.terms):
            sign = ("-" if term.negative else "") if not place else (" - " if term.negative else " + ")
            out += sign + _bracketed(term.node, Sum)
        return out
    if isinstance(tree, Product):
        out = _bracketed(tree.factors[0].node, Sum, Product)
        for factor in tree.factors[1:]:
            out += (" / " if factor.inverse else " * ") + _bracketed(factor.node, Sum, Product)
        return out
    if isinstance(tree, Power):
        exponent = to_text(tree.exponent)
        if not isinstance(tree.exponent, _ATOMS):
            exponent = f"({exponent})"
        return f"{_bracketed(tree.base, Sum, Product, Power, Series)}^{exponent}"
    if isinstance(tree, Call):
        return f"{tree.function}({', '.join(to_text(argument) for argument in tree.arguments)})"
    if isinstance(tree, Series):
        word = "sum" if tree.kind == "sum" else "prod"
        return f"{word}({tree.index}, {to_text(tree.first)}, {to_text(tree.last)}, {to_text(tree.body)})"
    return f"{tree.kind}[{to_text(tree.body)}]"


def _bracketed(tree: Node, *kinds: type) -> str:
    return f"({to_text(tree)})" if isinstance(tree, kinds) else to_text(tree)


def to_latex(tree: Node) -> str:
    """The tree in LaTeX, as a sheet would set it."""
    if isinstance(tree, Number):
        return tree.text
    if isinstance(tree, Constant):
        return r"\pi" if tree.name == "pi" else "e"
    if isinstance(tree, Symbol):
        return latex_name(tree.name)
    if isinstance(tree, Element):
        return f"{latex_name(tree.sequence)}_{{{to_latex(tree.index)}}}"
    if isinstance(tree, Sum):
        out = ""
        for place, term in enumerate(tree.terms):
            sign = ("-" if term.negative else "") if not place else (" - " if term.negative else " + ")
            out += sign + _parted(term.node, Sum)
        return out
    if isinstance(tree, Product):
        return _latex_product(tree)
    if isinstance(tree, Power):
        plain = isinstance(tree.base, Number | Constant | Symbol | Element)
        base = to_latex(tree.base) if plain else rf"\left({to_latex(tree.base)}\right)"
        return f"{base}^{{{to_latex(tree.exponent)}}}"
    if isinstance(tree, Call):
        return _latex_call(tree)
    if isinstance(tree, Series):
        word = r"\sum" if tree.kind == "sum" else r"\prod"
        low, high = to_latex(tree.first), to_latex(tree.last)
        return f"{word}_{{{tree.index}={low}}}^{{{high}}} {_parted(tree.body, Sum)}"
    kind = r"\mathbb{E}" if tree.kind == "E" else r"\operatorname{Var}"
    return rf"{kind}\left[{to_latex(tree.body)}\right]"


def latex_name(name: str) -> str:
    r"""beta1 -> \beta_{1}, W_in -> W_{\text{in}}."""
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d+)|([A-Za-z]+)_([A-Za-z]+)", name)
    if match is None:
        return f"\\{name} " if name in GREEK else name
    head, sub = match[1] or match[3], match[2] or rf"\text{{{match[4]}}}"
    return f"{chr(92) if head in GREEK else ''}{head}_{{{sub}}}"


def _parted(tree: Node, *kinds: type) -> str:
    return rf"\left({to_latex(tree)}\right)" if isinstance(tree, kinds) else to_latex(tree)


def is_fraction(tree: Node) -> bool:
    """Whether this is one thing over another."""
    return isinstance(tree, Product) and [factor.inverse for factor in tree.factors] == [False, True]


def _latex_product(tree: Product) -> str:
    if is_fraction(tree):
        return rf"\frac{{{to_latex(tree.factors[0].node)}}}{{{to_latex(tree.factors[1].node)}}}"
    out = ""
    for place, factor in enumerate(tree.factors):
        node = factor.node
        last = place == len(tree.factors) - 1
        if isinstance(node, Sum) or (isinstance(node, Product) and not is_fraction(node)):
            piece = _parted(node, Sum, Product)
        else:
            piece = _parted(node) if last else _parted(node, Series)
        out += (r" / " if factor.inverse else r" \cdot " if place else "") + piece
    return out


def _latex_call(tree: Call) -> str:
    inner = ", ".join(to_latex(argument) for argument in tree.arguments)
    if tree.function == "sqrt":
        return rf"\sqrt{{{inner}}}"
    if tree.function == "floor":
        return rf"\left\lfloor {inner} \right\rfloor"
    if tree.function == "ceil":
        return rf"\left\lceil {inner} \right\rceil"
    if tree.function in ("abs", "relu"):
        return rf"\operatorname{{{tree.function}}}\left({inner}\right)"
    return rf"\{tree.function}\left({inner}\right)"
