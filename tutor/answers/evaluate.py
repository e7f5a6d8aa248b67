"""The value of a tree at a point: exact with integers and fractions, floating point where a value is irrational.

A tree is compiled once into closures, so that evaluating it at many points costs little. Work is paid for before it is
done: a sum states its number of terms, a power the size of its result, and whoever cannot pay gets TooMuchWork. Every
other failure is Undefined; no other exception leaves, and no complex number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from tutor.answers.errors import TooMuchWork, Undefined
from tutor.answers.tree import Call, Constant, Element, Moment, Node, Number, Power, Product, Series, Sum, Symbol

Value: TypeAlias = int | Fraction | float
Point: TypeAlias = Mapping[str, Any]
"""A symbol's value (int, Fraction or float), a sequence's as a tuple: first index 1, or 0 for a FromZero."""

MOST_BITS = 4096
"""An exact number larger than this is not computed."""
POINT_WORK = 3000
"""Operations (roughly) that one value may cost."""
SMALL_BITS = 256
"""Numbers up to this size cost one operation; larger ones in proportion."""


class FromZero(tuple):
    """The elements of a sequence whose first index is 0."""

    __slots__ = ()


class Work:
    """What may still be spent. `spend` refuses before the work is done."""

    __slots__ = ("left", "refused")

    def __init__(self, left: int = POINT_WORK) -> None:
        self.left = left
        self.refused = False

    def spend(self, units: int) -> None:
        """Take `units`, or raise TooMuchWork."""
        if units > self.left:
            self.refused = True
            raise TooMuchWork("this would take too long to compute")
        self.left -= units


Compiled: TypeAlias = Callable[[Any, Work], Any]


def evaluate(tree: Node, point: Point, work: Work | None = None) -> Value:
    """The value of the tree: int or Fraction where it is rational (and found to be), else float."""
    return run(compiled(tree), point, Work() if work is None else work)


def evaluate_mp(tree: Node, point: Point, digits: int = 50) -> Any:
    """The value with `digits` digits where it is irrational (an mpf), exact otherwise; mpmath is imported here only."""
    from tutor.answers.precise import evaluate_precisely

    return evaluate_precisely(tree, point, digits)


def run(function: Compiled, point: Point, work: Work) -> Value:
    """Call a compiled tree and turn arithmetic's own exceptions into ours."""
    try:
        value = function(point, work)
    except (ZeroDivisionError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Undefined(str(error)) from None
    except (OverflowError, RecursionError, MemoryError) as error:
        raise TooMuchWork(str(error)) from None
    if type(value) is float:
        if not math.isfinite(value):
            raise TooMuchWork("the value is too large for floating point")
        return value
    if type(value) is Fraction:
        return value.numerator if value.denominator == 1 else value
    if type(value) is int:
        return value
    raise Undefined("a sequence needs an index")


_MOST_COMPILED = 512
_compiled: dict[int, tuple[Node, Compiled]] = {}


def compiled(tree: Node) -> Compiled:
    """The tree as a function of a point and the work it may spend.

    Kept by identity, not by value: to look a long answer up by value is to hash it whole each time, which took longer
    than to evaluate it.
    """
    kept = _compiled.get(id(tree))
    if kept is not None and kept[0] is tree:
        return kept[1]
    function = _compile(tree)
    if len(_compiled) >= _MOST_COMPILED:
        _compiled.clear()
    _compiled[id(tree)] = (tree, function)
    return function


def as_integer(value: Any) -> int:
    """A bound, an index: an integer, however it was computed."""
    if type(value) is int:
        return value
    if type(value) is Fraction:
        if value.denominator == 1:
            return value.numerator
    elif type(value) is float and math.isfinite(value):
        nearest = round(value)
        if abs(value - nearest) <= 1e-9 * max(1.0, abs(value)):
            return nearest
    raise Undefined("an index or a bound is not a whole number")


def check_size(value: Any, work: Work) -> None:
    """Charge for a large number, refuse a huge one, and refuse an infinite one."""
    kind = type(value)
    if kind is int:
        bits = value.bit_length()
    elif kind is Fraction:
        bits = value.numerator.bit_length() + value.denominator.bit_length()
    elif kind is float:
        if value - value != 0.0:
            raise TooMuchWork("the value is too large for floating point")
        return
    else:
        raise Undefined("a sequence needs an index")
    if bits > SMALL_BITS:
        if bits > MOST_BITS:
            raise TooMuchWork("a number here is too large")
        work.spend(bits >> 6)


def divide(left: Any, right: Any) -> Any:
    """left / right, exact where both are."""
    if type(left) is int and type(right) is int:
        quotient, rest = divmod(left, right)
        return Fraction(left, right) if rest else quotient
    return left / right


def exact_root(value: Any) -> Any:
    """The square root of an exact number where it is rational, else None."""
    if type(value) is int:
        root = math.isqrt(value)
        return root if root * root == value else None
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        return Fraction(top, bottom)
    return None


def exact_power(base: Any, exponent: int, work: Work) -> Any:
    """base ** exponent of exact numbers, its size known before."""
    if exponent == 0:
        return 1
    if base == 0:
        if exponent < 0:
            raise Undefined("division by zero")
        return 0
    if base == 1:
        return 1
    if base == -1:
        return -1 if exponent % 2 else 1
    count = abs(exponent)
    bits = base.bit_length() if type(base) is int else base.numerator.bit_length() + base.denominator.bit_length()
    if count > MOST_BITS or bits * count > MOST_BITS:
        raise TooMuchWork("a power here is too large")
    work.spend(1 + (bits * count >> 6))
    if type(base) is int:
        power = base**count
        return power if exponent > 0 else Fraction(1, power)
    return base**exponent


def power(base: Any, exponent: Any, work: Work) -> Any:
    """base ** exponent among the reals; 0^0 is 1, a negative base has whole exponents only."""
    if type(exponent) is Fraction and exponent.denominator == 1:
        exponent = exponent.numerator
    if type(exponent) is int:
        if type(base) is float:
            if base == 0.0 and exponent < 0:
                raise Undefined("division by zero")
            return base**exponent
        return exact_power(base, exponent, work)
    if base < 0:
        if type(exponent) is float and abs(exponent) < 1e6 and abs(exponent - round(exponent)) < 1e-12:
            return float(base) ** round(exponent)
        raise Undefined("a power of a negative number")
    if base == 0:
        if exponent > 0:
            return 0
        raise Undefined("division by zero")
    if type(exponent) is Fraction and exponent.denominator == 2 and type(base) is not float:
        root = exact_root(base)
        if root is not None:
            return exact_power(root, exponent.numerator, work)
    return float(base) ** float(exponent)


def _sqrt(value: Any) -> Any:
    if type(value) is float:
        if value < 0.0:
            if value > -1e-12:  # rounding below a zero; a doubtful point is taken again at 50 digits
                return 0.0
            raise Undefined("the root of a negative number")
        return math.sqrt(value)
    if value < 0:
        raise Undefined("the root of a negative number")
    root = exact_root(value)
    return math.sqrt(value) if root is None else root


def _exp(value: Any) -> Any:
    return 1 if value == 0 else math.exp(value)


def _log(value: Any) -> Any:
    if value <= 0:
        raise Undefined("the logarithm of a number that is not positive")
    if value == 1:
        return 0
    if type(value) is Fraction:
        return math.log(value.numerator) - math.log(value.denominator)
    return math.log(value)


def _floor(value: Any) -> Any:
    if type(value) is float:
        nearest = round(value)  # 2.9999999999999996 is 3 that went through a root
        return nearest if abs(value - nearest) <= 1e-9 * max(1.0, abs(value)) else math.floor(value)
    return math.floor(value)


def _ceil(value: Any) -> Any:
    return -_floor(-value)


def _relu(value: Any) -> Any:
    return value if value > 0 else 0


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sqrt": _sqrt,
    "exp": _exp,
    "log": _log,
    "abs": abs,
    "floor": _floor,
    "ceil": _ceil,
    "relu": _relu,
}


def _compile(node: Node) -> Compiled:
    match node:
        case Number(value):
            number = value.numerator if value.denominator == 1 else value
            if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
                return _too_large
            return lambda point, work: number
        case Constant(name):
            constant = math.pi if name == "pi" else math.e
            return lambda point, work: constant
        case Symbol(name):
            return lambda point, work: point[name]
        case Element(sequence, index):
            return _element(sequence, _compile(index))
        case Sum():
            return _sum(node)
        case Product():
            return _product(node)
        case Power(base, exponent):
            return _power(_compile(base), _compile(exponent))
        case Call(name, arguments):
            return _call(name, tuple(_compile(argument) for argument in arguments))
        case Series():
            return _series(node)
        case Moment():
            return _moment


def _too_large(point: Any, work: Work) -> Any:
    raise TooMuchWork("a number here is too large")


def _moment(point: Any, work: Work) -> Any:
    raise Undefined("an expectation has no value at a point")


def _element(sequence: str, index: Compiled) -> Compiled:
    def element(point: Any, work: Work) -> Any:
        elements = point[sequence]
        place = as_integer(index(point, work))
        if type(elements) is not FromZero:
            place -= 1
        if not 0 <= place < len(elements):
            raise Undefined(f"an index of {sequence} is outside the sequence")
        return elements[place]

    return element


def _power(base: Compiled, exponent: Compiled) -> Compiled:
    return lambda point, work: power(base(point, work), exponent(point, work), work)


def _call(name: str, arguments: tuple[Compiled, ...]) -> Compiled:
    if name in ("min", "max"):
        choose: Callable[..., Any] = min if name == "min" else max
        return lambda point, work: choose([argument(point, work) for argument in arguments])
    function = FUNCTIONS[name]
    if len(arguments) != 1:
        return lambda point, work: function()  # type: ignore[call-arg]  # a TypeError, so Undefined
    argument = arguments[0]
    return lambda point, work: function(argument(point, work))


def _sum(node: Sum) -> Compiled:
    terms = tuple((_compile(term.node), term.negative) for term in node.terms)

    def total(point: Any, work: Work) -> Any:
        value: Any = 0
        for term, negative in terms:
            value = value - term(point, work) if negative else value + term(point, work)
        check_size(value, work)
        return value

    return total


def _product(node: Product) -> Compiled:
    factors = tuple((_compile(factor.node), factor.inverse) for factor in node.factors)

    def product(point: Any, work: Work) -> Any:
        value: Any = 1
        for factor, inverse in factors:
            other = factor(point, work)
            value = divide(value, other) if inverse else value * other
            check_size(value, work)
        return value

    return product


def _series(node: Series) -> Compiled:
    first, last, body = _compile(node.first), _compile(node.last), _compile(node.body)
    name, adding, cost = node.index, node.kind == "sum", 1 + size(node.body)

    def series(point: Any, work: Work) -> Any:
        start, stop = as_integer(first(point, work)), as_integer(last(point, work))
        value: Any = 0 if adding else 1
        if stop < start:
            return value
        work.spend((stop - start + 1) * cost)
        inner = dict(point)
        for index in range(start, stop + 1):
            inner[name] = index
            value = value + body(inner, work) if adding else value * body(inner, work)
            check_size(value, work)
        return value

    return series


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside."""
    match node:
        case Element(_, index):
            return (index,)
        case Sum(terms):
            return tuple(term.node for term in terms)
        case Product(factors):
            return tuple(factor.node for factor in factors)
        case Power(base, exponent):
            return (base, exponent)
        case Call(_, arguments):
            return arguments
        case Series(_, _, first, last, body):
            return (first, last, body)
        case Moment(_, body):
            return (body,)
        case _:
            return ()


def size(node: Node) -> int:
    """How many nodes the tree has."""
    return 1 + sum(size(child) for child in children(node))


def free_names(node: Node) -> frozenset[str]:
    """The symbols and sequences the tree speaks of, the indices of its own series aside."""
    match node:
        case Symbol(name):
            return frozenset((name,))
        case Element(sequence, index):
            return free_names(index) | {sequence}
        case Series(_, name, first, last, body):
            return free_names(first) | free_names(last) | (free_names(body) - {name})
        case _:
            return frozenset().union(*(free_names(child) for child in children(node)))
