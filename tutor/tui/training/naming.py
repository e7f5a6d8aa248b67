"""Names of runs that lie over one another: told apart where recipes repeat, and laid out beside their letters."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence

from tutor.training.runs import Run
from tutor.tui.training.lines import named

GAP = "   "


def told_apart(runs: Sequence[Run]) -> list[str]:
    """What each is called: its recipe; where several have the same, also when it began, or else the end of its id."""
    repeated = {name for name, count in Counter(map(named, runs)).items() if count > 1}
    marks: dict[str, str] = {}
    for name in repeated:
        marks |= _marks([run for run in runs if named(run) == name])
    return [f"{named(run)} {marks[run.id]}" if run.id in marks else named(run) for run in runs]


def _marks(runs: Sequence[Run]) -> dict[str, str]:
    """What tells runs of one recipe apart, by id."""
    moments = [time.localtime(run.began) for run in runs]
    one_day = len({moment[:3] for moment in moments}) == 1
    words = [time.strftime("%H:%M" if one_day else "%d %b %H:%M", moment) for moment in moments]
    if len(set(words)) < len(words):
        words = [run.id.rpartition("-")[2] for run in runs]
    return {run.id: word for run, word in zip(runs, words, strict=True)}


def laid_out(words: Sequence[tuple[str, str]], last: str, width: int, most: int) -> list[str]:
    """Letters with their names, as many beside one another as fit; cut where `most` lines are not enough.

    `last` follows where there is room for it.
    """
    for count in range(1, most + 1) if words else ():
        each = math.ceil(len(words) / count)
        rows = [words[at : at + each] for at in range(0, len(words), each)]
        lines = [GAP.join(f"{letter} {name}" for letter, name in row) for row in rows]
        if max(map(len, lines)) <= width or count == most:
            break
    else:
        return []
    if max(map(len, lines)) > width:
        room = (width + len(GAP)) // each - len(GAP) - 2
        lines = [GAP.join(f"{letter} {shortened(name, room)}" for letter, name in row) for row in rows]
    if len(lines[-1]) + len(GAP) + len(last) <= width:
        lines[-1] += GAP + last
    return lines


def shortened(name: str, width: int) -> str:
    """A name in at most `width` columns; it is cut before its last word, which tells it from others."""
    if len(name) <= width:
        return name
    first, _, end = name.rpartition(" ")
    if not first or len(end) > width - 4:
        return name[: max(0, width - 1)] + "…"
    return f"{first[: width - len(end) - 2]}… {end}"
