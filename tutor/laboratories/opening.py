"""Which problem has which laboratory."""

from __future__ import annotations

from tutor.laboratories.bench import Bench
from tutor.laboratories.cost import CostBench
from tutor.laboratories.initialization import InitializationBench
from tutor.laboratories.optimizers import OptimizersBench
from tutor.laboratories.receptive_field import FieldBench

BENCHES: dict[str, type[Bench]] = {
    "cost": CostBench,
    "initialization": InitializationBench,
    "optimizers": OptimizersBench,
    "receptive-field": FieldBench,
}


def bench_of(problem: str) -> Bench | None:
    """The laboratory of a problem, by the problem's id."""
    kind = BENCHES.get(problem)
    return None if kind is None else kind()
