"""What the learner's finished runs came to, recipe by recipe: runs that can be compared with one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tutor.content.experiments import recipes
from tutor.content.model import Part
from tutor.training.recipe import SETTINGS, Recipe, recipe
from tutor.training.runs import Run, list_runs

FREE = ("source", "loop", "seed", "device", "precision", "threads")


def accuracies(runs: Iterable[Run], names: Sequence[str]) -> dict[str, float]:
    """Recipe -> validation accuracy (0 to 1) at the end of its newest finished run, for the recipes of these names.

    Only runs under the same conditions are put side by side: those under which most of the recipes have been run, among
    these the newest. A recipe without a run there is left out.
    """
    groups: dict[tuple[str, frozenset[tuple[str, object]]], dict[str, Run]] = {}
    for run in runs:
        one = run.recipe
        if one is None or one.name not in names or run.state != "finished" or run.validation_accuracy is None:
            continue
        group = groups.setdefault(conditions(one), {})
        if one.name not in group or group[one.name].began < run.began:
            group[one.name] = run
    if not groups:
        return {}
    best = max(groups.values(), key=lambda group: (len(group), max(run.began for run in group.values())))
    return {name: run.validation_accuracy or 0.0 for name, run in best.items()}


def accuracies_beside(run: Run, runs: Iterable[Run], names: Sequence[str]) -> dict[str, float]:
    """Those of the finished runs that can be compared with `run`, and its own as far as it is."""
    if run.recipe is None:
        return {}
    alike = conditions(run.recipe)
    like_it = [one for one in runs if one.recipe is not None and conditions(one.recipe) == alike]
    own = {} if run.validation_accuracy is None else {run.recipe.name: run.validation_accuracy}
    return accuracies(like_it, names) | own


def own_accuracies(part: Part) -> dict[str, float]:
    """Those of all runs there are, for the recipes of a part; read from the disk where the part compares any."""
    return accuracies(counting(part, list_runs()), recipes(part)) if part.changes else {}


def counting(part: Part, runs: Iterable[Run]) -> list[Run]:
    """The runs that a part is judged by: those at its scale, where it has one."""
    return [run for run in runs if not part.scale or (run.recipe is not None and run.recipe.scale == part.scale)]


def conditions(one: Recipe) -> tuple[str, frozenset[tuple[str, object]]]:
    """What two runs must share to be compared: the scale, and all that was set otherwise than the recipe has it.

    Whose network it is, the seed, and what varies by machine may differ.
    """
    usual = recipe(one.name, one.scale)
    changed = {(key, getattr(one, key)) for key in SETTINGS if getattr(one, key) != getattr(usual, key)}
    return one.scale, frozenset((key, value) for key, value in changed if key not in FREE)
