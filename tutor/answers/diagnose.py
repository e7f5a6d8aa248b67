"""Why a formula is wrong, told only where the numbers prove it.

The possible slips are tried in a fixed order, from a constant factor to a form right only in a special case; what none
of them explains is shown at the smallest numbers. No message contains the right formula or what is to be changed into
it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from tutor.answers import compare as comparing
from tutor.answers.compare import TOO_MUCH, UNDEFINED, Difference, compare, float_of, is_exact, outcome, outcomes
from tutor.answers.evaluate import Point, Work, compiled, free_names, size
from tutor.answers.preview import one_line, pretty
from tutor.answers.sampling import points, simple_points, symbols_of, within
from tutor.answers.tree import Call, Node, Product, Sum, Symbol
from tutor.answers.variants import variants, walk
from tutor.answers.vocabulary import Vocabulary

Kind: TypeAlias = Literal[
    "right",
    "no verdict",
    "undefined",
    "rounded",
    "constant factor",
    "sign",
    "reciprocal",
    "term",
    "power",
    "index",
    "missing symbol",
    "symbol without effect",
    "special case",
    "value",
    "different",
]

PROOF = 6
"""A relation is believed where it holds at all points, and these are at least so many that tell something."""
MOST_VARIANTS = 160
MOST_TERMS = 48
VARIANT_WORK = 6000
SPECIAL_WORK = 4000

_SLIPS: dict[str, tuple[Kind, str]] = {
    "term factor": (
        "constant factor",
        "One term has the wrong constant factor; the rest is right. Count again what that term counts.",
    ),
    "term sign": ("sign", "One term has the wrong sign; the rest is right."),
    "factor inverted": ("reciprocal", "One factor multiplies where it should divide, or the other way round."),
    "extra factor": ("constant factor", "There is one factor too many; the rest is right."),
    "extra term": ("term", "There is one term too many; the rest is right."),
    "missing term": ("term", "A term is missing inside the formula, or has the wrong size; the rest is right."),
    "power": ("power", "An exponent is off by one; the rest is right. Try the smallest case."),
    "index": ("index", "An index or a bound is shifted by one; the rest is right. Write the first terms out."),
}
_LATER = ("power", "index")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, in one to three sentences. The counterexample is left out where its value would be the answer."""

    kind: Kind
    message: str
    counterexample: Difference | None = None


def diagnose(answer: Node, reference: Node, vocabulary: Vocabulary, seed: str) -> Diagnosis:
    """The first explanation that the numbers prove, else the simplest counterexample."""
    comparison = compare(answer, reference, vocabulary, seed)
    if comparison.equal:
        return Diagnosis("right", "")
    if comparison.equal is None:
        return Diagnosis("no verdict", f"This cannot be judged: {comparison.reason}.")
    case = _Case(answer, reference, vocabulary, seed)
    found = comparison.counterexample if case.varies else None
    if comparison.kind == "rounded":
        return Diagnosis("rounded", comparison.reason, found)
    if comparison.kind == "undefined" and case.pairs is None:
        shifted = _slips(later=True)(case)  # an index that leaves its sequence is often off by one
        if shifted is not None:
            return Diagnosis(shifted[0], shifted[1], found)
        return Diagnosis("undefined", _undefined(comparison.counterexample), found)
    if not case.varies:
        kind, message = _constant(case)
        return Diagnosis(kind, message, None)
    for explain in _IN_ORDER:
        try:
            explained = explain(case)
        except OverflowError:  # an exact value too large to be set beside a float proves nothing
            continue
        if explained is not None:
            return Diagnosis(explained[0], explained[1], found)
    if comparison.kind == "undefined":
        return Diagnosis("undefined", _undefined(comparison.counterexample), found)
    return Diagnosis(
        "different",
        "This has another value than what is asked for. Work the smallest case out by hand and see where the two part.",
        found,
    )


def _undefined(found: Difference | None) -> str:
    where = ", ".join(f"{pretty(name)} = {value}" for name, value in found.symbols()) if found else ""
    place = f"for {where}" if where else "here"
    return f"This has no value {place}. Look for a division by zero, a root or an index that leaves its range there."


def same(left: Any, right: Any) -> bool:
    """Whether two values agree: exactly if both are exact, else to a relative 1e-9."""
    if is_exact(left) and is_exact(right):
        return left == right
    one, two = float_of(left), float_of(right)
    return one is not None and two is not None and abs(one - two) <= 1e-9 * max(abs(one), abs(two))


class _Case:
    """An answer beside the reference, with their values at the drawn points."""

    def __init__(self, answer: Node, reference: Node, vocabulary: Vocabulary, seed: str) -> None:
        self.answer, self.reference = answer, reference
        self.size = size(answer)
        self.constraints = vocabulary.constraints
        self.specs = symbols_of(vocabulary, answer, reference)
        self.names = tuple(spec.name for spec in self.specs if spec.length is None)
        domain = vocabulary if self.specs is vocabulary.symbols else Vocabulary(self.specs, vocabulary.constraints)
        self.where = points(domain, seed, comparing.POINTS)
        self.simple = simple_points(domain, 48)
        self.expected = comparing.reference_outcomes(reference, vocabulary, self.specs, seed, comparing.POINTS)
        self.mine = outcomes(answer, self.where)
        self.used = [
            (point, left, right)
            for point, left, right in zip(self.where, self.mine, self.expected, strict=True)
            if right is not UNDEFINED and right is not TOO_MUCH and left is not TOO_MUCH
        ]
        self.pairs: list[tuple[Point, Any, Any]] | None = self.used
        if any(left is UNDEFINED for _, left, _ in self.used):
            self.pairs = None  # nothing holds at all points
        values = [right for _, _, right in self.used]
        self.varies = any(not same(value, values[0]) for value in values[1:])

    @property
    def complete(self) -> list[tuple[Point, Any, Any]]:
        return self.pairs or []

    def values(self, function: Callable[[Point], Any]) -> list[Any]:
        return [function(point) for point, _, _ in self.complete]


Explained: TypeAlias = tuple[Kind, str] | None


def ratio(pairs: Iterable[tuple[Any, Any]]) -> Any | None:
    """The constant c with left = c right at all pairs, None without proof."""
    constant, seen = None, 0
    for left, right in pairs:
        if right == 0 or left == 0:
            if not (right == 0 and left == 0):
                return None
            continue
        try:
            now = Fraction(left) / Fraction(right) if is_exact(left) and is_exact(right) else left / right
        except (OverflowError, ZeroDivisionError):
            return None
        if constant is None:
            constant = now
        elif not same(constant, now):
            return None
        seen += 1
    return constant if seen >= PROOF else None


def _constant(case: _Case) -> tuple[Kind, str]:
    """The value asked for is one number: what can be said without saying it."""
    extra = _extra_symbol(case)
    if extra is not None:
        return extra
    if case.pairs:
        _, mine, expected = case.pairs[0]
        if all(same(left, mine) for _, left, _ in case.pairs):
            value = comparing.show(mine)
            if mine != 0 and same(mine, -expected):
                return "sign", f"This comes to {value}: right up to its sign."
            if expected != 0 and mine != 0 and same(mine * expected, 1):
                return "reciprocal", f"This comes to {value}: numerator and denominator have changed places."
            size = "smaller" if expected < mine else "larger"
            return "value", f"This comes to {value}; what is asked for is {size}. Which step makes it so?"
    return "different", "This has another value than what is asked for. Follow it through once more, step by step."


def _factor(case: _Case) -> Explained:
    constant = ratio((left, right) for _, left, right in case.complete)
    if constant is not None and constant != 1 and not same(constant, -1):
        return (
            "constant factor",
            "This is right up to a constant factor. Count again what happens once and what happens more than once.",
        )
    return None


def _sign(case: _Case) -> Explained:
    constant = ratio((left, right) for _, left, right in case.complete)
    return ("sign", "This is right up to its sign.") if constant is not None and same(constant, -1) else None


def _reciprocal(case: _Case) -> Explained:
    pairs = case.complete
    if len(pairs) >= PROOF and all(left != 0 and right != 0 and _one(left, right) for _, left, right in pairs):
        return "reciprocal", "Numerator and denominator have changed places: this is one over what is asked for."
    return None


def _one(left: Any, right: Any) -> bool:
    try:
        return same(left * right, 1)
    except OverflowError:
        return False


def _own_terms(case: _Case) -> Explained:
    """A term of the answer that explains the difference: its factor, its sign, or its presence."""
    if not isinstance(case.answer, Sum) or not case.complete:
        return None
    places = [point for point, _, _ in case.complete]
    for term in case.answer.terms[:MOST_TERMS]:
        values = outcomes(term.node, places)
        if UNDEFINED in values or TOO_MUCH in values:
            continue
        signed = [-value if term.negative else value for value in values]
        differences = [left - right for _, left, right in case.complete]
        constant = ratio(zip(differences, signed, strict=True))
        if constant is None:
            continue
        if same(constant, 1):
            return _SLIPS["extra term"]
        return _SLIPS["term sign"] if same(constant, 2) else _SLIPS["term factor"]
    return None


def _missing_term(case: _Case) -> Explained:
    """A simple term (a number times at most two symbols) that the answer lacks."""
    pairs = case.complete
    if len(pairs) < PROOF:
        return None
    differences = [right - left for _, left, right in pairs]
    for monomial in _monomials(case.names):
        constant = ratio(zip(differences, case.values(monomial), strict=True))
        if constant is not None:
            return (
                "term",
                "A term is missing, or one is too many; the rest is right. Which contribution is not counted?",
            )
    return None


def _monomials(names: tuple[str, ...]) -> Iterator[Callable[[Point], Any]]:
    yield lambda point: 1
    for name in names:
        yield lambda point, name=name: point[name]
    for one, two in itertools.combinations_with_replacement(names, 2):
        yield lambda point, one=one, two=two: point[one] * point[two]


def _slips(later: bool) -> Callable[[_Case], Explained]:
    """A slip inside the formula, undone somewhere: proved by the values of the changed tree."""

    def explain(case: _Case) -> Explained:
        if not case.used:
            return None
        left = VARIANT_WORK
        found: dict[str, Explained] = {}
        for slip, tree in itertools.islice(variants(case.answer, case.names), MOST_VARIANTS):
            if (slip in _LATER) != later or slip in found or left <= 0:
                continue
            right_everywhere, cost = _matches(case, tree, left, case.size)
            left -= cost
            if right_everywhere:
                found[slip] = _SLIPS[slip]
        for slip in _SLIPS:
            if slip in found:
                return found[slip]
        return None

    return explain


def _matches(case: _Case, tree: Node, left: int, nodes: int) -> tuple[bool, int]:
    """Whether a changed tree has the right values, and what it cost to see."""
    function, spent, seen = compiled(tree), 8 + nodes, 0
    for point, _, right in reversed(case.used):  # the edge cases, where many agree, come last
        work = Work(max(1, left - spent))
        before = work.left
        value = outcome(function, point, work)
        spent += 1 + nodes // 4 + before - work.left
        if value is UNDEFINED or value is TOO_MUCH or not same(value, right):
            return False, spent
        seen += 1
    return seen >= min(PROOF, len(case.used)), spent


def _power(case: _Case) -> Explained:
    pairs = case.complete
    mine, theirs = free_names(case.answer), free_names(case.reference)
    for name in case.names:
        if name not in mine or name not in theirs:
            continue  # it is missing altogether, or has no place there: both are said in their turn
        for up in (True, False):
            scaled = (
                (left, right * point[name]) if up else (left * point[name], right) for point, left, right in pairs
            )
            constant = ratio(scaled)
            if constant is not None and same(constant, 1) and _seen_apart(case, name):
                return "power", f"The power of {pretty(name)} is off by one; the rest is right."
    if len(pairs) >= PROOF:
        squares = all(same(left, right * right) for _, left, right in pairs)
        if squares or all(same(left * left, right) for _, left, right in pairs):
            return "power", "This is right up to a power or a root of the whole formula."
    return None


def _seen_apart(case: _Case, name: str) -> bool:
    """Whether the points hold at least two values of the symbol other than 0 and 1."""
    return len({point[name] for point, _, _ in case.complete} - {0, 1}) >= 2


def _missing_symbol(case: _Case) -> Explained:
    mine, theirs = free_names(case.answer), free_names(case.reference)
    for spec in case.specs:
        if spec.name in theirs - mine and _has_effect(case, case.reference, spec.name):
            name = pretty(spec.name)
            return "missing symbol", f"What is asked for changes with {name}, and this does not. Where does {name} act?"
    return None


def _extra_symbol(case: _Case) -> Explained:
    extra = free_names(case.answer) - free_names(case.reference)
    for spec in case.specs:
        if spec.name in extra and _has_effect(case, case.answer, spec.name):
            name = pretty(spec.name)
            return "symbol without effect", f"This changes with {name}; what is asked for does not."
    return None


def _has_effect(case: _Case, tree: Node, name: str) -> bool:
    """Whether two points that differ in this symbol alone give different values."""
    if any(spec.length == name for spec in case.specs):
        return False
    function, left = compiled(tree), 12
    for (point, _, _), (other, _, _) in itertools.pairwise(case.used):
        old, new = point[name], other[name]
        if isinstance(old, tuple):
            new = type(old)(value + 1 for value in old)
        changed = {**point, name: new}
        if old == new or not within(case.specs, case.constraints, changed):
            continue
        one, two = outcome(function, point, Work()), outcome(function, changed, Work())
        defined = all(value is not UNDEFINED and value is not TOO_MUCH for value in (one, two))
        if defined and not same(one, two):
            return True
        left -= 1
        if not left:
            break
    return False


def _special_case(case: _Case) -> Explained:
    """A condition under which the answer is right at every point found, and without which it is wrong at some."""
    sample = list(case.used)
    ours, theirs = outcomes(case.answer, case.simple, SPECIAL_WORK), outcomes(case.reference, case.simple, SPECIAL_WORK)
    for tree_point, left, right in zip(case.simple, ours, theirs, strict=True):
        if right is not UNDEFINED and right is not TOO_MUCH and left is not TOO_MUCH:
            sample.append((tree_point, left, right))
    verdicts = [(point, left is not UNDEFINED and same(left, right), right != 0) for point, left, right in sample]
    for words, holds in _conditions(case):
        inside = [(agree, telling) for point, agree, telling in verdicts if holds(point)]
        telling = sum(telling for _, telling in inside)  # where both are 0 nothing is learnt
        if telling >= PROOF and all(agree for agree, _ in inside) and len(inside) < len(verdicts):
            return "special case", f"This is right when {words}; otherwise it is not. What changes then?"
    return None


def _conditions(case: _Case) -> Iterator[tuple[str, Callable[[Point], bool]]]:
    yield from _divisions(case)
    for spec in case.specs:
        name = pretty(spec.name)
        if spec.length is not None:
            yield f"every {name} is 1", lambda point, key=spec.name: all(value == 1 for value in point[key])
            continue
        for value in (1, 0):
            yield f"{name} is {value}", lambda point, key=spec.name, value=value: point[key] == value


def _divisions(case: _Case) -> Iterator[tuple[str, Callable[[Point], bool]]]:
    """`S divides ...`, in the answer's own words where it has such a quotient, else without saying what S divides."""
    for node in walk(case.answer):
        if isinstance(node, Product):
            for place, factor in enumerate(node.factors):
                rest = node.factors[:place] + node.factors[place + 1 :]
                if factor.inverse and isinstance(factor.node, Symbol) and rest and not rest[0].inverse:
                    top: Node = rest[0].node if len(rest) == 1 else Product(rest)
                    yield f"{pretty(factor.node.name)} divides {one_line(top)}", _whole(node)
    for node in walk(case.reference):
        if isinstance(node, Call) and node.function in ("floor", "ceil") and isinstance(node.arguments[0], Product):
            below = [f.node for f in node.arguments[0].factors if f.inverse and isinstance(f.node, Symbol)]
            words = f"{pretty(below[0].name)} divides evenly" if len(below) == 1 else "the division leaves no rest"  # type: ignore[union-attr]
            yield words, _whole(node.arguments[0])


def _whole(node: Node) -> Callable[[Point], bool]:
    function = compiled(node)

    def holds(point: Point) -> bool:
        value = outcome(function, point, Work())
        return type(value) is int

    return holds


_IN_ORDER: tuple[Callable[[_Case], Explained], ...] = (
    _factor,
    _sign,
    _reciprocal,
    _own_terms,
    _missing_term,
    _power,
    _extra_symbol,  # before the slips inside: it explains more than "one factor too many"
    _slips(later=False),
    _slips(later=True),
    _missing_symbol,
    _special_case,
)
