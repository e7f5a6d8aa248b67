"""How long a measurement takes once PyTorch is loaded: every part of the sheet, at middling numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.figures import Figure, percentile
from tutor.content.load import load_sets
from tutor.engine.asking import defaults, request
from tutor.engine.client import Engine

ROUNDS = 10


def figures() -> Iterator[Figure]:
    """Ten rounds over all parts; the first round warms up."""
    engine = Engine()
    taken: list[float] = []
    for round_ in range(ROUNDS + 1):
        for problem in load_sets()[0].problems:
            for part in problem.parts:
                if part.measure is None:
                    continue
                began = time.perf_counter()
                request(engine, problem.folder, part.measure, defaults(part)).result()
                if round_:
                    taken.append(1000 * (time.perf_counter() - began))
    engine.close()
    how = f"{len(taken)} measurements, median {percentile(taken, 0.5):.1f} ms"
    yield Figure("measurement, engine warm, 95th pct", percentile(taken, 0.95), "ms", 300, how=how)
