"""The titles of the sets alone, for the first frame: no formula is read, nothing is checked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tutor import paths
from tutor.answers.vocabulary import Vocabulary
from tutor.content.model import Part, Problem, ProblemSet


def outline(folder: Path | None = None) -> tuple[ProblemSet, ...]:
    """The sets with the ids and titles of their problems and parts; none where a file cannot be used.

    What is wrong there, `load.load_sets` says a moment later.
    """
    folder = paths.problems_folder() if folder is None else folder
    try:
        return tuple(_set(file.parent) for file in sorted(folder.glob("*/set.toml")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _set(folder: Path) -> ProblemSet:
    table = _table(folder / "set.toml")
    problems = (_problem(folder, name, number) for number, name in enumerate(table["problems"], 1))
    return ProblemSet(folder.name, table["title"], "", tuple(problems))


def _problem(folder: Path, name: str, number: int) -> Problem:
    table = _table(folder / name / "problem.toml")
    parts = tuple(
        Part(folder.name, name, part["id"], part["kind"], part["title"], "", "", None, Vocabulary(()))
        for part in table["parts"]
    )
    return Problem(folder.name, name, number, table["title"], tuple(table["goals"]), "", parts, folder / name)


def _table(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
