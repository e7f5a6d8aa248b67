"""The numbers a measurement is made at, as people type them: `n=4 K=8`, `K=3,5,3`. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tutor.answers.evaluate import FromZero
from tutor.answers.preview import pretty
from tutor.answers.sampling import within
from tutor.answers.vocabulary import SymbolSpec
from tutor.content.model import Part
from tutor.engine.asking import defaults, plain, plain_symbols, stretched

MOST = 10**4


class NumbersError(ValueError):
    """Why numbers cannot be used: one sentence that says what to do."""


def as_typed(point: dict[str, Any]) -> str:
    """A point as it would be typed: `n=4 K=8`, `L=2 K=3,5`."""
    values = (
        f"{name}={','.join(f'{one:g}' for one in value)}" if isinstance(value, list) else f"{name}={value:g}"
        for name, value in plain(point).items()
    )
    return " ".join(values)


def point_of(part: Part, pairs: Sequence[str]) -> dict[str, Any]:
    """The values given, and middling ones for the rest. Raises NumbersError outside the part's domain."""
    specs = {spec.name: spec for spec in plain_symbols(part)}
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        spec = specs.get(name) or next(
            (one for one in specs.values() if name in (*one.spellings, pretty(one.name))), None
        )
        if not equals or not text:
            raise NumbersError(f"{pair} gives no value; write SYMBOL=VALUE, as in n=4 or K=3,5,3.")
        if spec is None:
            known = ", ".join(specs) or "none, so leave it out"
            raise NumbersError(f"{part.id} has no symbol {name}; its symbols: {known}.")
        given[spec.name] = _sequence(spec, text) if spec.length else _number(spec, text)
        if spec.length and spec.length not in given:
            given[spec.length] = len(given[spec.name]) - spec.from_zero
    usual = {name: value for name, value in defaults(part).items() if specs[name].length is None}
    point = stretched(part, {**usual, **given})
    if not within(tuple(specs.values()), part.vocabulary.constraints, point):
        domains = "; ".join(f"{spec.name}: {spec.domain}" for spec in specs.values())
        raise NumbersError(f"These numbers lie outside what {part.id} speaks of ({domains}), or do not fit together.")
    return point


def _sequence(spec: SymbolSpec, text: str) -> tuple[Any, ...]:
    values = [_number(spec, one) for one in text.strip("()[]").split(",")]
    return FromZero(values) if spec.from_zero else tuple(values)


def _number(spec: SymbolSpec, text: str) -> int | float:
    try:
        value = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise NumbersError(f"{spec.name}={text} is no number; write it as 4, 0.5 or 1/3.") from None
    if abs(value) > MOST:
        raise NumbersError(f"{spec.name}={text} is too large to run here; take at most {MOST:,}.")
    return int(value) if value.denominator == 1 and "integer" in spec.domain else float(value)
