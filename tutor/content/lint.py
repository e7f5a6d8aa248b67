"""Refuses every slip an author can make: what it finds names the file, the line, and what to do.

Reading strictly is half of it (load.py); this is the other half: what each formula is worth beside the others, and what
a learner would miss.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from tutor.answers.compare import compare
from tutor.answers.evaluate import free_names
from tutor.answers.tree import Factor, Node, Number, Product
from tutor.answers.vocabulary import Vocabulary
from tutor.content.changes import lint_changes
from tutor.content.ids import lint_ids
from tutor.content.load import Loader, set_folders
from tutor.content.model import Part, Problem
from tutor.content.tables import Complaint, Table, collecting
from tutor.content.words import lint_words

FEWEST_HINTS = 3
FEWEST_MISTAKES = 4

__all__ = ["Complaint", "lint"]


def lint(folder: Path) -> list[Complaint]:
    """Every complaint about the sets of a folder (or about the one set that it is), by file and line."""
    folder = Path(folder)
    folders = set_folders(folder)
    if not folders:
        return [Complaint(folder, 1, "there is no problem set here; a set is a folder with a set.toml")]
    found: list[Complaint] = []
    for each in folders:
        _lint_set(each, found)
    return sorted(set(found))


def _lint_set(folder: Path, found: list[Complaint]) -> None:
    complain = collecting(found)
    loader = Loader(complain)
    problem_set = loader.load(folder)
    for problem in problem_set.problems:
        _unused_in_problem(problem, loader)
        for part in problem.parts:
            place = loader.places[problem.id, part.id]
            _ladder(part, place)
            _unused_in_part(part, place)
            _formulas(part, loader)
            _choice(part, loader)
            _code(part, problem, place)
            lint_changes(part, place)
            lint_words(part, loader)
    lint_ids(folder, problem_set, complain)


def _ladder(part: Part, place: Table) -> None:
    """Enough hints, enough known mistakes."""
    if len(part.hints) < FEWEST_HINTS:
        place.complain(
            "", f"{part.id} has {len(part.hints)} hints; write at least {FEWEST_HINTS}, the last nearly the answer"
        )
    if part.kind == "formula" and len(part.mistakes) < FEWEST_MISTAKES:
        count = len(part.mistakes)
        place.complain("", f"{part.id} names {count} mistakes; name at least {FEWEST_MISTAKES}, each with its message")


def _code(part: Part, problem: Problem, place: Table) -> None:
    """A code part has its starter and its checks, and its answer is the name they ask for."""
    if part.kind != "code":
        return
    name = part.id.replace("-", "_")
    if not part.answer.isidentifier():
        place.complain("answer", f"{part.answer!r} is no name; write that of the function or class to be written")
    for file, what in ((f"{name}.py", "the starter"), (f"{name}_checks.py", "the checks")):
        path = problem.folder / "code" / file
        if not path.is_file():
            place.complain("kind", f"{what} of {part.id} cannot be found; write {path}")
        elif part.answer not in path.read_text(encoding="utf-8"):
            place.complain("answer", f"{part.answer} is not named in code/{file}; use the same name in both")


def _unused_in_problem(problem: Problem, loader: Loader) -> None:
    """A symbol of the problem that no part takes, or that stands in no formula of any part that does.

    A part may list a symbol that its own formulas lack: learners may try it, and are told that it has no effect.
    """
    used = set().union(*(_used(part) for part in problem.parts))
    for name, table in loader.declared[problem.id].items():
        if name not in loader.used[problem.id]:
            table.complain("name", f"symbol {name} is used by no part; take it away or name it in a part's symbols")
        elif name not in used:
            table.complain("name", f"symbol {name} is unused, it stands in no formula of any part; take it away")


def _unused_in_part(part: Part, place: Table) -> None:
    """A symbol that the part itself declares and that stands in none of its formulas."""
    own = place.data.get("symbols")
    used = _used(part)
    for item in own if isinstance(own, list) else []:
        if isinstance(item, dict) and item.get("name") not in used:
            name = item.get("name")
            place.complain("symbols", f"symbol {name} is unused, it stands in no formula of {part.id}; take it away")


def _used(part: Part) -> set[str]:
    """The symbols of a part's formulas and constraints, and the lengths of its sequences."""
    if part.kind == "derivation":  # it may need any of its symbols on the way
        return {spec.name for spec in part.vocabulary.symbols}
    used: set[str] = set()
    trees = (part.tree, *(each.tree for each in part.accept), *(each.tree for each in part.mistakes))
    for tree in trees:
        if tree is not None:
            used |= free_names(tree)
    for constraint in part.vocabulary.constraints:
        used |= free_names(constraint.left) | free_names(constraint.right)
    return used | {spec.length for spec in part.vocabulary.symbols if spec.length and spec.name in used}


def _formulas(part: Part, loader: Loader) -> None:
    """The answer, the accepted forms and the mistakes are all different formulas, and all can be judged."""
    reference = part.tree if part.tree is not None else part.goal
    if reference is None:
        return
    vocabulary = _plain(part.vocabulary)
    key = (part.problem_id, part.id)

    def equal(one: Node, two: Node) -> bool | None:
        return compare(one, two, vocabulary, part.key).equal

    twice = Product((Factor(Number(Fraction(1), "1")), Factor(reference)))
    if equal(twice, reference) is not True:
        loader.places[key].complain(
            "answer", "the answer has a value at too few points of its domain; look at domains and constraints"
        )
        return
    right: list[tuple[str, Node]] = [("the answer", reference)]
    for accepted in part.accept:
        place = loader.places[(*key, "accept", accepted.formula)]
        for name, tree in right:
            if equal(accepted.tree, tree):
                place.complain("formula", f"this accepted form is equal to {name}; take it away or mend it")
                break
        right.append((f"the accepted form {accepted.formula}", accepted.tree))
    before: list[tuple[str, Node]] = []
    for mistake in part.mistakes:
        if mistake.tree is None:
            continue
        place = loader.places[(*key, "mistakes", mistake.id)] if mistake.id else loader.places[key]
        same = next((name for name, tree in right if equal(mistake.tree, tree)), None)
        if same is not None:
            place.complain("formula", f"mistake {mistake.id} is judged correct, it equals {same}; mend its formula")
        elif equal(mistake.tree, reference) is None:
            place.complain("formula", f"mistake {mistake.id} cannot be judged anywhere; mend its formula")
        twin = next((name for name, tree in before if equal(mistake.tree, tree)), None)
        if twin is not None:
            place.complain("formula", f"mistakes {twin} and {mistake.id} are the same formula; keep one of the two")
        before.append((mistake.id, mistake.tree))


def _plain(vocabulary: Vocabulary) -> Vocabulary:
    """Without random variables: what formulas are compared on."""
    plain = tuple(spec for spec in vocabulary.symbols if spec.distribution is None)
    return vocabulary if len(plain) == len(vocabulary.symbols) else Vocabulary(plain, vocabulary.constraints)


def _choice(part: Part, loader: Loader) -> None:
    """Each wrong option has its own message, the right one none."""
    if part.kind != "choice":
        return
    key = (part.problem_id, part.id)
    seen: dict[str, str] = {}
    for mistake in part.mistakes:
        place = loader.places.get((*key, "mistakes", mistake.id), loader.places[key])
        if mistake.formula == part.answer:
            place.complain("option", f"mistake {mistake.id} is judged correct, its option is the answer; name another")
        if mistake.formula in seen:
            other = seen[mistake.formula]
            place.complain("option", f"mistakes {other} and {mistake.id} are the same option; keep one of the two")
        seen.setdefault(mistake.formula, mistake.id)
    for option in part.options:
        if option.id != part.answer and option.id not in seen:
            place = loader.places[(*key, "options", option.id)]
            place.complain("id", f'option {option.id} has no message; write a mistake with option = "{option.id}"')
