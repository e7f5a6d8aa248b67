"""The content as values: sets, problems, parts, and the verdict on an answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tutor.answers.tree import Node
from tutor.answers.vocabulary import Vocabulary

PartScale: TypeAlias = Literal["", "quick", "full"]
PartKind: TypeAlias = Literal["formula", "number", "choice", "derivation", "code", "experiment"]
Status: TypeAlias = Literal["correct", "incorrect", "invalid"]


@dataclass(frozen=True, slots=True)
class Hint:
    """One rung of the ladder, Markdown with mathematics between $ signs."""

    id: str
    text: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Another right convention, with the note that is said for it."""

    formula: str
    tree: Node
    note: str
    measure: str | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A known wrong answer (a formula, or the option of a choice) with its message; `hint` is offered first."""

    id: str
    formula: str
    tree: Node | None
    message: str
    hint: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice. `falls`: the changes that cost accuracy if it is right, where that is measured."""

    id: str
    text: str
    falls: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What an experiment measures: the accuracy that is lost from one recipe to another. `published`: 0 to 1."""

    id: str
    name: str
    before: str
    after: str
    published: tuple[float, float]

    @property
    def recipes(self) -> tuple[str, str]:
        """Before and after."""
        return self.before, self.after


@dataclass(frozen=True, slots=True)
class Part:
    """One question. `answer` is the reference as written, `tree` the same read (None for a choice or derivation).

    A derivation goes from `start` to `goal`. `carried` is the answer in terms of the answers to `follows_from`, whose
    ids stand in it as symbols with _ for -; `carried_vocabulary` reads it and those answers.
    `changes` are what an experiment measures, and what a choice about it is judged by; `source` says where their
    published accuracies are from. `scale` is the one at which its recipes show it, `quick` or `full`; "" where both do.
    """

    set_id: str
    problem_id: str
    id: str
    kind: PartKind
    title: str
    prompt: str
    answer: str
    tree: Node | None
    vocabulary: Vocabulary
    accept: tuple[Accepted, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[Hint, ...] = ()
    options: tuple[Option, ...] = ()
    changes: tuple[Change, ...] = ()
    source: str = ""
    scale: PartScale = ""
    follows_from: tuple[str, ...] = ()
    meaning: str = ""
    type_it: str = ""
    statement: str = ""
    solution: str = ""
    teaches: tuple[str, ...] = ()
    measure: str | None = None
    aliases: tuple[str, ...] = ()
    start: Node | None = None
    goal: Node | None = None
    carried: Node | None = None
    carried_vocabulary: Vocabulary | None = None

    @property
    def key(self) -> str:
        """What progress is stored under: set/problem/part."""
        return f"{self.set_id}/{self.problem_id}/{self.id}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem: its text before the parts, and its parts in order."""

    set_id: str
    id: str
    number: int
    title: str
    goals: tuple[str, ...]
    statement: str
    parts: tuple[Part, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class ProblemSet:
    """A set of problems in order, with the credit to its source."""

    id: str
    title: str
    credit: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Numbers that show the difference: symbols (sequences as tuples), the answer's value, the reference's."""

    symbols: tuple[tuple[str, str], ...]
    yours: str
    expected: str

    @property
    def where(self) -> str:
        """`n = 1, K = 2`."""
        return ", ".join(f"{name} = {value}" for name, value in self.symbols)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What judging an answer gave. `start`/`end` place an invalid answer's fault in the text as typed."""

    status: Status
    message: str
    preview: str = ""
    counterexample: Counterexample | None = None
    mistake: str | None = None
    hint: str | None = None
    start: int | None = None
    end: int | None = None

    @property
    def numbers(self) -> str:
        """The counterexample as a sentence; "" where there is none, or where the message gives its numbers already."""
        found = self.counterexample
        if found is None or (found.where and found.where in self.message):
            return ""
        values = f"yours is {found.yours}, the right value {found.expected}."
        return f"At {found.where} {values}" if found.where else values[0].upper() + values[1:]
