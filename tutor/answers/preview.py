"""A tree drawn in two dimensions: stacked fractions, raised powers, sums with limits, every multiplication visible."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tutor.answers.normalise import GREEK, SUBSCRIPTS, SUPERSCRIPTS
from tutor.answers.printing import to_text
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
)

_RAISED = {plain: raised for raised, plain in SUPERSCRIPTS.items()}
_LOWERED = {plain: lowered for lowered, plain in SUBSCRIPTS.items()}


@dataclass(frozen=True, slots=True)
class Picture:
    """Lines of equal width; `baseline` is the line on which neighbours stand."""

    lines: tuple[str, ...]
    baseline: int = 0

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def width(self) -> int:
        """Characters of a line."""
        return len(self.lines[0]) if self.lines else 0


def beside(*pictures: Picture) -> Picture:
    """Pictures in a row, baselines level."""
    above = max(picture.baseline for picture in pictures)
    below = max(len(picture.lines) - picture.baseline for picture in pictures)
    rows = []
    for row in range(-above, below):
        pieces = []
        for picture in pictures:
            place = row + picture.baseline
            pieces.append(picture.lines[place] if 0 <= place < len(picture.lines) else " " * picture.width)
        rows.append("".join(pieces))
    return Picture(tuple(rows), above)


def stacked(upper: Picture, lower: Picture) -> Picture:
    """A fraction."""
    width = max(upper.width, lower.width) + 2
    lines = (*(line.center(width) for line in upper.lines), "─" * width, *(line.center(width) for line in lower.lines))
    return Picture(lines, len(upper.lines))


def fenced(inner: Picture, left: str, right: str) -> Picture:
    """Something between brackets as high as it is; left and right are the one-line sign or top, middle, bottom."""
    height = len(inner.lines)

    def side(signs: str) -> Picture:
        if height == 1 or len(signs) == 1:
            return Picture((signs[0],) * height, inner.baseline)
        return Picture((signs[1], *(signs[2] for _ in range(height - 2)), signs[3]), inner.baseline)

    return beside(side(left), inner, side(right))


def pretty(name: str) -> str:
    """A name as it is written on paper: beta1 -> β₁, W_in stays W_in."""
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d*)", name)
    if (match is not None and match[1] in GREEK) or (match is not None and match[2]):
        return GREEK.get(match[1], match[1]) + lowered(match[2])
    return name


def raised(text: str) -> str:
    """In superscript characters, or empty where one is missing."""
    return "".join(_RAISED.get(c, "") for c in text) if all(c in _RAISED for c in text) else ""


def lowered(text: str) -> str:
    """In subscript characters, or empty where one is missing."""
    return "".join(_LOWERED[c] for c in text) if all(c in _LOWERED for c in text) else ""


def _tight(tree: Node) -> str:
    return one_line(tree).replace(" ", "").replace("−", "-")


def one_line(tree: Node) -> str:
    """The tree on one line: n·K²·L."""
    if isinstance(tree, Number):
        return tree.text
    if isinstance(tree, Constant):
        return "π" if tree.name == "pi" else "e"
    if isinstance(tree, Symbol):
        return pretty(tree.name)
    if isinstance(tree, Element):
        inner = _tight(tree.index)
        low = lowered(inner)
        return pretty(tree.sequence) + (low or (f"_{inner}" if len(inner) == 1 else f"[{inner}]"))
    if isinstance(tree, Sum):
        out = ""
        for place, term in enumerate(tree.terms):
            sign = ("−" if term.negative else "") if not place else (" − " if term.negative else " + ")
            out += sign + _line(term.node, Sum)
        return out
    if isinstance(tree, Product):
        out = _line(tree.factors[0].node, Sum, Product)
        for factor in tree.factors[1:]:
            out += ("/" if factor.inverse else "·") + _line(factor.node, Sum, Product)
        return out
    if isinstance(tree, Power):
        base = _line(tree.base, Sum, Product, Power, Series)
        if base.startswith("√"):
            base = f"({base})"
        inner = _tight(tree.exponent)
        if up := raised(inner):
            return base + up
        simple = isinstance(tree.exponent, Number | Symbol | Constant)
        return f"{base}^{inner}" if simple else f"{base}^({inner})"
    if isinstance(tree, Call):
        inner = ", ".join(one_line(argument) for argument in tree.arguments)
        if tree.function == "sqrt":
            simple = isinstance(tree.arguments[0], Number | Symbol | Constant)
            return f"√{inner}" if simple else f"√({inner})"
        fences = {"floor": "⌊⌋", "ceil": "⌈⌉"}.get(tree.function)
        return f"{fences[0]}{inner}{fences[1]}" if fences else f"{tree.function}({inner})"
    if isinstance(tree, Series):
        sign = "Σ" if tree.kind == "sum" else "Π"
        return f"{sign}({tree.index}={one_line(tree.first)}..{one_line(tree.last)}, {one_line(tree.body)})"
    return f"{tree.kind}[{one_line(tree.body)}]"


def _line(tree: Node, *kinds: type) -> str:
    return f"({one_line(tree)})" if isinstance(tree, kinds) else one_line(tree)


def draw(tree: Node) -> Picture:
    """The tree in two dimensions; what would grow past reason is drawn on one line."""
    picture = _draw(tree, 0)
    return picture if len(picture.lines) <= 40 and picture.width <= 400 else Picture((to_text(tree),))


def _text(text: str) -> Picture:
    return Picture((text,))


def _round(tree: Node, depth: int, *kinds: type) -> Picture:
    picture = _draw(tree, depth)
    return fenced(picture, "(⎛⎜⎝", ")⎞⎟⎠") if isinstance(tree, kinds) else picture


def _draw(tree: Node, depth: int) -> Picture:
    if depth > 12 or isinstance(tree, Number | Constant | Symbol | Element):
        return _text(one_line(tree))
    depth += 1
    if isinstance(tree, Sum):
        pieces = []
        for place, term in enumerate(tree.terms):
            sign = ("−" if term.negative else "") if not place else (" − " if term.negative else " + ")
            pieces += [_text(sign), _round(term.node, depth, Sum)]
        return beside(*pieces)
    if isinstance(tree, Product):
        return _draw_product(tree.factors, depth)
    if isinstance(tree, Power):
        base = _round(tree.base, depth, Sum, Product, Power, Series)
        if isinstance(tree.base, Call) and tree.base.function == "sqrt":
            base = fenced(base, "(⎛⎜⎝", ")⎞⎟⎠")
        if up := raised(_tight(tree.exponent)):
            if base.baseline == 0:
                return beside(base, _text(up))
            return beside(base, Picture((up,), base.baseline))
        exponent = _draw(tree.exponent, depth)
        return beside(base, Picture(exponent.lines, base.baseline + len(exponent.lines)))
    if isinstance(tree, Call):
        inner = _draw(tree.arguments[0], depth)
        if tree.function == "sqrt":
            if len(inner.lines) == 1:
                return _text(one_line(tree))
            bar = Picture(("_" * inner.width, *inner.lines), inner.baseline + 1)
            height = len(bar.lines)
            sides = tuple(" " if row == 0 else "√" if row == height - 1 else "│" for row in range(height))
            return beside(Picture(sides, bar.baseline), bar)
        fences = {"floor": ("⌊⎢⎢⎣", "⌋⎥⎥⎦"), "ceil": ("⌈⎡⎢⎢", "⌉⎤⎥⎥"), "abs": ("|", "|")}.get(tree.function)
        if fences:
            return fenced(inner, *fences)
        for argument in tree.arguments[1:]:
            inner = beside(inner, _text(", "), _draw(argument, depth))
        return beside(_text(tree.function), fenced(inner, "(⎛⎜⎝", ")⎞⎟⎠"))
    if isinstance(tree, Series):
        high = one_line(tree.last)
        low = f"{tree.index}={one_line(tree.first)}"
        sign = "Σ" if tree.kind == "sum" else "Π"
        width = max(len(high), len(low), 1)
        limits = Picture((high.center(width), sign.center(width), low.center(width)), 1)
        return beside(limits, _text(" "), _round(tree.body, depth, Sum))
    if isinstance(tree, Moment):
        return beside(_text(tree.kind), fenced(_draw(tree.body, depth), "[⎡⎢⎣", "]⎤⎥⎦"))
    return _text(one_line(tree))


def _draw_product(factors: tuple[Factor, ...], depth: int) -> Picture:
    """From left to right: a division takes all that stood before it as its upper part."""
    picture: Picture | None = None
    for count, factor in enumerate(factors):
        if factor.inverse and picture is not None:
            # Alone over and under a line nothing needs brackets.
            upper = _draw(factors[0].node, depth) if count == 1 else picture
            picture = stacked(upper, _draw(factor.node, depth))
        else:
            piece = _round(factor.node, depth, Sum)
            picture = piece if picture is None else beside(picture, _text(" · "), piece)
    assert picture is not None
    return picture


def uses(tree: Node) -> tuple[str, ...]:
    """The free symbols in order of appearance, by their canonical names."""
    found: dict[str, None] = {}
    stack: list[tuple[Node, frozenset[str]]] = [(tree, frozenset())]
    while stack:
        node, bound = stack.pop()
        children: list[tuple[Node, frozenset[str]]] = []
        if isinstance(node, Symbol):
            if node.name not in bound:
                found[node.name] = None
        elif isinstance(node, Element):
            found[node.sequence] = None
            children = [(node.index, bound)]
        elif isinstance(node, Sum):
            children = [(term.node, bound) for term in node.terms]
        elif isinstance(node, Product):
            children = [(factor.node, bound) for factor in node.factors]
        elif isinstance(node, Power):
            children = [(node.base, bound), (node.exponent, bound)]
        elif isinstance(node, Call):
            children = [(argument, bound) for argument in node.arguments]
        elif isinstance(node, Series):
            children = [(node.first, bound), (node.last, bound), (node.body, bound | {node.index})]
        elif isinstance(node, Moment):
            children = [(node.body, bound)]
        stack.extend(reversed(children))
    return tuple(found)
