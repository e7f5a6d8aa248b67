"""Laboratories opened as the screen opens them, and PyTorch asked in this process."""

import pytest

from tutor.content.load import load_sets
from tutor.laboratories.bench import Found
from tutor.laboratories.claims import claim_of
from tutor.laboratories.opening import bench_of

NOTHING = Found()


@pytest.fixture(scope="session")
def parts():
    """Every part of the sheet, by problem/part."""
    return {f"{part.problem_id}/{part.id}": part for problem in load_sets()[0].problems for part in problem.parts}


@pytest.fixture
def opened(parts):
    """A laboratory at a part, with answers by part and numbers."""

    def open_it(where, numbers=None, **answers):
        problem, part = where.split("/")
        typed = {name.replace("_", "-"): text for name, text in answers.items()}
        claims = {name: claim_of(parts[f"{problem}/{name}"], text) for name, text in typed.items()}
        return bench_of(problem).opened(part, claims, numbers)

    return open_it


@pytest.fixture
def found():
    """What PyTorch finds for a laboratory."""

    def find(bench):
        from tutor.engine import laboratories

        asking = bench.asks()
        values = getattr(laboratories, asking.method)(**dict(asking.params))
        return Found(values if isinstance(values, dict) else list(values)[-1])

    return find


@pytest.fixture
def text():
    """A laboratory's picture as text."""

    def draw(bench, found=NOTHING, width=54, ascii_only=False):
        lines = bench.draw(width, ascii_only, found).lines
        return "\n".join("".join(span.text for span in line).rstrip() for line in lines)

    return draw
