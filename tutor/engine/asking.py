"""What to ask the engine about a part, and what its formula says at the same numbers. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.answers.errors import AnswerError
from tutor.answers.evaluate import FromZero, Point, evaluate
from tutor.answers.sampling import points, within
from tutor.answers.tree import Node
from tutor.answers.vocabulary import SymbolSpec
from tutor.content.model import Part
from tutor.engine.client import Engine

SECONDS = 20.0
FILE = "measure.py"


@dataclass(frozen=True, slots=True)
class Claim:
    """A formula of a part and the measurement it must agree with."""

    formula: str
    tree: Node
    measure: str | None


def claims(part: Part) -> tuple[Claim, ...]:
    """The answer and the accepted forms; an accepted form that counts something else names its own measurement."""
    if part.tree is None or part.kind not in ("formula", "number"):
        return ()
    others = (Claim(one.formula, one.tree, one.measure or part.measure) for one in part.accept)
    return (Claim(part.answer, part.tree, part.measure), *others)


def request(
    engine: Engine,
    folder: Path,
    measure: str,
    point: Point,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> Future[dict[str, Any]]:
    """Ask for a measurement of a problem (its folder) at a point; the future gives `Measurement.as_values`."""
    params = {"file": str((folder / FILE).resolve()), "function": measure, "symbols": plain(point)}
    return engine.request("measure", params, SECONDS, on_progress)


def plain(point: Point) -> dict[str, Any]:
    """A point as JSON has it: whole numbers, floats, lists."""
    return {
        name: [_plain(one) for one in value] if isinstance(value, tuple) else _plain(value)
        for name, value in point.items()
    }


def _plain(value: Any) -> int | float:
    return int(value) if isinstance(value, int) else float(value)


def value_at(tree: Node, point: Point) -> float | None:
    """The formula's value at a point; None where it has none (a division by 0, an index outside, too large)."""
    try:
        value = float(evaluate(tree, point))
    except (AnswerError, ArithmeticError, ValueError, TypeError, LookupError):
        return None
    return value if math.isfinite(value) else None


def words(point: Point) -> str:
    """`n = 1, K = 2`; "no symbols" where there are none."""
    values = (
        f"{name} = ({', '.join(f'{one:g}' for one in value)})" if isinstance(value, list) else f"{name} = {value:g}"
        for name, value in plain(point).items()
    )
    return ", ".join(values) or "no symbols"


def plain_symbols(part: Part) -> tuple[SymbolSpec, ...]:
    """The symbols that take a value, random variables aside."""
    return tuple(spec for spec in part.vocabulary.symbols if spec.distribution is None)


def defaults(part: Part) -> dict[str, Any]:
    """Middling values of a part's symbols, inside its domain."""
    specs = plain_symbols(part)
    lengths = {spec.length for spec in specs}
    point: dict[str, Any] = {spec.name: _middle(spec) for spec in specs if spec.length is None}
    lower = [spec for spec in reversed(specs) if "integer" in spec.domain and spec.name in point]
    for spec in (None, *(spec for spec in lower if spec.name not in lengths)):
        if spec is not None:
            point[spec.name] = 1 if spec.domain == "positive integer" else 0
        filled = stretched(part, point)
        if within(specs, part.vocabulary.constraints, filled):
            return filled
    return dict(points(part.vocabulary, part.key)[0])


def stretched(part: Part, point: dict[str, Any]) -> dict[str, Any]:
    """The point with middling elements for every sequence it lacks, as many as its length asks."""
    filled = dict(point)
    for spec in plain_symbols(part):
        if spec.length is not None and spec.name not in filled:
            elements = [_middle(spec)] * (filled[spec.length] + spec.from_zero)
            filled[spec.name] = FromZero(elements) if spec.from_zero else tuple(elements)
    return filled


def _middle(spec: SymbolSpec) -> int | float:
    if "integer" in spec.domain:
        return max(1, (spec.most or 8) // 2)
    return 0.75 if spec.domain == "unit interval" else 0.5
