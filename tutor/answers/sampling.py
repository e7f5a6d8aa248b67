"""The points at which formulas are compared: drawn from the joint domain of the symbols, edge cases first.

The generator is seeded from a text through SHA-256, so that every process draws the same points. Joint domains
(W_in + 2P >= K) are met by drawing again; a constraint `symbol = expression` sets the symbol.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from tutor.answers.errors import AnswerError
from tutor.answers.evaluate import FromZero, Point, Work, as_integer, children, compiled, free_names, run
from tutor.answers.tree import Element, Node, Series, Symbol
from tutor.answers.vocabulary import Constraint, SymbolSpec, Vocabulary

ATTEMPTS = 60
"""How often a point is drawn again, on average, before fewer points are returned."""
LONGEST = 5
"""The longest sequence drawn."""
PRIMES = (7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)
"""Denominators of drawn reals, one a symbol: sums of two of them are then never whole by accident."""
SIMPLE: dict[str, tuple[Any, ...]] = {
    "positive integer": (1, 2, 3, 4, 5, 6, 7, 8),
    "non-negative integer": (0, 1, 2, 3, 4, 5),
    "positive real": (1, 2, 3, Fraction(1, 2), 4, Fraction(3, 2)),
    "non-negative real": (1, 0, 2, 3, Fraction(1, 2), 4),
    "unit interval": (Fraction(1, 2), Fraction(1, 4), Fraction(3, 4), Fraction(1, 3), Fraction(9, 10)),
    "real": (1, 2, -1, 3, 0, -2, Fraction(1, 2), Fraction(-1, 2)),
}


def generator(seed: str) -> Random:
    """The same numbers for the same text in every process."""
    return Random(int.from_bytes(hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:8], "big"))


def symbols_of(vocabulary: Vocabulary, *trees: Node) -> tuple[SymbolSpec, ...]:
    """What is drawn: the declared symbols, and (`free`, or undeclared) those the trees use, in a fixed order.

    A symbol without a domain is real; one that bounds a sum or indexes a sequence must be whole to mean anything.
    """
    names = {spec.name for spec in vocabulary.symbols}
    used = frozenset().union(*(free_names(tree) for tree in trees)) - names
    if not used:
        return vocabulary.symbols
    sequences: set[str] = set()
    whole: set[str] = set()
    for tree in trees:
        _find_whole(tree, whole, sequences)
    added = []
    for name in sorted(used):
        if name in sequences:
            added.append(SymbolSpec(name, "real", length=" length"))
        else:
            added.append(SymbolSpec(name, "positive integer" if name in whole else "real"))
    return vocabulary.symbols + tuple(added)


def _find_whole(node: Node, whole: set[str], sequences: set[str]) -> None:
    if isinstance(node, Series):
        whole |= free_names(node.first) | free_names(node.last)
    elif isinstance(node, Element):
        whole |= free_names(node.index)
        sequences.add(node.sequence)
    for child in children(node):
        _find_whole(child, whole, sequences)


def points(vocabulary: Vocabulary, seed: str, count: int = 24, trees: tuple[Node, ...] = ()) -> tuple[Point, ...]:
    """Up to `count` different points of the domain, edge cases first; more points begin with the fewer."""
    return _points(symbols_of(vocabulary, *trees), vocabulary.constraints, seed, count)


def simple_points(vocabulary: Vocabulary, count: int = 60, trees: tuple[Node, ...] = ()) -> tuple[Point, ...]:
    """Points of the domain with the smallest numbers first: where a counterexample is looked for."""
    return _simple(symbols_of(vocabulary, *trees), vocabulary.constraints, count)


def within(specs: tuple[SymbolSpec, ...], constraints: tuple[Constraint, ...], point: Point) -> bool:
    """Whether the point, its values given, lies in the domain."""
    return _Domain(specs, constraints).within(dict(point)) == point


@lru_cache(maxsize=256)
def _points(
    specs: tuple[SymbolSpec, ...], constraints: tuple[Constraint, ...], seed: str, count: int
) -> tuple[Point, ...]:
    if not specs:
        return ({},)
    random = generator(seed)
    found: list[Point] = []
    seen: set[tuple[Any, ...]] = set()
    domain = _Domain(specs, constraints)
    plain = [spec for spec in specs if spec.length is None]
    edges: list[dict[str, Any]] = [{spec.name: _least(spec) for spec in plain}]
    for spec in plain:
        for extreme in _extremes(spec):
            edges.append({spec.name: extreme})
    for edge in edges[: max(1, count // 2)]:
        for _ in range(12):
            point = domain.complete(random, dict(edge), 1)
            if point is not None:
                _keep(point, found, seen)
                break
    for attempt in range(ATTEMPTS * count):
        if len(found) >= count:
            break
        point = domain.complete(random, {}, 1 + attempt % 3)
        if point is not None:
            _keep(point, found, seen)
    return tuple(found[:count])


def _keep(point: Point, found: list[Point], seen: set[tuple[Any, ...]]) -> None:
    key = tuple(point.values())
    if key not in seen:
        seen.add(key)
        found.append(point)


def _least(spec: SymbolSpec) -> Any:
    return {"non-negative integer": 0, "unit interval": Fraction(1, 2)}.get(spec.domain, 1)


def _extremes(spec: SymbolSpec) -> tuple[Any, ...]:
    match spec.domain:
        case "positive integer":
            return (1,)
        case "non-negative integer":
            return (0, 1)
        case "non-negative real":
            return (0,)
        case "real":
            return (-1, 0)
        case _:
            return ()


class _Domain:
    """The joint domain: completes a point begun by its edge case, or says that it lies outside."""

    def __init__(self, specs: tuple[SymbolSpec, ...], constraints: tuple[Constraint, ...]) -> None:
        self.plain = [spec for spec in specs if spec.length is None]
        self.sequences = [spec for spec in specs if spec.length is not None]
        self.lengths = {spec.length for spec in self.sequences}
        self.order = [spec.name for spec in specs]
        self.denominator = {spec.name: PRIMES[place % len(PRIMES)] for place, spec in enumerate(specs)}
        self.set = [(name, compiled(c.right)) for c in constraints if (name := _sets(c)) is not None]
        self.checks = [(c.relation, compiled(c.left), compiled(c.right)) for c in constraints]

    def complete(self, random: Random, begun: dict[str, Any], spread: int) -> Point | None:
        """Draw what is missing; None where the constraints do not hold."""
        drawn = {spec.name: begun.get(spec.name) for spec in self.plain}
        for spec in self.plain:
            if drawn[spec.name] is None:
                drawn[spec.name] = self._scalar(random, spec, spread)
        for spec in self.sequences:
            length = drawn.get(str(spec.length))
            if length is None:
                length = drawn[str(spec.length)] = random.randint(1, LONGEST)
            count = as_integer(length) + (1 if spec.from_zero else 0)
            values = tuple(self._scalar(random, spec, 1) for _ in range(max(0, count)))
            drawn[spec.name] = FromZero(values) if spec.from_zero else values
        return self.within(drawn)

    def within(self, drawn: dict[str, Any]) -> Point | None:
        """The point with its dependent symbols set, or None outside the domain."""
        try:
            for name, value in self.set:
                drawn[name] = run(value, drawn, Work())
            for spec in self.plain:
                if not _inside(drawn[spec.name], spec.domain):
                    return None
            for relation, left, right in self.checks:
                if not _holds(relation, run(left, drawn, Work()), run(right, drawn, Work())):
                    return None
        except AnswerError:
            return None
        return drawn

    def _scalar(self, random: Random, spec: SymbolSpec, spread: int) -> Any:
        most = spec.most
        if spec.name in self.lengths:
            most = min(most or LONGEST, LONGEST)
        match spec.domain:
            case "positive integer":
                return random.randint(1, most or (4, 9, 17)[spread - 1])
            case "non-negative integer":
                return random.randint(0, most or (3, 5, 8)[spread - 1])
        bottom = self.denominator[spec.name]
        match spec.domain:
            case "unit interval":
                return Fraction(random.randint(1, bottom - 1), bottom)
            case "positive real" | "non-negative real":
                return Fraction(random.randint(1, 5 * bottom), bottom)
        if random.random() < 0.35:  # whole numbers too, so that powers of negative numbers mean something
            return random.choice((-3, -2, 2, 3, 4, 5))
        value = Fraction(random.randint(1, 4 * bottom), bottom)
        return -value if random.random() < 0.4 else value


def _sets(constraint: Constraint) -> str | None:
    """The symbol that an equation gives, where it stands alone on the left."""
    left = constraint.left
    if constraint.relation == "=" and isinstance(left, Symbol) and left.name not in free_names(constraint.right):
        return left.name
    return None


def _inside(value: Any, domain: str) -> bool:
    match domain:
        case "positive integer":
            return type(value) is int and value >= 1
        case "non-negative integer":
            return type(value) is int and value >= 0
        case "positive real":
            return value > 0
        case "non-negative real":
            return value >= 0
        case "unit interval":
            return 0 < value < 1
        case _:
            return True


def _holds(relation: str, left: Any, right: Any) -> bool:
    match relation:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case _:
            return left == right


@lru_cache(maxsize=128)
def _simple(specs: tuple[SymbolSpec, ...], constraints: tuple[Constraint, ...], count: int) -> tuple[Point, ...]:
    if not specs:
        return ({},)
    domain = _Domain(specs, constraints)
    names = [spec.name for spec in specs]
    choices = [_choices(spec, spec.name in domain.lengths) for spec in specs]
    found: list[Point] = []
    seen: set[tuple[Any, ...]] = set()
    for ranks in itertools.islice(_by_size([len(choice) for choice in choices]), 40 * count):
        drawn = {name: choice[rank] for name, choice, rank in zip(names, choices, ranks, strict=True)}
        for spec in domain.sequences:
            length = as_integer(drawn.setdefault(str(spec.length), 2)) + (1 if spec.from_zero else 0)
            values = tuple(itertools.islice(itertools.cycle(drawn[spec.name]), max(0, length)))
            drawn[spec.name] = FromZero(values) if spec.from_zero else values
        point = domain.within(drawn)
        if point is not None:
            _keep(point, found, seen)
            if len(found) >= count:
                break
    return tuple(found)


def _choices(spec: SymbolSpec, is_length: bool) -> tuple[Any, ...]:
    values = tuple(v for v in SIMPLE[spec.domain] if spec.most is None or v <= spec.most) or SIMPLE[spec.domain][:1]
    if spec.length is not None:
        one, two, three = (*values, *values, *values)[:3]
        return ((one,), (two,), (one, two), (two, one), (two, three), (three, two, one), (one, three, two))
    return values[:4] if is_length else values


def _by_size(lengths: list[int]) -> Iterator[tuple[int, ...]]:
    """All choices of one place in each list, those with the smallest total first."""
    for total in range(sum(lengths) - len(lengths) + 1):
        yield from _with_total(lengths, total)


def _with_total(lengths: list[int], total: int) -> Iterator[tuple[int, ...]]:
    if not lengths:
        if total == 0:
            yield ()
        return
    for rank in range(min(total, lengths[0] - 1) + 1):
        for rest in _with_total(lengths[1:], total - rank):
            yield (rank, *rest)
