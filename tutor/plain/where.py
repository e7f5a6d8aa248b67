"""What is solved and what is left, in words, one line a problem or a part: functions of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tutor.content.model import Part, Problem
from tutor.plaintext import line


def solved(problems: Sequence[Problem], state: Callable[[Part], str]) -> Iterator[str]:
    """Each problem, and how much of it is solved."""
    for problem in problems:
        states = [state(part) for part in problem.parts]
        solved, tried = states.count("solved"), states.count("tried")
        said = "solved" if solved == len(states) else f"{solved} of {len(states)} parts solved"
        if solved != len(states) and not solved and not tried:
            said = f"open, {len(states)} parts"
        elif tried:
            said += f", {tried} tried"
        yield f"  problem {problem.number}: {line(problem.title)}: {said}"


def left(problems: Sequence[Problem], state: Callable[[Part], str]) -> Iterator[str]:
    """Each part that is not solved."""
    for problem in problems:
        for number, part in enumerate(problem.parts, 1):
            if (said := state(part)) != "solved":
                yield f"  problem {problem.number}, part {number}: {line(part.title)}: {said}"


def following(problems: Sequence[Problem], problem: Problem, at: int) -> str:
    """What comes after a part that was solved."""
    if at + 1 < len(problem.parts):
        return f"next goes on with part {at + 2}: {line(problem.parts[at + 1].title)}."
    place = problems.index(problem) + 1
    if place < len(problems):
        return f"next goes on with problem {place + 1}: {line(problems[place].title)}."
    return "This was the last part; left says what is not solved yet."
