"""Experiments in the conversation: their runs are begun, and it is told how far each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tutor.content.experiments import at_scale, recipes, unlearned
from tutor.content.judge import look
from tutor.content.model import Part, Problem
from tutor.program import program
from tutor.training import lacking
from tutor.training.folder import RunError
from tutor.training.outcomes import accuracies, counting
from tutor.training.runs import Run, list_runs
from tutor.training.saying import duration, percent, standing

MOST = 10
"""So many runs are listed where no experiment is in hand; the newest ones."""
HOW = "run begins its runs, runs tells how far each is, and an empty line compares your prediction with them."


class Bench:
    """Begins the runs of experiments, and tells of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """`problems` are those in which experiments may be."""
        self._problems = problems
        self._quick = False
        """Whether the quick recipes are taken, because the data set of the others is not here."""

    def begin(self, part: Part, kept: str, name: str = "") -> str:
        """Begin what this experiment lacks, or the recipe of this name; what came of it. `kept` is the prediction."""
        if part.kind != "experiment":
            return f"There is nothing to run here; run begins the runs of an experiment{self._such_as()}."
        if look(part, kept).picture is None:
            return f"Predict first, then run begins the runs. {part.type_it}".rstrip()
        names = recipes(part)
        if name and name not in names:
            return f"This experiment has no run {name}; it has {', '.join(names)}. run without a name begins all."
        runs = list_runs()
        counted = counting(part, runs)
        wanted = [name] if name else lacking.lacking(part, counted, accuracies(counted, names))
        if not wanted:
            return "Every run is there or on its way; runs tells how far each is."
        try:
            begun = lacking.begin(part, wanted, runs, self._quick)
        except lacking.DataLacking as error:
            self._quick = True
            fetches = f"`{program()} train {wanted[0]} --download` fetches it"
            quick = "run again takes the quick recipes, which need only the images that come along"
            return f"{error} is not on this machine; {fetches}. {quick}."
        except RunError as error:
            return str(error)
        order = ", one after the other" if len(begun) > 1 else ""
        return f"Begun{order}: {', '.join(wanted)}. They go on also after quit; runs tells how far each is."

    def _such_as(self) -> str:
        places = (
            f", such as problem {problem.number}, part {number}"
            for problem in self._problems
            for number, part in enumerate(problem.parts, 1)
            if part.kind == "experiment"
        )
        return next(places, "")

    def runs(self, part: Part, kept: str) -> Iterator[str]:
        """The runs of an experiment, and what to do now; elsewhere the newest of all."""
        found = list_runs()
        if part.kind == "experiment":
            yield from self._of(part, kept, counting(part, found))
            return
        for run in found[:MOST]:
            yield f"  {run.id}: {told(run)}"
        if not found:
            yield f"There are no runs yet; run begins those of an experiment{self._such_as()}."
        else:
            more = f" all {len(found)} of them" if len(found) > MOST else " them, too"
            yield f"`{program()} runs` lists{more}, and `{program()} runs stop` with a name stops one."

    def _of(self, part: Part, kept: str, found: Sequence[Run]) -> Iterator[str]:
        names = recipes(part)
        known = accuracies(found, names)
        for row in lacking.rows(part, found, known):
            yield f"  {row.name}: {_has(row)}"
        left = lacking.lacking(part, found, known)
        predicted = look(part, kept).picture is not None
        if left:
            before = "run" if predicted else "Type a prediction; then run"
            yield f"{before} begins what is missing{at_scale(part)}: {', '.join(left)}."
        elif len(known) < len(names) or unlearned(part, known):
            yield "They go on by themselves, also after quit; runs tells again how far each is."
        else:
            yield "An empty line compares your prediction with them." if predicted else "Type a prediction."


def _has(row: lacking.Row) -> str:
    if row.accuracy is not None:
        return f"{percent(row.accuracy)}{', no better than guessing' if row.guessed else ''}"
    if row.run is None:
        return "not run yet"
    return "finished under other conditions" if row.run.state == "finished" else told(row.run)


def told(run: Run) -> str:
    """Where a run stands, what it has reached, and how long it will take, in words."""
    words = [standing(run)]
    if run.accuracy is not None:
        words.append(f"validation {percent(run.accuracy)}")
    if run.alive and run.seconds_left is not None:
        words.append(f"{duration(run.seconds_left)} left")
    return ", ".join(words)
