"""Experiments: the points of accuracy that a change of the images or of the depth costs, predicted and measured."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tutor.answers.errors import Unreadable
from tutor.content.model import Change, Option, Part, Verdict

MOST_POINTS = 100.0
FEWEST_POINTS = 3.0
"""A loss up to here is no fall: runs of one recipe differ by about as much."""
NEAR_POINTS = 5.0
CHANCE = 0.1
"""What guessing reaches: every data set has ten classes of the same size."""
LEARNED = 0.13
"""Above this accuracy a run has learned something; below it differs from guessing by no more than runs differ."""
_NUMBER = re.compile(r"(?<![\w.-])[-−]?(?:\d+(?:\.\d*)?|\.\d+)(?![\w.])")
_WORD = re.compile(r"[^\W\d_][\w-]*")


def recipes(part: Part) -> tuple[str, ...]:
    """The recipes that a part compares, each once."""
    return tuple(dict.fromkeys(name for change in part.changes for name in (change.before, change.after)))


def published(part: Part) -> dict[str, float]:
    """Recipe -> accuracy (0 to 1), as the part knows it from elsewhere."""
    return {name: at for change in part.changes for name, at in zip(change.recipes, change.published, strict=True)}


def at_scale(part: Part) -> str:
    """` at the quick scale`, where only runs of one scale count."""
    return f" at the {part.scale} scale" if part.scale else ""


def lost(change: Change, accuracies: Mapping[str, float]) -> float | None:
    """Points (0 to 100) lost from one run to the other; None where one of them is missing."""
    if change.before not in accuracies or change.after not in accuracies:
        return None
    return 100 * (accuracies[change.before] - accuracies[change.after])


def unlearned(part: Part, accuracies: Mapping[str, float]) -> list[str]:
    """The recipes whose runs are no better than guessing: these have measured nothing yet."""
    return [name for name in recipes(part) if name in accuracies and accuracies[name] <= LEARNED]


def fallen(part: Part, accuracies: Mapping[str, float]) -> frozenset[str] | None:
    """The ids of the changes that cost accuracy: more than a few points, and at least half of what the worst cost.

    None where accuracies are missing, or are those of guessing.
    """
    losses = {change.id: lost(change, accuracies) for change in part.changes}
    known = {name: points for name, points in losses.items() if points is not None}
    if len(known) < len(losses) or not known or unlearned(part, accuracies):
        return None
    least = max(FEWEST_POINTS, max(known.values()) / 2)
    return frozenset(name for name, points in known.items() if points >= least)


def right_option(part: Part, accuracies: Mapping[str, float]) -> Option | None:
    """The option of a choice that says what the accuracies say; None where they are incomplete, or no option does."""
    found = fallen(part, accuracies)
    if found is None:
        return None
    return next((each for each in part.options if each.falls is not None and frozenset(each.falls) == found), None)


def read_prediction(part: Part, text: str) -> tuple[float, ...]:
    """The points that the learner expects each change to cost, in their order. Raises Unreadable.

    `36, 1` in the order of the part, or each after its name: `cnn 1, mlp 36`.
    """
    numbers = list(_NUMBER.finditer(text))
    names = [(match.start(), match[0].casefold()) for match in _WORD.finditer(text)]
    ids = [change.id for change in part.changes]
    named = [
        (at, next(one for one in ids if word.startswith(one))) for at, word in names if word.startswith(tuple(ids))
    ]
    found: dict[str, float] = {}
    for order, match in enumerate(numbers):
        value = float(match[0].replace("−", "-"))
        if abs(value) > MOST_POINTS:
            raise Unreadable("Points of accuracy go up to 100.", text, match.start(), match.end())
        before = [name for at, name in named if at < match.start()]
        name = before[-1] if before else ids[order] if not named and order < len(ids) else ""
        if not name or name in found:
            raise Unreadable(f"One number more than expected; {_wanted(part)}.", text, match.start(), match.end())
        found[name] = value
    if len(found) < len(ids):
        start = len(text.rstrip())
        wanted = _wanted(part, found)
        raise Unreadable(f"{wanted[0].upper()}{wanted[1:]}.", text, start)
    return tuple(found[name] for name in ids)


def _wanted(part: Part, found: Mapping[str, float] | None = None) -> str:
    missing = [change for change in part.changes if change.id not in (found or {})]
    what = " and ".join(f"the points that {change.name} loses" for change in missing)
    return f"type {what}" if found else f"type {what}, such as {', '.join(f'{one.id} 10' for one in missing)}"


def as_sentence(part: Part, points: tuple[float, ...]) -> str:
    """`the MLP loses 36 points, the CNN 1`."""
    said = [f"{change.name} {figure(value)}" for change, value in zip(part.changes, points, strict=True)]
    return ", ".join([f"{part.changes[0].name} loses {_points(points[0])}", *said[1:]])


def figure(points: float) -> str:
    """Points with one digit where they are not whole."""
    return f"{points:.1f}".removesuffix(".0").replace("-", "−")


def _points(points: float) -> str:
    said = figure(points)
    return f"{said} {'point' if said.lstrip('−') == '1' else 'points'}"


def judge_experiment(part: Part, text: str, accuracies: Mapping[str, float]) -> Verdict:
    """The prediction beside what was measured: `correct` as soon as all of it is measured, `invalid` before.

    A prediction is not right or wrong; it is what makes the measurement worth looking at. Runs that have learned
    nothing have measured nothing.
    """
    try:
        predicted = read_prediction(part, text)
    except Unreadable as error:
        return Verdict("invalid", error.message, start=error.start, end=error.end)
    preview = as_sentence(part, predicted)
    missing = [name for name in recipes(part) if name not in accuracies]
    if missing:
        said = f"Your prediction is kept. Still to be run{at_scale(part)}: {', '.join(missing)}."
        return Verdict("invalid", said, preview)
    if unlearned(part, accuracies):
        said = f"Your prediction is kept. Nothing is measured yet: {guessing(part, accuracies)}."
        advice = "Train for more epochs, or as the recipes are, all of them alike; then compare again."
        return Verdict("invalid", f"{said} {advice}", preview)
    measured = tuple(lost(change, accuracies) or 0.0 for change in part.changes)
    pairs = zip(part.changes, measured, predicted, strict=True)
    said = "; ".join(f"{change.name} lost {_points(is_)}, you said {figure(mine)}" for change, is_, mine in pairs)
    message = f"Measured: {said}. {_distance(part, measured, predicted)}"
    return Verdict("correct", f"{message} {part.meaning}".strip(), preview)


def _distance(part: Part, measured: tuple[float, ...], predicted: tuple[float, ...]) -> str:
    order = sorted(range(len(measured)), key=lambda at: measured[at])
    most = part.changes[order[-1]].name
    if len(order) > 1 and predicted[order[-1]] <= predicted[order[0]]:
        return f"It is {most} that loses more: what is it in its layers that makes it so?"
    if max(abs(one - two) for one, two in zip(measured, predicted, strict=True)) <= NEAR_POINTS:
        return "That was near."
    return f"It is {most} that loses more, as you said, by another amount."


def guessing(part: Part, accuracies: Mapping[str, float]) -> str:
    """`in these runs the CNN has learned nothing (cnn-centred 11.2 %; guessing gets 10 %)`, of runs that are so."""
    runs = unlearned(part, accuracies)
    whose = [change.name for change in part.changes if set(change.recipes) & set(runs)]
    reached = ", ".join(f"{name} {100 * accuracies[name]:.1f} %" for name in runs)
    has = "has" if len(whose) == 1 else "have"
    return f"in these runs {' and '.join(whose)} {has} learned nothing ({reached}; guessing gets {100 * CHANCE:.0f} %)"


def so_far(part: Part, accuracies: Mapping[str, float]) -> str:
    """`the MLP lost 36 points, the CNN 1`, of those changes of which both runs have learned; "" where none is."""
    learned = {name: accuracies[name] for name in accuracies if name not in unlearned(part, accuracies)}
    losses = [(change.name, lost(change, learned)) for change in part.changes]
    known = [(name, points) for name, points in losses if points is not None]
    if not known:
        return ""
    (first, points), *others = known
    return ", ".join([f"{first} lost {_points(points)}", *(f"{name} {figure(value)}" for name, value in others)])


def own_runs(part: Part, accuracies: Mapping[str, float]) -> str:
    """`In your runs the MLP lost 36 points, the CNN 1.`; "" where they are incomplete."""
    if not part.changes or any(lost(change, accuracies) is None for change in part.changes):
        return ""
    if unlearned(part, accuracies):
        said = guessing(part, accuracies).replace("these", "your", 1)
        return f"{said[0].upper()}{said[1:]}, so what is published decides."
    return f"In your runs {so_far(part, accuracies)}."
