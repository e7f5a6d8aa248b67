"""Runs as lines: for the list of runs and for the first screen. Functions of values, a moment and a width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from rich.cells import cell_len
from textual.content import Content

from tutor.training.runs import Run
from tutor.training.saying import ago, duration
from tutor.tui.drawing import ACCENT, Lines, cut
from tutor.tui.training.words import QUIET, bar, percent

Columns: TypeAlias = Literal["name", "state", "bar", "accuracy", "time"]
MOST_AT_HOME = 3
BAR_COLUMNS = 20
SIGNS = {
    "running": "▸",
    "slow": "▸",
    "waiting": "▸",
    "finished": "✓",
    "stopped": "◐",
    "failed": "✗",
    "dead": "✗",
    "unknown": "?",
}
PLAIN_SIGNS = SIGNS | {"running": ">", "slow": ">", "waiting": ">", "finished": "+", "stopped": "o", "failed": "x"}
LOOKS = {"failed": "$error", "dead": "$error", "finished": "$success"}


def named(run: Run) -> str:
    """What it is called: its recipe, else its folder."""
    return run.recipe.name if run.recipe is not None else run.id


def state(run: Run) -> str:
    """How far it is, or what became of it."""
    if run.state in ("running", "slow", "unknown") and run.epochs:
        far = f"epoch {max(run.epoch, 1)} of {run.epochs}"
        return {"slow": f"silent, {far}", "unknown": f"on {run.host}"}.get(run.state, far)
    if run.state == "waiting":
        return f"queued as {run.queue}" if run.queue else "waits its turn" if run.message else "starting"
    if run.state == "dead":
        return "lost with its machine" if run.restarted else "lost"
    return run.state


def share(run: Run) -> float:
    """What of it is done."""
    return run.step / run.steps if run.steps else 0.0


def when(run: Run, now: float) -> str:
    """Time left while it runs; later, when it was heard last."""
    if run.alive:
        return "" if run.seconds_left is None else f"{duration(run.seconds_left)} left"
    return ago(run.heard or run.began, now)


def row(run: Run, now: float, width: int, column: int, *, signs: bool = False, plain: bool = False) -> Content:
    """A run in one line; what does not fit is left out, the bar first."""
    look = LOOKS.get(run.state, "")
    sign = (PLAIN_SIGNS if plain else SIGNS)[run.state] + " " if signs else ""
    name = cut(named(run), column - 2)
    line = Content.assemble((sign, look), f"{name:<{column}}", (f"{state(run):<15}", "" if run.alive else QUIET))
    accuracy = run.validation_accuracy if run.alive else run.best_accuracy
    right = Content.assemble(("val ", QUIET), f"{percent(accuracy):>7}") if accuracy is not None else Content(" " * 11)
    right = Content.assemble(right, "   ", (f"{when(run, now):<12}", QUIET))
    room = width - line.cell_length - right.cell_length - 4
    if room >= 6:
        length = min(BAR_COLUMNS, room)
        between = bar(share(run), length, plain) if run.state != "finished" else Content(" " * length)
        return Content.assemble(line, " ", between, "   ", right)
    if line.cell_length + 1 + right.cell_length <= width:
        return Content.assemble(line, " ", right)
    return line.truncate(width, ellipsis=True)


def run_lines(runs: Sequence[Run], now: float, width: int, plain: bool = False) -> Lines:
    """The block of the first screen: the newest runs, those that are alive first; nothing where there are none."""
    if not runs:
        return []
    first = sorted(runs, key=lambda run: (not run.alive, -run.began))[:MOST_AT_HOME]
    column = max(cell_len(named(run)) for run in first) + 3
    return [
        Content.styled("Runs", "bold"),
        *(Content.assemble("  ", row(run, now, width - 2, min(column, 22), plain=plain)) for run in first),
    ]


def list_lines(runs: Sequence[Run], at: int, now: float, width: int, plain: bool = False) -> Lines:
    """The list of runs, the one chosen marked; a second line says what went wrong."""
    lines: Lines = []
    column = min(22, max((cell_len(named(run)) for run in runs), default=0) + 3)
    for number, run in enumerate(runs):
        mark = (("> " if plain else "▸ "), ACCENT) if number == at else ("  ", "")
        line = row(run, now, width - 2, column, signs=True, plain=plain)
        lines.append(Content.assemble(mark, line.stylize("bold") if number == at else line))
    return lines
