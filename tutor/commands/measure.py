"""Measure a part in real PyTorch, beside its formula. Exit status 0: they agree, 1: not, 2: it cannot be done."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from tutor.commands import CORRECT, INCORRECT, Trouble, part_or_trouble, print_json, sets_or_trouble

if TYPE_CHECKING:
    from tutor.engine.measurement import Measurement

EXAMPLE = "measure cost/training-multiplications n=4 K=8 L=3"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("part", metavar="PART", help="problem/part, such as cost/training-memory")
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL=VALUE", help="n=4, sigma=1/3; a sequence is K=3,5,3")
    parser.add_argument("--json", action="store_true", help="the measurement as one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Measure, and say it beside the formula's value."""
    from tutor.engine.asking import plain, value_at, words
    from tutor.engine.numbers import NumbersError, point_of

    sets = sets_or_trouble()
    part = part_or_trouble(sets, arguments.part)
    if part.tree is None or part.measure is None:
        raise Trouble(f"{part.problem_id}/{part.id} is a {part.kind}; there is nothing to measure, only to judge.")
    folder = next(p.folder for one in sets for p in one.problems if one.id == part.set_id and p.id == part.problem_id)
    try:
        point = point_of(part, arguments.symbols)
    except NumbersError as error:
        raise Trouble(str(error)) from None
    began = time.monotonic()
    measured = _measure(folder, part.measure, point)
    seconds = time.monotonic() - began
    formula = value_at(part.tree, point)
    if formula is None:
        raise Trouble(f"{part.answer} has no value at {words(point)}; choose other numbers.")
    agree = measured.agrees(formula)
    if arguments.json:
        print_json(
            {
                "part": f"{part.problem_id}/{part.id}",
                "symbols": plain(point),
                "measured": measured.value,
                "formula": int(formula) if formula == int(formula) else formula,
                "agree": agree,
                "seconds": round(seconds, 3),
                "how": measured.how,
                "standard_error": measured.standard_error,
            }
        )
    else:
        error = "" if measured.standard_error is None else f" ± {measured.standard_error:.2g}"
        print(f"at        {words(point)}")
        print(f"measured  {measured.value:.10g}{error}   {measured.how}")
        print(f"formula   {formula:.10g}   {'they agree' if agree else 'they differ'}")
    return CORRECT if agree else INCORRECT


def _measure(folder: Any, measure: str, point: dict[str, Any]) -> Measurement:
    from tutor.engine.asking import request
    from tutor.engine.client import Engine, EngineError
    from tutor.engine.measurement import Measurement

    waiting = sys.stderr is not None and sys.stderr.isatty()
    if waiting:
        print("loading PyTorch ...", end="\r", file=sys.stderr, flush=True)
    engine = Engine()
    try:
        return Measurement.of(request(engine, folder, measure, point).result())
    except EngineError as error:
        raise Trouble(str(error)) from None
    finally:
        engine.close()
        if waiting:
            print(" " * 20, end="\r", file=sys.stderr, flush=True)
