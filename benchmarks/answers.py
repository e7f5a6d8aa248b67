"""Answers judged by the thousand, and the time from a key to its preview in the interface's own code."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, percentile
from tutor.content.judge import judge, look
from tutor.content.load import load_sets
from tutor.content.model import Part

LINES = 6000


def figures() -> Iterator[Figure]:
    """`check --batch`, and preview with verdict for each key of each answer."""
    parts = [part for each in load_sets() for problem in each.problems for part in problem.parts]
    yield _batch(parts)
    yield _keys(parts)


def _answers(parts: list[Part]) -> list[tuple[str, str]]:
    """Right answers, known mistakes, and wrong ones nobody foresaw, each spelled so that none repeats."""
    written = [
        (f"{part.problem_id}/{part.id}", formula)
        for part in parts
        if part.kind in ("formula", "number")
        for formula in (part.answer, *(mistake.formula for mistake in part.mistakes), f"({part.answer}) + 7")
    ]
    again = itertools.cycle(written)
    spelled = ((key, formula + " " * (number // len(written))) for number, (key, formula) in enumerate(again))
    return list(itertools.islice(spelled, LINES))


def _batch(parts: list[Part]) -> Figure:
    given = "\n".join(json.dumps({"part": key, "answer": answer}) for key, answer in _answers(parts))
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tutor", "check", "--batch"], input=given, capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - begun
    assert len(done.stdout.splitlines()) == LINES
    how = f"{LINES:,} lines, start of the program included"
    return Figure("check --batch", LINES / seconds, "answers/s", 1000, True, how)


def _keys(parts: list[Part]) -> Figure:
    taken = []
    for part in parts:
        if part.kind not in ("formula", "number"):
            continue
        for end in range(1, len(part.answer) + 1):
            begun = time.perf_counter()
            look(part, part.answer[:end])
            judge(part, part.answer[:end])
            taken.append(1000 * (time.perf_counter() - begun))
    return Figure("preview and verdict of a key, 99th pct", percentile(taken, 0.99), "ms", 16, how=f"{len(taken)} keys")
