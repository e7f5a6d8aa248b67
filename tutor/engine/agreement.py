"""Every formula of the content against its measurement, for its author. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.answers.evaluate import Point
from tutor.answers.sampling import points
from tutor.content.load import Loader, set_folders
from tutor.content.model import Part
from tutor.content.tables import Complaint, Table, collecting
from tutor.engine.asking import FILE, Claim, claims, request, value_at, words
from tutor.engine.client import Engine, EngineError
from tutor.engine.measurement import Measurement

POINTS = 10


@dataclass(frozen=True, slots=True)
class _Asked:
    place: Table
    key: str
    """Of the place: the formula's own key there."""
    claim: Claim
    point: Point
    future: Future[dict[str, Any]]


def disagreements(folder: Path, engine: Engine) -> list[Complaint]:
    """Every formula of the sets of a folder whose measurement says something else, by file and line.

    Raises EngineError where the engine does not run at all.
    """
    found: list[Complaint] = []
    asked: list[_Asked] = []
    for each in set_folders(folder):
        loader = Loader(collecting(found))
        problems = loader.load(each).problems
        # What is wrong with the tables, `content.lint` says.
        found.clear()
        for problem in problems:
            for part in problem.parts:
                asked += _ask(part, loader, problem.folder, engine)
    complained: set[tuple[int, str]] = set()
    for one in asked:
        at = (id(one.place), one.claim.formula)
        if at not in complained and (said := _complaint(one, engine)):
            complained.add(at)
            one.place.complain(one.key, said)
    return sorted(set(found))


def _ask(part: Part, loader: Loader, folder: Path, engine: Engine) -> Iterator[_Asked]:
    for claim in claims(part):
        place, key = loader.places[part.problem_id, part.id], "answer"
        if claim.formula != part.answer:
            place, key = loader.places[part.problem_id, part.id, "accept", claim.formula], "formula"
        if claim.measure is None:
            place.complain("", f'{part.id} has no measurement; write measure = "name", and the function in {FILE}')
            continue
        every = points(part.vocabulary, part.key)
        # The first are the edge cases, the last the ordinary ones.
        for point in every if len(every) <= POINTS else (*every[: POINTS // 2], *every[-(POINTS // 2) :]):
            yield _Asked(place, key, claim, point, request(engine, folder, claim.measure, point))


def _complaint(asked: _Asked, engine: Engine) -> str:
    """What is wrong at this point, or ""."""
    claim = asked.claim
    try:
        measured = Measurement.of(asked.future.result())
    except EngineError as error:
        if engine.state.startswith("broken"):
            raise
        return f"{claim.measure} could not be measured: {error}"
    value = value_at(claim.tree, asked.point)
    if value is None:
        return f"{claim.formula!r} has no value at {words(asked.point)}; mend the formula, or the domain of a symbol"
    if measured.agrees(value):
        return ""
    return (
        f"{claim.formula!r} says {value:.10g} at {words(asked.point)}, PyTorch measured {measured.value:.10g}; mend "
        f"the formula, or the measurement {claim.measure}"
    )
