"""The runs of an experiment: what each recipe has, which are lacking, and how those are begun, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tutor.content.experiments import LEARNED, recipes, unlearned
from tutor.content.model import Part
from tutor.training.outcomes import conditions
from tutor.training.recipe import default_scale, recipe
from tutor.training.runs import Run


class DataLacking(Exception):
    """The data set of this name is not on this machine, so nothing was begun."""


@dataclass(frozen=True, slots=True)
class Row:
    """What an experiment has of a recipe: an accuracy, else the newest run, else nothing."""

    name: str
    accuracy: float | None = None
    """0 to 1."""
    guessed: bool = False
    """Whether that is no better than guessing."""
    run: Run | None = None
    """The run, where there is no accuracy yet. A finished one was under conditions that the others do not share."""


def rows(part: Part, runs: Sequence[Run], accuracies: Mapping[str, float]) -> list[Row]:
    """A row a recipe. Where something has learned nothing, what is run again is told instead."""
    guessed = unlearned(part, accuracies)
    found = []
    for name in recipes(part):
        run = newest(runs, name)
        again = bool(guessed) and run is not None and run.alive
        known = name in accuracies and not again
        found.append(Row(name, accuracies[name], name in guessed) if known else Row(name, run=run))
    return found


def newest(runs: Sequence[Run], name: str) -> Run | None:
    """The newest run of a recipe, of `runs` in the order newest first."""
    return next((run for run in runs if run.recipe is not None and run.recipe.name == name), None)


def lacking(part: Part, runs: Sequence[Run], accuracies: Mapping[str, float]) -> list[str]:
    """The recipes that are neither measured nor on their way.

    Where a run has learned nothing, so may all that were run like it; then what counts is the recipes as they are.
    """
    done = set(accuracies)
    if unlearned(part, accuracies):
        done = {run.recipe.name for run in runs if run.recipe is not None and _as_it_is(run)}
    on_their_way = {name for name in recipes(part) if (run := newest(runs, name)) is not None and run.alive}
    return [name for name in recipes(part) if name not in done | on_their_way]


def _as_it_is(run: Run) -> bool:
    """Whether a finished run has learned, with nothing of its recipe changed."""
    if run.recipe is None or run.state != "finished" or (run.validation_accuracy or 0.0) <= LEARNED:
        return False
    return not conditions(run.recipe)[1]


def begin(part: Part, names: Sequence[str], runs: Sequence[Run], quick: bool = False) -> list[Run]:
    """Begin these recipes of a part, each when the run before it is over. Raises DataLacking, RunError.

    They have the scale of the part, else that which suits the machine, or are the quick ones, which need no other
    images than those that come along. `runs` are all that there are.
    """
    # Not before: a screen that shows which runs are lacking should open at once.
    from tutor.training import after, starting
    from tutor.training.data.finding import find

    usual = "quick" if quick else default_scale(starting.gpu_here())
    wanted = [recipe(name, part.scale or usual) for name in names]
    for one in wanted:
        if not find(one.data).complete:
            raise DataLacking(one.data)
    before = next((run for run in runs if run.alive), None)
    begun: list[Run] = []
    for one in wanted:
        before = after.start_after(before, one)
        begun.append(before)
    return begun
