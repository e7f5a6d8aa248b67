"""Whether two formulas are the same: their values at points of the domain, exact wherever they are rational.

Floating point only ever finds candidates: two irrational values that differ, even a little, are taken again with 50
digits, and so are a few of those that agree, so that a rounded constant and a term lost in rounding are both seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from tutor.answers.errors import TooMuchWork, Undefined
from tutor.answers.evaluate import POINT_WORK, FromZero, Point, Work, children, compiled, free_names, run, size
from tutor.answers.precise import context, evaluate_precisely
from tutor.answers.sampling import points, simple_points, symbols_of
from tutor.answers.tree import Node, Number
from tutor.answers.vocabulary import SymbolSpec, Vocabulary

POINTS = 24
"""Points drawn at first."""
MORE_POINTS = 96
"""Points drawn where too few of the first can be used."""
ENOUGH = 12
"""A verdict needs so many points at which both sides have a value that says something."""
TOTAL_WORK = 3 * POINT_WORK
"""What evaluating one tree at all its points may cost."""
DOUBTFUL = 1e-13
"""A larger relative difference of two floats is looked at with 50 digits."""
CONFIRMED = 2
"""So many agreeing floats are looked at with 50 digits all the same."""
PRECISE_WORK = 2000
"""What all evaluations with many digits may cost together; one may cost half of it."""

Outcome: TypeAlias = Any
"""A value, or UNDEFINED, or TOO_MUCH."""


class _Absent:
    """Why there is no value."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


UNDEFINED = _Absent("undefined")
TOO_MUCH = _Absent("too much work")


@dataclass(frozen=True, slots=True)
class Difference:
    """A point where the two differ; `yours` is None where the answer is undefined."""

    point: tuple[tuple[str, Any], ...]
    yours: Any
    expected: Any

    def symbols(self) -> tuple[tuple[str, str], ...]:
        """The symbols and their values, as text."""
        return tuple((name, show(value)) for name, value in self.point)

    @property
    def yours_text(self) -> str:
        """The answer's value, as text."""
        return "undefined" if self.yours is None else show_pair(self.yours, self.expected)[0]

    @property
    def expected_text(self) -> str:
        """The reference's value, as text."""
        return show(self.expected) if self.yours is None else show_pair(self.yours, self.expected)[1]

    @property
    def text(self) -> str:
        """One line: `n = 1, K = 2: yours is 8, expected 12`."""
        where = ", ".join(f"{name} = {value}" for name, value in self.symbols())
        said = f"yours is {self.yours_text}, expected {self.expected_text}"
        return f"{where}: {said}" if where else said


@dataclass(frozen=True, slots=True)
class Comparison:
    """equal is None where no verdict is possible (`reason` says why: an invalid answer)."""

    equal: bool | None
    reason: str
    counterexample: Difference | None = None
    kind: Literal["same", "different", "undefined", "rounded", "too much work", "too few points"] = "different"


def show(value: Any, digits: int = 6) -> str:
    """A value for people: whole numbers and short fractions exactly, everything else to a few digits."""
    if isinstance(value, tuple):
        return "(" + ", ".join(show(each) for each in value) + ")"
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    if isinstance(value, int) and value.bit_length() <= 50:
        return str(value)
    if isinstance(value, Fraction) and value.denominator < 1000 and abs(value.numerator) < 10**6:
        decimal = _finite_decimal(value)
        return decimal if decimal is not None else f"{value.numerator}/{value.denominator}"
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    text = str(context(50).nstr(_mpf(value), digits))
    return text.removesuffix(".0")


def _finite_decimal(value: Fraction) -> str | None:
    for places in (1, 2, 3):
        if (value * 10**places).denominator == 1:
            return f"{float(value):.{places}f}"
    return None


def show_pair(left: Any, right: Any) -> tuple[str, str]:
    """Two different values with as many digits as it takes to see the difference."""
    for digits in (6, 10, 16, 30):
        shown = show(left, digits), show(right, digits)
        if shown[0] != shown[1]:
            return shown
        if isinstance(left, float):
            left = _mpf(left)
        if isinstance(right, float):
            right = _mpf(right)
    gap = _mpf(right) - _mpf(left) if not (is_exact(left) and is_exact(right)) else right - left
    return show(left), f"{show(left)} {'+' if gap > 0 else '−'} {show(abs(gap))}"


def _mpf(value: Any) -> Any:
    mp = context(50)
    return mp.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else mp.mpf(value)


def is_exact(value: Any) -> bool:
    """Whether a value is rational and held exactly."""
    return isinstance(value, int | Fraction)


def outcomes(tree: Node, where: Sequence[Point], total: int = TOTAL_WORK) -> tuple[Outcome, ...]:
    """The tree's value at each point, with the work of all of them bounded together."""
    function, found, cost = compiled(tree), [], cost_of(tree)
    for point in where:
        work = Work(max(0, min(POINT_WORK, total)))
        before = work.left
        found.append(outcome(function, point, work) if total > 0 else TOO_MUCH)
        total -= before - work.left + cost
    return tuple(found)


def cost_of(tree: Node) -> int:
    """What evaluating a tree at one point costs, its series and powers aside."""
    return size(tree) // 3


def outcome(function: Any, point: Point, work: Work) -> Outcome:
    """A compiled tree's value at a point, or why there is none."""
    try:
        return run(function, point, work)
    except Undefined:
        return UNDEFINED
    except TooMuchWork:
        return TOO_MUCH


@lru_cache(maxsize=512)
def reference_outcomes(
    tree: Node, vocabulary: Vocabulary, specs: tuple[SymbolSpec, ...], seed: str, count: int
) -> tuple[Outcome, ...]:
    """The reference's values at the drawn points, kept: many answers are compared with one reference."""
    return outcomes(tree, points(_with(vocabulary, specs), seed, count))


def _with(vocabulary: Vocabulary, specs: tuple[SymbolSpec, ...]) -> Vocabulary:
    return vocabulary if specs is vocabulary.symbols else Vocabulary(specs, vocabulary.constraints)


@lru_cache(maxsize=1024)
def _precise_outcome(tree: Node, items: tuple[tuple[str, Any], ...], digits: int) -> tuple[Outcome, int]:
    """The reference's, kept. A kept value costs the same as a new one, so that no verdict depends on it."""
    return _precisely(tree, dict(items), digits)


def _precisely(tree: Node, point: Point, digits: int) -> tuple[Outcome, int]:
    """The value with many digits, and its cost."""
    work = Work(PRECISE_WORK // 2)
    found: Outcome
    try:
        found = evaluate_precisely(tree, point, digits, work)
    except Undefined:
        found = UNDEFINED
    except TooMuchWork:
        found = TOO_MUCH
    return found, PRECISE_WORK // 2 - work.left


class Judge:
    """Two trees side by side: tells whether they agree at a point, as precisely as it takes."""

    def __init__(self, answer: Node, reference: Node, confirm: int = CONFIRMED) -> None:
        self.answer, self.reference = answer, reference
        self.confirm = confirm
        self.precise_left = PRECISE_WORK

    def agree(self, point: Point, left: Outcome, right: Outcome) -> bool | None:
        """Whether answer (`left`) and reference (`right`) agree; None where the point cannot be used."""
        if right is UNDEFINED or (right is TOO_MUCH and left is UNDEFINED):
            return None
        if is_exact(left) and is_exact(right):
            return left == right
        if left is UNDEFINED and is_exact(right):
            return self._precisely(point)
        if isinstance(left, float | int | Fraction) and isinstance(right, float | int | Fraction):
            one, two = float_of(left), float_of(right)
            if one is not None and two is not None:
                large = max(abs(one), abs(two))
                if large > 1e-290 and abs(one - two) <= DOUBTFUL * large:
                    if not self.confirm:
                        return True
                    self.confirm -= 1
                    return self._precisely(point) is not False  # too heavy for 50 digits: the floats decide
        return self._precisely(point)

    def _precisely(self, point: Point) -> bool | None:
        items = tuple(point.items())
        gap: Any = None
        for digits in (50, 120):
            if self.precise_left <= 0:
                return None
            left, left_cost = _precisely(self.answer, point, digits)
            right, right_cost = _precise_outcome(self.reference, items, digits)
            self.precise_left -= left_cost + right_cost
            if right is UNDEFINED or right is TOO_MUCH or left is TOO_MUCH:
                return None
            if left is UNDEFINED:
                return False
            if is_exact(left) and is_exact(right):
                return left == right
            mp = context(digits)
            left, right = (_in(mp, left), _in(mp, right))
            large, new_gap = max(abs(left), abs(right)), abs(left - right)
            if gap is None:
                if new_gap <= large * mp.mpf(10) ** -44:
                    return True
                if new_gap > large * mp.mpf(10) ** -20 and large > mp.mpf(10) ** -20:
                    return False
                gap = new_gap
            else:  # in between: rounding shrinks with more digits, a difference stays
                return bool(new_gap <= gap * mp.mpf(10) ** -30)
        return None


def _in(mp: Any, value: Any) -> Any:
    return mp.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else mp.mpf(value)


def float_of(value: Any) -> float | None:
    """The value as a float, None where it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return None


@lru_cache(maxsize=128)
def compare(answer: Node, reference: Node, vocabulary: Vocabulary, seed: str) -> Comparison:
    """Whether `answer` is `reference` on the domain of the vocabulary. The same input gives the same result, always."""
    if answer == reference:
        return Comparison(True, "the same formula", kind="same")
    specs = symbols_of(vocabulary, answer, reference)
    judge = Judge(answer, reference)
    count, start, total = POINTS, 0, TOTAL_WORK
    agreeing = zeros = too_much = 0
    while True:
        where = points(_with(vocabulary, specs), seed, count)
        expected = reference_outcomes(reference, vocabulary, specs, seed, count)
        function, cost = compiled(answer), cost_of(answer)
        for place in range(start, len(where)):
            if expected[place] is UNDEFINED:
                continue
            if total <= 0:
                too_much += 1
                break
            work = Work(max(0, min(POINT_WORK, total)))
            before = work.left
            mine = outcome(function, where[place], work)
            total -= before - work.left + cost
            if (mine is TOO_MUCH and work.left == 0) or expected[place] is TOO_MUCH:
                too_much += 1
                continue
            same = judge.agree(where[place], mine, expected[place])
            if same is None:
                too_much += mine is TOO_MUCH
            elif not same:
                if mine is UNDEFINED and _by_accident(specs, where[place]):
                    continue
                return _different(answer, reference, vocabulary, specs, seed, where[place])
            else:
                agreeing += 1
                zeros += is_exact(expected[place]) and expected[place] == 0
        needed = min(ENOUGH, len(where)) if specs else 1
        # A point where both are 0 says little, unless the reference is 0 wherever it was looked at.
        useful = agreeing if agreeing == zeros else agreeing - zeros
        if useful >= needed:
            return Comparison(True, "the same value at every point", kind="same")
        if count >= MORE_POINTS or len(where) < count or total <= 0:
            break
        start, count = len(where), MORE_POINTS
    if len(where) < MORE_POINTS and not too_much and agreeing and agreeing >= min(ENOUGH, len(where)):
        return Comparison(True, "the same value at every point", kind="same")
    if too_much:
        return Comparison(None, "its numbers grow too large to be computed here", kind="too much work")
    return Comparison(None, "it has a value at too few points to be judged", kind="too few points")


def _by_accident(specs: tuple[SymbolSpec, ...], point: Point) -> bool:
    """Whether a value may be missing here only because reals were drawn whole: (a^2 - b^2)/(a - b) where a is b."""
    return any(spec.domain == "real" and type(point.get(spec.name)) is int for spec in specs)


def _different(
    answer: Node,
    reference: Node,
    vocabulary: Vocabulary,
    specs: tuple[SymbolSpec, ...],
    seed: str,
    point: Point,
) -> Comparison:
    found = simplest(answer, reference, vocabulary, specs) or _difference(answer, reference, point)
    if found.yours is None:
        return Comparison(False, "it has no value where there is one", found, "undefined")
    if _is_rounded(answer, reference, _with(vocabulary, specs), seed):
        return Comparison(
            False,
            "It is right up to rounding: a number in it was rounded. A root or a fraction keeps it exact.",
            found,
            "rounded",
        )
    return Comparison(False, "it has another value", found, "different")


def simplest(
    answer: Node, reference: Node, vocabulary: Vocabulary, specs: tuple[SymbolSpec, ...] | None = None
) -> Difference | None:
    """The point with the smallest numbers at which the two differ."""
    if specs is None:
        specs = symbols_of(vocabulary, answer, reference)
    judge = Judge(answer, reference, confirm=0)
    first, second, left = compiled(answer), compiled(reference), TOTAL_WORK // 2
    judge.precise_left //= 2
    cost = cost_of(answer) + cost_of(reference)
    undefined: Difference | None = None
    for point in simple_points(_with(vocabulary, specs), 48):
        work = Work(max(0, min(POINT_WORK, left)))
        before = work.left
        right_value, left_value = outcome(second, point, work), outcome(first, point, work)
        left -= before - work.left + cost
        if judge.agree(point, left_value, right_value) is False:
            found = _difference(answer, reference, point)
            if found.yours is not None:
                return found
            undefined = undefined or found
        if left <= 0:
            break
    return undefined


def _difference(answer: Node, reference: Node, point: Point) -> Difference:
    used = _shown(answer, reference, point)
    values = []
    for tree in (answer, reference):
        value = outcome(compiled(tree), point, Work())
        if isinstance(value, _Absent) or not is_exact(value):
            value, _ = _precisely(tree, point, 50)
        values.append(None if isinstance(value, _Absent) else value)
    return Difference(used, values[0], values[1])


def _shown(answer: Node, reference: Node, point: Point) -> tuple[tuple[str, Any], ...]:
    """The symbols worth showing: those of the point that either formula uses, with the lengths of its sequences."""
    names = free_names(answer) | free_names(reference)
    return tuple((name, tuple(v) if type(v) is FromZero else v) for name, v in point.items() if name in names)


def decimals(node: Node) -> Iterator[tuple[Fraction, Fraction]]:
    """The decimal numbers written in a tree, each with the value of its last place."""
    if isinstance(node, Number) and "." in node.text and node.value:
        places = len(node.text.lower().split("e")[0].split(".")[1])
        yield node.value, Fraction(1, 10**places)
    for child in children(node):
        yield from decimals(child)


def _is_rounded(answer: Node, reference: Node, vocabulary: Vocabulary, seed: str) -> bool:
    """Whether no point differs by more than the last written place of one decimal number explains."""
    margin = max((float(place / abs(value)) for value, place in decimals(answer)), default=0.0)
    if margin == 0.0 or margin > 0.05:
        return False
    where = points(vocabulary, seed, POINTS)
    seen = 0
    for mine, theirs in zip(outcomes(answer, where), outcomes(reference, where), strict=True):
        if isinstance(mine, _Absent) or isinstance(theirs, _Absent):
            continue
        one, two = float_of(mine), float_of(theirs)
        if one is None or two is None:
            continue
        seen += 1
        if abs(one - two) > margin * abs(two):
            return False
    return seen > 0
