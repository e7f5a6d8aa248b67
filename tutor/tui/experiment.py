"""Experiments on the screen: their runs as a table, and beside a run what was predicted of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from tutor.answers.errors import Unreadable
from tutor.content.experiments import as_sentence, published, read_prediction, recipes, so_far
from tutor.content.model import Part, ProblemSet
from tutor.training.lacking import rows
from tutor.training.recipe import Recipe
from tutor.training.runs import Run
from tutor.training.saying import standing
from tutor.tui import drawing
from tutor.tui.drawing import QUIET, Lines

BAR = 12
OPEN = "not run yet"


def table(part: Part, runs: Sequence[Run], accuracies: Mapping[str, float], told: bool, width: int) -> Lines:
    """A line a recipe; `told` also shows what is published, which would give the prediction away before."""
    names = recipes(part)
    column = max(map(len, names)) + 2
    known = published(part)
    lines: Lines = []
    for one in rows(part, runs, accuracies):
        if one.accuracy is None:
            said = _doing(one.run)
        else:
            said = f"{100 * one.accuracy:.1f} %{', no better than guessing' if one.guessed else ''}"
        row = Content.assemble("  ", (f"{one.name:<{column}}", QUIET), f"{said:<34}" if told and width >= 64 else said)
        lines.append(Content.assemble(row, (f"{100 * known[one.name]:.1f} %", QUIET)) if told and width >= 64 else row)
    if told and width >= 64:
        head = Content.styled(f"  {'':<{column}}{'your runs':<34}{part.source}", QUIET)
        lines.insert(0, head)
    return lines


def _doing(run: Run | None) -> str:
    if run is None:
        return OPEN
    if run.state == "finished":
        return "finished under other conditions"
    if run.state in ("running", "slow") and run.steps:
        done = round(run.step / run.steps * BAR)
        return f"{'━' * done}{'─' * (BAR - done)} {standing(run)}"
    return standing(run)


def help_line(part: Part, left: Sequence[str], measured: bool, predicted: bool, width: int) -> Lines:
    """What to do now; `left` is what is neither measured nor on its way, `measured` whether all of it is there."""
    count = f"{len(left)} {part.scale}{' ' if part.scale else ''}run{'' if len(left) == 1 else 's'}"
    if left:
        said = f"F6 begins what is missing, {count} one after the other; F7 shows them."
    elif not measured:
        said = "They are on their way, also while you are elsewhere; F7 shows them. When the last is there, they are "
        said += "compared with your prediction." if predicted else "compared with what you predict."
    else:
        said = "enter compares your prediction with them." if predicted else "Type a prediction; enter compares it."
    return drawing.said(said, width, "  ", QUIET)


def about(sets: Sequence[ProblemSet], one: Recipe) -> Part | None:
    """The experiment that a recipe is run for."""
    parts = (part for one in sets for problem in one.problems for part in problem.parts)
    compared = (part for part in parts if part.kind == "experiment" and part.scale in ("", one.scale))
    return next((part for part in compared if one.name in recipes(part)), None)


def prediction(part: Part, text: str, accuracies: Mapping[str, float], width: int) -> Lines:
    """What the learner expects, and what has come of it so far; nothing where nothing was predicted."""
    try:
        expected = as_sentence(part, read_prediction(part, text))
    except Unreadable:
        return []
    lines = drawing.said(f"your prediction: {expected}", width, "", QUIET)
    known = so_far(part, accuracies)
    return [*lines, *drawing.said(f"so far: {known}", width)] if known else lines
