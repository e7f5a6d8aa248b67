"""ids.toml: the ids that progress is stored under. Once published, an id stays, or lives on among the aliases.

`python -m tutor.content.ids FOLDER` writes the file of a set anew, for an author who added parts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tutor.content.load import load_set
from tutor.content.model import Part, ProblemSet
from tutor.content.tables import Complain, Complaint, Source, Table, collecting, nearest

NAME = "ids.toml"
_HEAD = (
    "# The published ids: learners' progress is stored under them. Never delete one: a part, mistake or hint that\n"
    "# gets another name keeps its old one in its `aliases`. Written by\n"
    "# `python -m tutor.content.ids problems/{name}`.\n"
    "format = 1\n"
)


def ids_text(problem_set: ProblemSet) -> str:
    """The file for a set as it is now."""
    pieces = [_HEAD.format(name=problem_set.id)]
    for problem in problem_set.problems:
        for part in problem.parts:
            pieces.append(f"\n[{problem.id}.{part.id}]\n")
            for sort, things in (("mistakes", part.mistakes), ("hints", part.hints)):
                names = dict.fromkeys(name for each in things for name in (each.id, *each.aliases))
                listed = "".join(f'  "{name}",\n' for name in names)
                pieces.append(f"{sort} = [\n{listed}]\n" if names else f"{sort} = []\n")
    return "".join(pieces)


def lint_ids(folder: Path, problem_set: ProblemSet, complain: Complain) -> None:
    """Complain about published ids that are gone, and about ids that are not published yet."""
    file = folder / NAME
    command = f"run `python -m tutor.content.ids {folder}`"
    if not file.is_file():
        complain(file, 1, f"{NAME} is missing, which lists the published ids; {command}")
        return
    top = Source(file, complain).top
    top.format_one()
    parts = {(p.id, name): part for p in problem_set.problems for part in p.parts for name in (part.id, *part.aliases)}
    published: set[tuple[str, ...]] = set()
    for table, problem_id, part_id in _listed(top):
        part = parts.get((problem_id, part_id))
        published.add((problem_id, part_id))
        if part is None:
            known = tuple(name for problem, name in parts if problem == problem_id)
            table.complain("", _gone("part", f"{problem_id}/{part_id}", part_id, known))
        for sort in ("mistakes", "hints"):
            names = table.texts(sort)
            published |= {(problem_id, part_id, sort, name) for name in names}
            known = _names(part, sort) if part is not None else names
            for name in names:
                if name not in known:
                    table.complain(sort, _gone(sort[:-1], f"{part_id}/{name}", name, known))
        table.finish()
    new = [name for name in _all_ids(problem_set) if name not in published]
    if new and published:
        shown = ", ".join("/".join(name) for name in new[:3]) + (" ..." if len(new) > 3 else "")
        complain(file, 1, f"{len(new)} ids are not listed yet: {shown}; {command}")


def _gone(what: str, name: str, old: str, known: tuple[str, ...]) -> str:
    advice = nearest(old, known)
    return f'the published {what} {name} is gone{advice}; give the renamed one aliases = ["{old}"] or bring it back'


def _names(part: Part, sort: str) -> tuple[str, ...]:
    things = part.mistakes if sort == "mistakes" else part.hints
    return tuple(name for each in things for name in (each.id, *each.aliases))


def _all_ids(problem_set: ProblemSet) -> Iterator[tuple[str, ...]]:
    for problem in problem_set.problems:
        for part in problem.parts:
            yield problem.id, part.id
            for sort in ("mistakes", "hints"):
                yield from ((problem.id, part.id, sort, name) for name in _names(part, sort))


def _listed(top: Table) -> Iterator[tuple[Table, str, str]]:
    for problem_id, parts in top.data.items():
        if problem_id == "format":
            continue
        if not isinstance(parts, dict) or not all(isinstance(part, dict) for part in parts.values()):
            top.complain(problem_id, f"{problem_id} must be tables; write [{problem_id}.part-id]")
            continue
        for part_id, data in parts.items():
            yield Table(top.source, data, (problem_id, part_id)), problem_id, part_id


def main(arguments: list[str]) -> int:
    """Write ids.toml in each folder given; refuse where a published id would be lost."""
    lost: list[str] = []
    for name in arguments:
        folder = Path(name).resolve()
        problem_set = load_set(folder)
        found: list[Complaint] = []
        lint_ids(folder, problem_set, collecting(found))
        if gone := [f"{each.file}:{each.line}: {each.message}" for each in found if " is gone" in each.message]:
            lost += gone
        else:
            (folder / NAME).write_text(ids_text(problem_set), encoding="utf-8")
    print("\n".join(lost), file=sys.stderr, end="\n" if lost else "")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))


def renamed(sets: Iterable[ProblemSet]) -> dict[str, str]:
    """The keys that parts had before (`set/problem/alias`), each with the key the part has now."""
    return {
        f"{one.id}/{problem.id}/{old}": part.key
        for one in sets
        for problem in one.problems
        for part in problem.parts
        for old in part.aliases
    }
