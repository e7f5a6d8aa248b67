"""Derivations: a chain of equal expressions from a start to a goal, each step checked against the one before.

Every step is worked out exactly at small points (few elements, small parameters), expected values included. The first
step whose value differs is named with its numbers; what follows it is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from tutor.answers.compare import compare, show_pair
from tutor.answers.diagnose import same
from tutor.answers.errors import TooMuchWork, Undefined, Unreadable
from tutor.answers.evaluate import Point, Work
from tutor.answers.moments import Random, value_of, without_random
from tutor.answers.preview import pretty
from tutor.answers.reading import read
from tutor.answers.sampling import simple_points
from tutor.answers.tree import Moment, Node
from tutor.answers.variants import walk
from tutor.answers.vocabulary import Vocabulary

Status: TypeAlias = Literal["start", "right", "wrong", "invalid", "unfinished", "unchecked"]

MOST_STEPS = 30
MOST_CHARACTERS = 4000
POINTS = 9
TOTAL_WORK = 16000
"""What working out all steps at all points may cost."""

_OPENING, _CLOSING = "([{", ")]}"
_BOUND = re.compile(r"(?:sum|prod|Σ|Π|∑|∏)\s*(?:\\limits\s*)?_\s*\w\s*$")
_DECORATION = re.compile(r"\\(?:begin|end)\{\w+\*?\}|&|^\s*\$+|\$+\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """One expression of the chain: its text, how it stands to the one before, and what is to be said about it.

    `start` and `end` place an unreadable step's fault in its own text; `tree` is None where it could not be read.
    """

    text: str
    status: Status
    message: str = ""
    tree: Node | None = None
    start: int | None = None
    end: int | None = None


def check(text: str, vocabulary: Vocabulary, start: Node | str, goal: Node | str, seed: str) -> list[Step]:
    """Every step with its status; the derivation is right where all are `start` or `right` (see `verdict`)."""
    vocabulary = _with_moments(vocabulary)
    start_tree = read(start, vocabulary).tree if isinstance(start, str) else start
    goal_tree = read(goal, vocabulary).tree if isinstance(goal, str) else goal
    texts = split(text)
    if not texts:
        return [Step(text, "invalid", "Type the steps, one a line.", None, 0, 1)]
    if len(texts) > MOST_STEPS or len(text) > MOST_CHARACTERS:
        return [Step(texts[0], "invalid", f"This is too long: a derivation has at most {MOST_STEPS} steps.")]
    steps, trees = [], []
    for each in texts:
        try:
            tree = read(each, vocabulary).tree
        except Unreadable as error:
            steps.append(Step(each, "invalid", error.message, None, error.start, error.end))
            return steps + [Step(later, "unchecked") for later in texts[len(steps) :]]
        trees.append(tree)
        steps.append(Step(each, "unchecked", "", tree))
    return _Chain(texts, trees, start_tree, goal_tree, vocabulary, seed).checked()


def verdict(steps: list[Step]) -> Literal["correct", "incorrect", "invalid"]:
    """What the whole comes to."""
    statuses = {step.status for step in steps}
    if "invalid" in statuses:
        return "invalid"
    return "correct" if statuses <= {"start", "right"} else "incorrect"


def complaint(steps: list[Step]) -> Step | None:
    """The first step that something is said against."""
    return next((step for step in steps if step.status in ("wrong", "invalid", "unfinished")), None)


def split(text: str) -> list[str]:
    """The expressions between line ends and equals signs; an equals sign inside brackets belongs to a sum."""
    text = _DECORATION.sub(lambda found: " " * len(found[0]), text.replace("\\\\", "\n"))
    pieces, depth, begin = [], 0, 0
    for place, sign in enumerate(text):
        if sign in _OPENING:
            depth += 1
        elif sign in _CLOSING:
            depth = max(0, depth - 1)
        elif sign in "\n\r" or (sign in "=＝" and not depth and not _BOUND.search(text, begin, place)):
            pieces.append(text[begin:place])
            begin = place + 1
            depth = 0
    pieces.append(text[begin:])
    return [piece.strip() for piece in pieces if piece.strip(" \t$.,;⇒:\u200b\ufeff")]


def equals(one: Node, two: Node, vocabulary: Vocabulary) -> bool:
    """Whether two expressions, expected values included, come to the same at all small points."""
    points, work = _points(vocabulary), Work(TOTAL_WORK)
    pairs = [(_value(one, point, vocabulary, work), _value(two, point, vocabulary, work)) for point in points]
    return all(left is not None and right is not None and same(left, right) for left, right in pairs)


def _value(tree: Node, point: Point, vocabulary: Vocabulary, work: Work) -> Any:
    try:
        return value_of(tree, point, vocabulary, work)
    except (Undefined, TooMuchWork):
        return None


@lru_cache(maxsize=32)
def _points(vocabulary: Vocabulary) -> tuple[Point, ...]:
    return simple_points(without_random(vocabulary), POINTS)


@lru_cache(maxsize=32)
def _with_moments(vocabulary: Vocabulary) -> Vocabulary:
    if vocabulary.moments:
        return vocabulary
    return Vocabulary(
        vocabulary.symbols,
        vocabulary.constraints,
        vocabulary.asked,
        vocabulary.other_left,
        vocabulary.free,
        moments=True,
    )


def _has_moment(tree: Node) -> bool:
    return any(isinstance(node, Moment) for node in walk(tree))


class _Chain:
    """One derivation being checked."""

    def __init__(
        self, texts: list[str], trees: list[Node], start: Node, goal: Node, vocabulary: Vocabulary, seed: str
    ) -> None:
        self.texts, self.trees = texts, trees
        self.start, self.goal = start, goal
        self.vocabulary, self.seed = vocabulary, seed
        self.points = _points(vocabulary)
        self.work = Work(TOTAL_WORK)

    def checked(self) -> list[Step]:
        """The steps up to the first that fails, the rest unchecked."""
        steps: list[Step] = []
        before = self._values(self.start)
        for place, (text, tree) in enumerate(zip(self.texts, self.trees, strict=True)):
            step, now = self._step(place, text, tree, before)
            steps.append(step)
            if step.status not in ("start", "right"):
                rest = zip(self.texts[place + 1 :], self.trees[place + 1 :], strict=True)
                return steps + [Step(later, "unchecked", "", later_tree) for later, later_tree in rest]
            before = now
        steps[-1] = self._ending(steps[-1])
        return steps

    def _values(self, tree: Node) -> list[Any]:
        return [value_of(tree, point, self.vocabulary, self.work) for point in self.points]

    def _step(self, place: int, text: str, tree: Node, before: list[Any]) -> tuple[Step, list[Any]]:
        try:
            now = self._values(tree)
        except Random as error:
            names = " and ".join(pretty(name) for name in error.names)
            message = f"Here {names} stands outside E[…] and Var[…], so this line is random and has no one value."
            return Step(text, "wrong", message, tree), []
        except Undefined as error:
            return Step(text, "wrong", f"This line has no value: {error}.", tree), []
        except TooMuchWork:
            message = "This line takes too long to work out. A smaller step can be checked."
            return Step(text, "invalid", message, tree, 0, len(text)), []
        for point, old, new in zip(self.points, before, now, strict=True):
            if not same(old, new):
                return Step(text, "wrong", self._difference(place, point, old, new), tree), []
        if place == 0 and tree == self.start:
            return Step(text, "start", "", tree), now
        if place and not self._agree_further(self.trees[place - 1], tree):
            return Step(text, "wrong", "This line has another value than the one before it.", tree), []
        return Step(text, "right", "", tree), now

    def _agree_further(self, old: Node, new: Node) -> bool:
        """Lines without expected values are compared on the whole domain as well."""
        if _has_moment(old) or _has_moment(new):
            return True
        plain = Vocabulary(without_random(self.vocabulary, most=40).symbols)
        return compare(new, old, plain, self.seed).equal is not False

    def _difference(self, place: int, point: Point, old: Any, new: Any) -> str:
        where = ", ".join(f"{pretty(name)} = {value}" for name, value in point.items())
        was, now = show_pair(old, new)
        at = f"For {where} " if where else ""
        if place == 0:
            return f"{at or 'Here '}this line comes to {now}, what the chain begins with to {was}."
        said = f"{at or 'Here '}this line comes to {now}, the line before to {was}."
        return f"{said} Which rule leads from one to the other?"

    def _ending(self, last: Step) -> Step:
        tree = self.trees[-1]
        if _has_moment(tree):
            message = "So far every line is right. Go on until no E[…] and no Var[…] is left."
            return Step(last.text, "unfinished", message, tree)
        plain = Vocabulary(without_random(self.vocabulary, most=40).symbols)
        if compare(tree, self.goal, plain, self.seed).equal is not True:
            message = "The chain ends at another value than the one to be derived."
            return Step(last.text, "wrong", message, tree)
        between = [each for each in self.trees[:-1] if _has_moment(each) and each != self.start]
        if not between:
            message = "The result is right; the steps that lead to it are what is asked for, one rule a line."
            return Step(last.text, "unfinished", message, tree)
        return last
