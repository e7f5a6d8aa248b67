"""An answer to a part becomes a verdict: what was understood, what differs, where to look next.

Every verdict is computed from values. In order: the reference, other right conventions, the known mistakes, what
follows from the learner's own earlier answer, and then what the values themselves tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from tutor.answers.compare import Comparison, Difference, compare, float_of, outcome
from tutor.answers.diagnose import diagnose
from tutor.answers.errors import Unreadable
from tutor.answers.evaluate import Point, Work, compiled, free_names
from tutor.answers.preview import Picture, draw, one_line, pretty, uses
from tutor.answers.reading import read
from tutor.answers.sampling import points
from tutor.answers.tree import Node
from tutor.answers.vocabulary import Vocabulary
from tutor.content.carried import substituted
from tutor.content.experiments import as_sentence, judge_experiment, own_runs, read_prediction, right_option
from tutor.content.model import Accepted, Counterexample, Mistake, Part, Verdict

PROBES = 4
"""Points at which a known formula is looked at first: where one clearly differs there, no comparison is made."""
_NOT_HERE = "This part cannot be judged here."
_FILE = "This part is answered with a file: `tutor code {part.problem_id}/{part.id}` writes one and checks it."


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown at each key: the picture of what was read and its symbols, or why it cannot be read."""

    picture: Picture | None = None
    uses: tuple[str, ...] = ()
    problem: Unreadable | None = None


def judge(
    part: Part, text: str, earlier: Mapping[str, str] | None = None, accuracies: Mapping[str, float] | None = None
) -> Verdict:
    """Judge an answer. `earlier` holds the learner's own wrong answers to earlier parts of the problem, by part id.

    `accuracies` (recipe -> 0 to 1) are those of the learner's finished runs, for experiments and questions about them.
    """
    if part.kind == "experiment":
        return judge_experiment(part, text, accuracies or {})
    if part.kind == "choice" and part.changes and accuracies:
        return _judge_of(part).choice(text, accuracies)
    own = tuple((name, earlier[name]) for name in part.follows_from if name in earlier) if earlier else ()
    return _judge_of(part).verdict(text, own)


def look(part: Part, text: str) -> Look:
    """Read an answer without judging it."""
    return _judge_of(part).look(text)


def right(part: Part, tree: Node) -> Accepted | bool:
    """Whether a tree is the part's answer (True) or another right convention (which); False for everything else."""
    judge = _judge_of(part)
    if judge.compare(tree).equal:
        return True
    return judge.accepted(tree) or False


_judges: dict[str, PartJudge] = {}
_making = Lock()


def _judge_of(part: Part) -> PartJudge:
    judge = _judges.get(part.key)
    if judge is None or judge.part is not part:
        with _making:
            judge = _judges[part.key] = PartJudge(part)
    return judge


class _Known:
    """A formula of the content with its values at the probes."""

    def __init__(self, tree: Node, probes: tuple[Point, ...]) -> None:
        self.tree = tree
        self.values = values_at(tree, probes)

    def may_equal(self, values: tuple[float | None, ...]) -> bool:
        """Whether nothing at the probes speaks against it; a comparison then decides."""
        for mine, theirs in zip(values, self.values, strict=True):
            if mine is None or theirs is None:
                continue
            if abs(mine - theirs) > 1e-6 * max(abs(mine), abs(theirs)) + 1e-12:
                return False
        return True


def values_at(tree: Node, probes: tuple[Point, ...]) -> tuple[float | None, ...]:
    """The values as floats; None where there is none."""
    function = compiled(tree)
    found = (outcome(function, point, Work()) for point in probes)
    return tuple(float_of(value) if isinstance(value, int | float) or _rational(value) else None for value in found)


def _rational(value: Any) -> bool:
    return hasattr(value, "denominator")


class PartJudge:
    """A part with everything about it that judging needs again and again."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.vocabulary: Vocabulary = part.vocabulary
        self.verdict: Callable[[str, tuple[tuple[str, str], ...]], Verdict] = lru_cache(4096)(self._verdict)
        self.look: Callable[[str], Look] = lru_cache(512)(self._look)
        self.probes: tuple[Point, ...] = ()
        if part.tree is not None:
            self.probes = points(part.vocabulary, part.key)[-PROBES:]
        elif part.kind == "derivation":
            plain = tuple(spec for spec in part.vocabulary.symbols if spec.distribution is None)
            self.probes = points(Vocabulary(plain), part.key)[-PROBES:]
        self.accept = tuple((each, _Known(each.tree, self.probes)) for each in part.accept)
        self.mistakes = tuple((each, _Known(each.tree, self.probes)) for each in part.mistakes if each.tree is not None)
        self.tells = part.tree is not None and bool(free_names(part.tree))
        """Whether numbers can be shown: of a constant they would be the answer itself."""

    # ------------------------------------------------------------------ what is compared

    def compare(self, tree: Node) -> Comparison:
        """The tree beside the reference."""
        assert self.part.tree is not None
        return compare(tree, self.part.tree, self.vocabulary, self.part.key)

    def _equal(self, tree: Node, known: _Known, values: tuple[float | None, ...]) -> bool:
        if not known.may_equal(values):
            return False
        return compare(tree, known.tree, self.vocabulary, self.part.key).equal is True

    def accepted(self, tree: Node, values: tuple[float | None, ...] | None = None) -> Accepted | None:
        """The other right convention that the tree is."""
        at = values_at(tree, self.probes) if values is None else values
        return next((each for each, known in self.accept if self._equal(tree, known, at)), None)

    def mistake(self, tree: Node, values: tuple[float | None, ...] | None = None) -> Mistake | None:
        """The known mistake that the tree is."""
        at = values_at(tree, self.probes) if values is None else values
        return next((each for each, known in self.mistakes if self._equal(tree, known, at)), None)

    # ------------------------------------------------------------------ verdicts

    def _verdict(self, text: str, earlier: tuple[tuple[str, str], ...]) -> Verdict:
        kind = self.part.kind
        if kind == "choice":
            return self.choice(text, {})
        if kind == "derivation":
            from tutor.content.steps import judge_steps

            return judge_steps(self, text)
        if self.part.tree is None:
            return Verdict("invalid", _FILE.format(part=self.part) if kind == "code" else _NOT_HERE)
        try:
            tree = read(text, self.vocabulary).tree
        except Unreadable as error:
            return Verdict("invalid", error.message, start=error.start, end=error.end)
        return self._formula(tree, one_line(tree), earlier)

    def _formula(self, tree: Node, preview: str, earlier: tuple[tuple[str, str], ...]) -> Verdict:
        comparison = self.compare(tree)
        if comparison.equal:
            return Verdict("correct", self.part.meaning, preview)
        if comparison.equal is None:
            return Verdict("invalid", f"This was read, and cannot be judged: {comparison.reason}.", preview)
        values = values_at(tree, self.probes)
        if (accepted := self.accepted(tree, values)) is not None:
            return Verdict("correct", accepted.note, preview)
        shown = numbers(comparison.counterexample) if self.tells else None
        carried = self._carried(tree, earlier)
        mistake = self.mistake(tree, values)
        if mistake is not None:
            said = mistake.message if not carried else f"{mistake.message} {carried}"
            return Verdict("incorrect", with_numbers(said, shown), preview, shown, mistake.id, mistake.hint)
        if carried:
            return Verdict("incorrect", carried, preview, shown)
        assert self.part.tree is not None
        found = diagnose(tree, self.part.tree, self.vocabulary, self.part.key)
        shown = numbers(found.counterexample) if self.tells else None
        return Verdict("incorrect", with_numbers(found.message, shown), preview, shown)

    def _carried(self, tree: Node, earlier: tuple[tuple[str, str], ...]) -> str:
        """What to say where the tree is right given the learner's own wrong answer to an earlier part; else ""."""
        part = self.part
        if not earlier or part.carried is None or part.carried_vocabulary is None:
            return ""
        own: dict[str, Node] = {}
        for name, text in earlier:
            try:
                own[name.replace("-", "_")] = read(text, part.carried_vocabulary).tree
            except Unreadable:
                return ""
        expected = substituted(part.carried, own)
        if free_names(expected) & {name.replace("-", "_") for name in part.follows_from}:
            return ""  # an earlier answer that it needs is not among the wrong ones
        if not compare(tree, expected, part.carried_vocabulary, part.key).equal:
            return ""
        names = " and ".join(name for name, _ in earlier)
        return f"This does follow from your own answer to {names}, which is not right yet: look there first."

    def choice(self, text: str, accuracies: Mapping[str, float]) -> Verdict:
        """The verdict on an option; where the learner's runs tell which is right, it is judged by them."""
        options = self.part.options
        wanted = " ".join(text.split()).strip("()[]. ").casefold()
        chosen = next((option for option in options if option.id.casefold() == wanted), None)
        if chosen is None and len(wanted) == 1 and 0 <= ord(wanted) - ord("a") < len(options):
            chosen = options[ord(wanted) - ord("a")]
        if chosen is None:
            listed = ", ".join(f"{chr(ord('a') + at)} ({option.id})" for at, option in enumerate(options))
            return Verdict(
                "invalid", f"Choose one of the options by its letter or name: {listed}.", start=0, end=len(text)
            )
        measured = right_option(self.part, accuracies)
        said = own_runs(self.part, accuracies)
        if chosen.id == (measured.id if measured else self.part.answer):
            return Verdict("correct", f"{said} {self.part.meaning}".strip(), chosen.id)
        for mistake in self.part.mistakes:
            if mistake.formula == chosen.id:
                return Verdict(
                    "incorrect", f"{said} {mistake.message}".strip(), chosen.id, None, mistake.id, mistake.hint
                )
        return Verdict("incorrect", f"{said} Another option fits better. A hint says where to look.".strip(), chosen.id)

    # ------------------------------------------------------------------ the preview

    def _look(self, text: str) -> Look:
        if self.part.kind in ("choice", "code") or not text.strip():
            return Look()
        if self.part.kind == "experiment":
            try:
                return Look(Picture((as_sentence(self.part, read_prediction(self.part, text)),), 0))
            except Unreadable as error:
                return Look(problem=error)
        line, start = text, 0
        if self.part.kind == "derivation":
            from tutor.content.steps import last_step

            line, start = last_step(text)
            if not line:
                return Look()
        try:
            tree = read(line, self.vocabulary).tree
        except Unreadable as error:
            if start:
                error = Unreadable(error.message, text, error.start + start, error.end + start)
            return Look(problem=error)
        return Look(draw(tree), tuple(pretty(name) for name in uses(tree)))


def numbers(difference: Difference | None) -> Counterexample | None:
    """The values that show the difference, as text."""
    if difference is None:
        return None
    symbols = tuple((pretty(name), value) for name, value in difference.symbols())
    return Counterexample(symbols, difference.yours_text, difference.expected_text)


def with_numbers(message: str, shown: Counterexample | None) -> str:
    """The message and one short sentence with the numbers; where they are in it already, the message alone."""
    if shown is None:
        return message
    where = shown.where
    if where and where in message:
        return message
    yours = "yours has no value" if shown.yours == "undefined" else f"yours is {shown.yours}"
    said = f"{yours}, expected {shown.expected}."
    return f"{message} {where}: {said}" if where else f"{message} {said[0].upper()}{said[1:]}"
