"""Expected values and variances, worked out exactly at a point.

An expression in random variables becomes a polynomial in independent ones: the elements of the declared sequences, a
standard normal z_i together with its relu. Its expected value follows term by term, because the elements are
independent. Coefficients are exact; only odd moments of a relu bring in a root of pi, and with it floating point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias

from tutor.answers.errors import TooMuchWork, Undefined
from tutor.answers.evaluate import FUNCTIONS, Point, Value, Work, as_integer, check_size, divide, free_names, power
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
from tutor.answers.vocabulary import SymbolSpec, Vocabulary

Variable: TypeAlias = tuple[str, int]
Monomial: TypeAlias = tuple[tuple[Variable, int], ...]
Polynomial: TypeAlias = dict[Monomial, Any]

RELU = "relu "
"""The relu of z_i is the variable ("relu z", i)."""
MOST_DEGREE = 12
MOMENT_WORK = 8000
"""What working out one expression at one point may cost."""


class Random(Undefined):
    """A value that is random where a number is wanted; `names` are the variables left outside E and Var."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__("a random variable stands outside E[...] and Var[...]")
        self.names = names


def random_names(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The declared random variables, and the output built of them."""
    named = tuple(spec.name for spec in vocabulary.symbols if spec.distribution is not None)
    return named + tuple(definitions(vocabulary))


def definitions(vocabulary: Vocabulary) -> dict[str, Node]:
    """What `y` stands for: the sum of all w_i x_i, where both are declared with one length."""
    specs = {spec.name: spec for spec in vocabulary.symbols}
    y, w, x = (specs.get(name) for name in "ywx")
    if y is None or w is None or x is None or y.distribution or y.length or w.length is None or w.length != x.length:
        return {}
    index = Symbol("i")
    body = Product((Factor(Element("w", index)), Factor(Element("x", index))))
    return {"y": Series("sum", "i", Number(Fraction(1), "1"), Symbol(w.length), body)}


def without_random(vocabulary: Vocabulary, most: int = 3) -> Vocabulary:
    """The symbols that are plain numbers, integers kept small: what a derivation is tried at."""
    names = set(random_names(vocabulary))
    kept = []
    for spec in vocabulary.symbols:
        if spec.name not in names:
            whole = spec.domain in ("positive integer", "non-negative integer")
            kept.append(replace(spec, most=min(spec.most or most, most)) if whole else spec)
    known = {spec.name for spec in kept}
    constraints = tuple(c for c in vocabulary.constraints if free_names(c.left) | free_names(c.right) <= known)
    return Vocabulary(tuple(kept), constraints)


def value_of(tree: Node, point: Point, vocabulary: Vocabulary, work: Work | None = None) -> Value:
    """The number an expression with E[...] and Var[...] comes to. Raises Random where it comes to none."""
    worker = Moments(point, vocabulary, Work(MOMENT_WORK) if work is None else work)
    try:
        polynomial = worker.polynomial(tree, {})
        return worker.number(polynomial)
    except (ZeroDivisionError, KeyError, TypeError, ValueError) as error:
        raise Undefined(str(error)) from None
    except (OverflowError, RecursionError, MemoryError) as error:
        raise TooMuchWork(str(error)) from None


class Moments:
    """Works expressions out at one point."""

    def __init__(self, point: Point, vocabulary: Vocabulary, work: Work) -> None:
        self.point = point
        self.work = work
        self.random: dict[str, SymbolSpec] = {s.name: s for s in vocabulary.symbols if s.distribution is not None}
        self.definitions = definitions(vocabulary)
        self.normal = next((n for n, s in self.random.items() if s.distribution == "standard normal"), "z")

    def number(self, polynomial: Polynomial) -> Value:
        """The polynomial as a number."""
        if not polynomial:
            return 0
        if set(polynomial) != {()}:
            names = {self._declared(name) for monomial in polynomial for (name, _), _ in monomial}
            raise Random(tuple(sorted(names)))
        value = polynomial[()]
        if isinstance(value, float) and not math.isfinite(value):
            raise TooMuchWork("the value is too large")
        return value

    def _declared(self, name: str) -> str:
        """The name a variable was declared under: x for the relu of z."""
        if not name.startswith(RELU):
            return name
        rectified = (n for n, spec in self.random.items() if spec.distribution == "relu of z")
        return next(rectified, name.removeprefix(RELU))

    def polynomial(self, node: Node, bound: Mapping[str, int]) -> Polynomial:
        """The expression as a polynomial in independent random variables."""
        self.work.spend(1)
        match node:
            case Number(value):
                return _constant(value)
            case Constant(name):
                return _constant(math.pi if name == "pi" else math.e)
            case Symbol(name):
                return self._symbol(name, bound)
            case Element(sequence, index):
                return self._element(sequence, as_integer(self._scalar(index, bound)))
            case Sum(terms):
                total: Polynomial = {}
                for term in terms:
                    total = self._add(total, self.polynomial(term.node, bound), -1 if term.negative else 1)
                return total
            case Product(factors):
                product = _constant(1)
                for factor in factors:
                    other = self.polynomial(factor.node, bound)
                    if factor.inverse:
                        divisor = self.number(other)
                        other = _constant(divide(1, divisor) if not isinstance(divisor, float) else 1 / divisor)
                    product = self._multiply(product, other)
                return product
            case Power(base, exponent):
                return self._power(self.polynomial(base, bound), self._scalar(exponent, bound))
            case Call(name, arguments):
                return self._call(name, [self.polynomial(argument, bound) for argument in arguments])
            case Series():
                return self._series(node, bound)
            case Moment(kind, body):
                inner = self.polynomial(body, bound)
                mean = self.expected(inner)
                if kind == "E":
                    return _constant(mean)
                return _constant(self.expected(self._multiply(inner, inner)) - mean * mean)

    def expected(self, polynomial: Polynomial) -> Any:
        """The expected value: a product of moments for each term, the variables being independent."""
        total: Any = 0
        for monomial, coefficient in polynomial.items():
            moments = [self._moment(name, exponent) for (name, _), exponent in monomial]
            if 0 not in moments:  # a zero beside an irrational moment is still exactly zero
                total = total + math.prod(moments, start=coefficient)
        return total

    def _moment(self, name: str, exponent: int) -> Any:
        """E of a power of one variable."""
        if name.startswith(RELU):  # half of E|z|^n
            if exponent % 2 == 0:
                return Fraction(_odd_factorial(exponent - 1), 2)
            half = (exponent - 1) // 2
            return 2**half * math.factorial(half) / math.sqrt(2 * math.pi)
        if exponent % 2:
            return 0
        moment = _odd_factorial(exponent - 1)
        if self.random[name].distribution == "normal with standard deviation sigma":
            return moment * power(self.point["sigma"], exponent, self.work)
        return moment

    def _scalar(self, node: Node, bound: Mapping[str, int]) -> Value:
        return self.number(self.polynomial(node, bound))

    def _symbol(self, name: str, bound: Mapping[str, int]) -> Polynomial:
        if name in bound:
            return _constant(bound[name])
        if name in self.definitions:
            return self.polynomial(self.definitions[name], {})
        if name in self.random:
            return self._variable(name, 0)  # z for any one of the z_i
        if name not in self.point:
            return _constant(1)  # the i of x_i outside every sum: any element will do, all are alike
        return _constant(self.point[name])

    def _element(self, sequence: str, index: int) -> Polynomial:
        if sequence not in self.random:
            elements = self.point[sequence]
            if not 1 <= index <= len(elements):
                raise Undefined(f"an index of {sequence} is outside the sequence")
            return _constant(elements[index - 1])
        length = self.random[sequence].length
        if length is not None and not 1 <= index <= self.point[length]:
            raise Undefined(f"an index of {sequence} is outside the sequence")
        return self._variable(sequence, index)

    def _variable(self, name: str, index: int) -> Polynomial:
        if self.random[name].distribution == "relu of z":
            name = RELU + self.normal
        return {(((name, index), 1),): 1}

    def _add(self, left: Polynomial, right: Polynomial, sign: int = 1) -> Polynomial:
        self.work.spend(len(left) + len(right))
        total = dict(left)
        for monomial, coefficient in right.items():
            value = total.get(monomial, 0) + sign * coefficient
            check_size(value, self.work)
            if value == 0:
                total.pop(monomial, None)
            else:
                total[monomial] = value
        return total

    def _multiply(self, left: Polynomial, right: Polynomial) -> Polynomial:
        self.work.spend(len(left) * len(right) * 4 + 1)
        total: Polynomial = {}
        for one, first in left.items():
            for two, second in right.items():
                monomial = self._joined(one, two)
                value = total.get(monomial, 0) + first * second
                check_size(value, self.work)
                total[monomial] = value
        return {monomial: value for monomial, value in total.items() if value != 0}

    def _joined(self, one: Monomial, two: Monomial) -> Monomial:
        if not one or not two:
            return one or two
        exponents = dict(one)
        for variable, exponent in two:
            exponents[variable] = exponents.get(variable, 0) + exponent
        for (name, index), exponent in list(exponents.items()):
            rectified = (RELU + name, index)
            if rectified in exponents:  # z relu(z) is relu(z)^2
                exponents[rectified] += exponent
                del exponents[name, index]
        if sum(exponents.values()) > MOST_DEGREE:
            raise TooMuchWork("a power of a random variable is too high")
        return tuple(sorted(exponents.items()))

    def _power(self, base: Polynomial, exponent: Value) -> Polynomial:
        if not base or set(base) == {()}:
            return _constant(power(self.number(base), exponent, self.work))
        count = as_integer(exponent)
        if not 0 <= count <= MOST_DEGREE:
            raise Undefined("a random variable is raised to whole powers from 0 on only")
        product = _constant(1)
        for _ in range(count):
            product = self._multiply(product, base)
        return product

    def _call(self, name: str, arguments: list[Polynomial]) -> Polynomial:
        if all(not argument or set(argument) == {()} for argument in arguments):
            numbers = [self.number(argument) for argument in arguments]
            if name in ("min", "max"):
                return _constant(min(numbers) if name == "min" else max(numbers))
            return _constant(FUNCTIONS[name](*numbers))
        if name == "max" and len(arguments) == 2 and not all(arguments):
            arguments = [argument for argument in arguments if argument]
            name = "relu"
        if name in ("relu", "abs") and len(arguments) == 1 and len(arguments[0]) == 1:
            ((monomial, coefficient),) = arguments[0].items()
            if len(monomial) == 1 and monomial[0][1] == 1:
                return self._rectified(name, monomial[0][0], coefficient)
        raise Undefined(f"{name} is worked out for a single random variable only")

    def _rectified(self, name: str, variable: Variable, coefficient: Any) -> Polynomial:
        kind, index = variable
        plain: Polynomial = {((variable, 1),): coefficient}
        if kind.startswith(RELU):
            if name == "abs" or coefficient > 0:
                return plain if coefficient > 0 else {((variable, 1),): -coefficient}
            return {}
        if self.random[kind].distribution != "standard normal":
            raise Undefined(f"{name} is worked out for a standard normal variable only")
        positive: Monomial = (((RELU + kind, index), 1),)
        size = abs(coefficient)
        if name == "abs":
            return self._add({positive: 2 * size}, {((variable, 1),): size}, -1)
        if coefficient > 0:
            return {positive: size}
        return self._add({positive: size}, {((variable, 1),): size}, -1)

    def _series(self, node: Series, bound: Mapping[str, int]) -> Polynomial:
        start, stop = as_integer(self._scalar(node.first, bound)), as_integer(self._scalar(node.last, bound))
        adding = node.kind == "sum"
        total: Polynomial = {} if adding else _constant(1)
        if stop - start >= self.work.left:
            self.work.spend(self.work.left + 1)
        for index in range(start, stop + 1):
            part = self.polynomial(node.body, {**bound, node.index: index})
            total = self._add(total, part) if adding else self._multiply(total, part)
        return total


def _constant(value: Any) -> Polynomial:
    return {(): value} if value != 0 else {}


def _odd_factorial(number: int) -> int:
    """number (number - 2) ... 1."""
    return math.prod(range(number, 0, -2))
