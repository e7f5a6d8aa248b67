"""Evaluation with many digits, for the points where floating point leaves a doubt.

Rational values stay exact here too; only what is irrational becomes an mpf. The context is our own, so that nothing
depends on mpmath's global precision and threads do not disturb each other.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tutor.answers import evaluate as exact
from tutor.answers.errors import TooMuchWork, Undefined
from tutor.answers.tree import Call, Constant, Element, Moment, Node, Number, Power, Product, Series, Sum, Symbol

LARGEST_EXPONENT = 10**6
"""exp and powers of irrational numbers go no further: beyond, the digits of the exponent alone would fill memory."""

COSTLY = 6
"""What a root, a logarithm or a power costs, in operations."""


@lru_cache(maxsize=4)
def context(digits: int) -> Any:
    """An mpmath context of so many digits."""
    from mpmath.ctx_mp import MPContext

    made = MPContext()
    made.dps = digits
    return made


def evaluate_precisely(tree: Node, point: exact.Point, digits: int = 50, work: exact.Work | None = None) -> Any:
    """int or Fraction where the value is rational, else an mpf of `digits` digits."""
    try:
        value = _Precise(context(digits), digits, exact.Work() if work is None else work).value(tree, point)
    except (ZeroDivisionError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Undefined(str(error)) from None
    except (OverflowError, RecursionError, MemoryError) as error:
        raise TooMuchWork(str(error)) from None
    if isinstance(value, tuple):
        raise Undefined("a sequence needs an index")
    return value


class _Precise:
    """One evaluation: its context, and what it may still spend."""

    def __init__(self, mp: Any, digits: int, work: exact.Work) -> None:
        self.mp = mp
        self.work = work
        self.nothing = mp.mpf(10) ** (15 - digits)

    def number(self, value: Any) -> Any:
        """Any value as an mpf."""
        if type(value) is Fraction:
            return self.mp.mpf(value.numerator) / value.denominator
        return self.mp.mpf(value)

    def both(self, left: Any, right: Any) -> tuple[Any, Any, bool]:
        """The two values as they can be combined, and whether they are exact."""
        if isinstance(left, int | Fraction) and isinstance(right, int | Fraction):
            return left, right, True
        return self.number(left), self.number(right), False

    def value(self, node: Node, point: Any) -> Any:
        self.work.spend(1)
        match node:
            case Number(value):
                return self.checked(value)
            case Constant(name):
                return +self.mp.pi if name == "pi" else +self.mp.e
            case Symbol(name):
                if isinstance(point[name], tuple):
                    raise Undefined("a sequence needs an index")
                return point[name]
            case Element(sequence, index):
                elements, place = point[sequence], self.integer(self.value(index, point))
                place -= 0 if type(elements) is exact.FromZero else 1
                if not 0 <= place < len(elements):
                    raise Undefined(f"an index of {sequence} is outside the sequence")
                return elements[place]
            case Sum(terms):
                total: Any = 0
                for term in terms:
                    left, right, _ = self.both(total, self.value(term.node, point))
                    total = left - right if term.negative else left + right
                return self.checked(total)
            case Product(factors):
                product: Any = 1
                for factor in factors:
                    left, right, rational = self.both(product, self.value(factor.node, point))
                    if factor.inverse:
                        product = exact.divide(left, right) if rational else left / right
                    else:
                        product = left * right
                    self.checked(product)
                return product
            case Power(base, exponent):
                return self.power(self.value(base, point), self.value(exponent, point))
            case Call(name, arguments):
                return self.call(name, [self.value(argument, point) for argument in arguments])
            case Series():
                return self.series(node, point)
            case Moment():
                raise Undefined("an expectation has no value at a point")

    def checked(self, value: Any) -> Any:
        if isinstance(value, int | Fraction):
            exact.check_size(value, self.work)
        return value

    def integer(self, value: Any) -> int:
        if isinstance(value, int | Fraction | float):
            return exact.as_integer(value)
        nearest = self.nearest(value)
        if nearest is None:
            raise Undefined("an index or a bound is not a whole number")
        return nearest

    def nearest(self, value: Any) -> int | None:
        """The integer the value is, up to the digits held; None where it is none."""
        if abs(value) > 10**12:
            raise TooMuchWork("a number here is too large")
        rounded = int(self.mp.nint(value))
        return rounded if abs(value - rounded) <= self.nothing else None

    def power(self, base: Any, exponent: Any) -> Any:
        self.work.spend(COSTLY)
        rational = isinstance(base, int | Fraction)
        if isinstance(exponent, int | Fraction):
            if exponent.denominator == 1:
                if rational:
                    return exact.exact_power(base, exponent.numerator, self.work)
                if abs(exponent) > LARGEST_EXPONENT:
                    raise TooMuchWork("a power here is too large")
                return base ** int(exponent)
            if rational and exponent.denominator == 2 and base >= 0:
                root = exact.exact_root(base)
                if root is not None:
                    return exact.exact_power(root, exponent.numerator, self.work)
        elif (whole := self.nearest(exponent)) is not None and not rational:
            return base**whole
        left, right = self.number(base), self.number(exponent)
        if left < 0:
            raise Undefined("a power of a negative number")
        if left == 0:
            if right > 0:
                return 0
            raise Undefined("division by zero")
        return self.exponential(right * self.mp.log(left))

    def exponential(self, value: Any) -> Any:
        if abs(value) > LARGEST_EXPONENT:
            raise TooMuchWork("an exponential here is too large")
        return self.mp.exp(value)

    def call(self, name: str, values: list[Any]) -> Any:
        if name in ("min", "max"):
            chosen = values[0]
            for other in values[1:]:
                left, right, _ = self.both(chosen, other)
                if (right < left) == (name == "min") and right != left:
                    chosen = other
            return chosen
        (value,) = values
        self.work.spend(COSTLY)
        rational = isinstance(value, int | Fraction)
        if name == "abs":
            return abs(value)
        if name == "relu":
            return value if value > 0 else 0
        if name in ("floor", "ceil"):
            if not rational:
                nearest = self.nearest(value)
                if nearest is not None:
                    return nearest
                return int(self.mp.floor(value) if name == "floor" else self.mp.ceil(value))
            return math.floor(value) if name == "floor" else math.ceil(value)
        if name == "exp":
            return 1 if value == 0 else self.exponential(self.number(value))
        if name == "log":
            if value <= 0:
                raise Undefined("the logarithm of a number that is not positive")
            return 0 if value == 1 else self.mp.log(self.number(value))
        if value < 0:
            if not rational and value > -self.nothing:
                return 0
            raise Undefined("the root of a negative number")
        if rational:
            root = exact.exact_root(value)
            if root is not None:
                return root
        return self.mp.sqrt(self.number(value))

    def series(self, node: Series, point: Any) -> Any:
        start, stop = self.integer(self.value(node.first, point)), self.integer(self.value(node.last, point))
        total: Any = 0 if node.kind == "sum" else 1
        if stop < start:
            return total
        if stop - start >= self.work.left:
            self.work.spend(self.work.left + 1)
        inner = dict(point)
        for index in range(start, stop + 1):
            inner[node.index] = index
            left, right, _ = self.both(total, self.value(node.body, inner))
            total = self.checked(left + right if node.kind == "sum" else left * right)
        return total
