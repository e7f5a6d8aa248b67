"""Runs as lines: for the list of runs and for the first screen. Functions of values, a moment and a width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from tutor.training.runs import Run
from tutor.training.saying import standing, waits_how, when
from tutor.tui.drawing import ACCENT, Lines, cut
from tutor.tui.training.words import QUIET, bar, percent

MOST_AT_HOME = 3
NAME_COLUMNS, STATE_COLUMNS, TIME_COLUMNS = (12, 22), (16, 18), (12, 15)
"""At least, so that little moves when a run comes or changes, and at most; what is longer is cut."""
ACCURACY_COLUMNS, BAR_COLUMNS = 11, (6, 20)
SIGNS = {
    "running": "•",
    "slow": "•",
    "waiting": "•",
    "finished": "✓",
    "stopped": "◐",
    "failed": "✗",
    "dead": "✗",
    "unknown": "?",
}
WAITS = "○"
"""The sign of a run whose turn has not come."""
LOOKS = {"failed": "$error", "dead": "$error", "finished": "$success"}


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide the parts of a row are: the same in every row, so that they stand one below the other.

    0 leaves a part out.
    """

    name: int
    state: int
    bar: int
    accuracy: int
    time: int


def named(run: Run) -> str:
    """What it is called: its recipe, else its folder."""
    return run.recipe.name if run.recipe is not None else run.id


def sign(run: Run) -> str:
    """How it stands, in one sign."""
    return WAITS if run.waits else SIGNS[run.state]


def share(run: Run) -> float:
    """What of it is done."""
    return run.step / run.steps if run.steps else 0.0


def counted(runs: Sequence[Run]) -> str:
    """How many there are: `1 running, 3 waiting, 4 in all`."""
    waiting = sum(run.waits for run in runs)
    running = sum(run.alive for run in runs) - waiting
    parts = ((running, "running"), (waiting, "waiting"), (len(runs), "in all"))
    return ", ".join(f"{count} {word}" for count, word in parts if count)


def _within(least: int, most: int, texts: Sequence[str], apart: int) -> int:
    """A column for the longest of some texts and what stands between it and the next column."""
    return min(most, max(least, max((cell_len(text) for text in texts), default=0) + apart))


def columns(runs: Sequence[Run], now: float, width: int) -> Columns:
    """Columns for these runs in rows of a width; what does not fit is left out, the bar first."""
    name = _within(*NAME_COLUMNS, [named(run) for run in runs], 3)
    word = _within(*STATE_COLUMNS, [standing(run) for run in runs], 2)
    time = _within(*TIME_COLUMNS, [when(run, now) for run in runs], 0)
    least, most = BAR_COLUMNS
    room = width - name - word - ACCURACY_COLUMNS - 3 - time
    if room >= least + 3:
        return Columns(name, word, min(most, room - 3), ACCURACY_COLUMNS, time)
    return Columns(name, word, 0, ACCURACY_COLUMNS, time) if room >= 0 else Columns(name, word, 0, 0, 0)


def row(run: Run, now: float, width: int, place: Columns) -> Content:
    """A run in one line."""
    word = cut(standing(run), place.state - 2)
    line = Content.assemble(
        f"{cut(named(run), place.name - 2):<{place.name}}",
        (f"{word:<{place.state}}", "" if run.alive and not run.waits else QUIET),
    )
    if not place.accuracy:
        return line.truncate(width, ellipsis=True)
    if run.waits:
        # It has neither steps nor figures; in their place stands what it waits for.
        return Content.assemble(line, (cut(waits_how(run), width - line.cell_length), QUIET))
    return Content.assemble(line, _figures(run, place), "   ", (f"{when(run, now):<{place.time}}", QUIET))


def _figures(run: Run, place: Columns) -> Content:
    """How far it is, and how well it does."""
    done = Content(" " * place.bar) if run.state == "finished" else bar(share(run), place.bar)
    accuracy = Content(" " * place.accuracy)
    if run.accuracy is not None:
        accuracy = Content.assemble(("val ", QUIET), f"{percent(run.accuracy):>{place.accuracy - 4}}")
    return Content.assemble(done, "   " if place.bar else "", accuracy)


def first(runs: Sequence[Run]) -> list[Run]:
    """What is worth seeing first: what runs, then what waits, whose turn is next first, then what ended last."""
    running = [run for run in runs if run.alive and not run.waits]
    waiting = sorted((run for run in runs if run.waits), key=lambda run: run.began)
    over = sorted((run for run in runs if not run.alive), key=lambda run: -run.began)
    return [*running, *waiting, *over]


def run_lines(runs: Sequence[Run], now: float, width: int) -> Lines:
    """The block of the first screen: what runs, waits, or ended last; nothing where there are no runs."""
    if not runs:
        return []
    shown = first(runs)[:MOST_AT_HOME]
    place = columns(shown, now, width - 2)
    title = Content.styled("Runs", "bold")
    if len(runs) > len(shown):
        title = Content.assemble(title, (f"   {counted(runs)}", QUIET))
    return [title, *(Content.assemble("  ", row(run, now, width - 2, place)) for run in shown)]


def list_lines(runs: Sequence[Run], at: int, now: float, width: int) -> Lines:
    """The list of runs, the one chosen marked."""
    lines: Lines = []
    place = columns(runs, now, width - 4)
    for number, run in enumerate(runs):
        mark = ("▸ ", ACCENT) if number == at else ("  ", "")
        line = Content.assemble((f"{sign(run)} ", LOOKS.get(run.state, "")), row(run, now, width - 4, place))
        lines.append(Content.assemble(mark, line.stylize("bold") if number == at else line))
    return lines
