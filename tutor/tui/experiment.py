"""Experiments on the screen: their runs as a table, and beside a run what was predicted of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from tutor.answers.errors import Unreadable
from tutor.content.experiments import as_sentence, published, read_prediction, recipes, so_far
from tutor.content.model import Part, ProblemSet
from tutor.training.runs import Run
from tutor.tui import drawing
from tutor.tui.drawing import QUIET, Lines

BAR = 12
OPEN = "not run yet"


def newest(runs: Sequence[Run], name: str) -> Run | None:
    """The newest run of a recipe, of `runs` in the order newest first."""
    return next((run for run in runs if run.recipe is not None and run.recipe.name == name), None)


def missing(part: Part, runs: Sequence[Run], accuracies: Mapping[str, float]) -> list[str]:
    """The recipes that are neither measured nor on their way."""
    found = []
    for name in recipes(part):
        run = newest(runs, name)
        if name not in accuracies and (run is None or not run.alive):
            found.append(name)
    return found


def table(part: Part, runs: Sequence[Run], accuracies: Mapping[str, float], told: bool, width: int) -> Lines:
    """A line a recipe; `told` also shows what is published, which would give the prediction away before."""
    names = recipes(part)
    column = max(map(len, names)) + 2
    known = published(part)
    lines: Lines = []
    for name in names:
        said = f"{100 * accuracies[name]:.1f} %" if name in accuracies else _doing(newest(runs, name))
        row = Content.assemble("  ", (f"{name:<{column}}", QUIET), f"{said:<34}" if told and width >= 64 else said)
        lines.append(Content.assemble(row, (f"{100 * known[name]:.1f} %", QUIET)) if told and width >= 64 else row)
    if told and width >= 64:
        head = Content.styled(f"  {'':<{column}}{'your runs':<34}{part.source}", QUIET)
        lines.insert(0, head)
    return lines


def _doing(run: Run | None) -> str:
    if run is None:
        return OPEN
    if run.state == "waiting":
        return "waits for its turn"
    if run.alive:
        share = run.step / run.steps if run.steps else 0.0
        done = round(share * BAR)
        bar = "━" * done + "─" * (BAR - done)
        return f"{bar} epoch {max(run.epoch, 1)} of {run.epochs}"
    return {"failed": "failed", "stopped": "stopped", "dead": "broken off", "unknown": "on another machine"}.get(
        run.state, "finished under other conditions"
    )


def help_line(part: Part, left: Sequence[str], width: int) -> Lines:
    """What to do now."""
    if not left:
        return []
    count = f"{len(left)} run{'' if len(left) == 1 else 's'}"
    return drawing.said(f"F6 begins what is missing, {count} one after the other; F7 shows them.", width, "  ", QUIET)


def about(sets: Sequence[ProblemSet], name: str) -> Part | None:
    """The experiment that a recipe is run for."""
    parts = (part for one in sets for problem in one.problems for part in problem.parts)
    return next((part for part in parts if part.kind == "experiment" and name in recipes(part)), None)


def prediction(part: Part, text: str, accuracies: Mapping[str, float], width: int) -> Lines:
    """What the learner expects, and what has come of it so far; nothing where nothing was predicted."""
    try:
        expected = as_sentence(part, read_prediction(part, text))
    except Unreadable:
        return []
    lines = drawing.said(f"your prediction: {expected}", width, "", QUIET)
    known = so_far(part, accuracies)
    return [*lines, *drawing.said(f"so far: {known}", width)] if known else lines
