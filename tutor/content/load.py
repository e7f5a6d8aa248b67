"""problems/ read strictly: folders of tables and texts become ProblemSets, or a ContentError that names the line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from tutor import paths
from tutor.answers.errors import Unreadable
from tutor.answers.reading import read
from tutor.answers.tree import Node
from tutor.answers.vocabulary import Constraint, Distribution, DomainKind, SymbolSpec, Vocabulary
from tutor.content.changes import read_changes, read_scale
from tutor.content.model import Accepted, Hint, Mistake, Option, Part, PartKind, Problem, ProblemSet
from tutor.content.sections import Sections, read_sections
from tutor.content.tables import Complain, Source, Table, nearest

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_RELATION = re.compile(r"<=|>=|≤|≥|<|>|=")
_PLAIN_RELATION = {"≤": "<=", "≥": ">="}
FORMULA_KINDS = ("formula", "number")


class ContentError(Exception):
    """Content that cannot be used; `file` and `line` say where, `message` what to do."""

    def __init__(self, file: Path, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file, self.line, self.message = file, line, message


class UnknownPart(LookupError):
    """A name that is no part's; the message lists the nearest."""


def load_set(folder: Path) -> ProblemSet:
    """Read one set. Raises ContentError at the first thing that is wrong."""
    return Loader(_refuse).load(Path(folder))


def load_sets(folder: Path | None = None) -> tuple[ProblemSet, ...]:
    """Read every set of a folder (the program's own without one), in the order of their names."""
    folder = paths.problems_folder() if folder is None else Path(folder)
    found = set_folders(folder)
    if not found:
        raise ContentError(folder, 1, "there is no problem set here; a set is a folder with a set.toml")
    return tuple(load_set(each) for each in found)


def set_folders(folder: Path) -> tuple[Path, ...]:
    """The folder itself where it is a set, else the sets in it."""
    if (folder / "set.toml").is_file():
        return (folder,)
    return tuple(sorted(file.parent for file in folder.glob("*/set.toml")))


def find_part(sets: tuple[ProblemSet, ...], name: str) -> Part:
    """The part called "problem/part" or "set/problem/part" (an old name will do). Raises UnknownPart."""
    wanted = name.strip().strip("/")
    found: list[Part] = []
    names: dict[str, None] = {}
    for problem_set in sets:
        for problem in problem_set.problems:
            for part in problem.parts:
                names[f"{problem.id}/{part.id}"] = None
                ids = (part.id, *part.aliases)
                if any(wanted in (f"{problem.id}/{i}", f"{problem_set.id}/{problem.id}/{i}") for i in ids):
                    found.append(part)
    if len(found) == 1:
        return found[0]
    if found:
        full = ", ".join(part.key for part in found)
        raise UnknownPart(f"{wanted} is the name of several parts: {full}. Put the set in front.")
    import difflib

    by_last = [known for known in names if wanted and wanted.split("/")[-1] == known.split("/")[-1]]
    near = by_last or difflib.get_close_matches(wanted, names, 3, 0.4)
    inside = [known for known in names if known.startswith(f"{wanted.split('/')[0]}/")]
    listed = ", ".join(near or inside or names)
    raise UnknownPart(f"There is no part {wanted!r}. {'Near it' if near else 'There are'}: {listed}.")


def _refuse(file: Path, line: int, message: str) -> None:
    raise ContentError(file, line, message)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the parts of a problem have in common."""

    set_id: str
    problem_id: str
    symbols: dict[str, SymbolSpec]
    constraints: tuple[str, ...]


class Loader:
    """Reads a set; `complain` may raise (then reading stops there) or collect (then it goes on as well as it can)."""

    def __init__(self, complain: Complain) -> None:
        self.complain = complain
        self.places: dict[tuple[str, ...], Table] = {}
        """(problem, part), (problem, part, "mistakes", id) ... -> the table that says it."""
        self.used: dict[str, set[str]] = {}
        """The problem's symbols that some part takes."""
        self.declared: dict[str, dict[str, Table]] = {}

    def load(self, folder: Path) -> ProblemSet:
        """Read a set's folder."""
        top = Source(folder / "set.toml", self.complain).top
        top.format_one()
        title, credit = top.text("title", required=True), top.text("credit", required=True)
        ids = top.texts("problems")
        top.finish()
        if not ids:
            top.complain("problems", 'the set has no problems; list their folders: problems = ["..."]')
        problems = []
        for number, problem_id in enumerate(ids, 1):
            if not _ID.fullmatch(problem_id):
                top.complain("problems", f"{problem_id!r} is no id; use small letters, digits and single hyphens")
            elif ids.index(problem_id) < number - 1:
                top.complain("problems", f"{problem_id} is listed twice; keep one of the two")
            elif not (folder / problem_id / "problem.toml").is_file():
                top.complain("problems", f"there is no {problem_id}/problem.toml; write it or take {problem_id} out")
            else:
                problems.append(self._problem(folder / problem_id, folder.name, number))
        for stray in sorted(folder.glob("*/problem.toml")):
            if stray.parent.name not in ids:
                top.complain("problems", f"{stray.parent.name}/ is not listed in problems; add it or delete the folder")
        return ProblemSet(folder.name, title, credit, tuple(problems))

    def _problem(self, folder: Path, set_id: str, number: int) -> Problem:
        top = Source(folder / "problem.toml", self.complain).top
        top.format_one()
        title, goals = top.text("title", required=True), top.texts("goals")
        symbols: dict[str, SymbolSpec] = {}
        declared = self.declared[folder.name] = {}
        self.used[folder.name] = set()
        for table in top.tables("symbols"):
            spec = self._symbol(table)
            if spec is None:
                continue
            if spec.name in symbols:
                table.complain("name", f"symbol {spec.name} is declared twice; keep one of the two")
            symbols[spec.name], declared[spec.name] = spec, table
        shared = _Shared(set_id, folder.name, symbols, top.texts("constraints"))
        tables = top.tables("parts")
        top.finish()
        if not tables:
            top.complain("", "the problem has no parts; begin one with [[parts]]")
        ids = tuple(table.data["id"] for table in tables if isinstance(table.data.get("id"), str))
        statement = read_sections(folder / "statement.md", ids, self.complain)
        solution = read_sections(folder / "solution.md", ids, self.complain)
        for part_id in dict.fromkeys(ids):
            if part_id not in solution.texts:
                file = folder / "solution.md"
                self.complain(file, 1, f"section {part_id} is missing; add `## {part_id}` with its worked solution")
        parts: list[Part] = []
        for table in tables:
            part = self._part(table, shared, statement, solution, tuple(parts))
            if part is None:
                continue
            if any(part.id in (other.id, *other.aliases) for other in parts):
                table.complain("id", f"part id {part.id} is used twice; give this part another id")
            for earlier in part.follows_from:
                if not any(earlier == other.id for other in parts):
                    known = tuple(other.id for other in parts)
                    table.complain(
                        "follows_from",
                        f"{earlier} is no part before this one{nearest(earlier, known)}; name one that is",
                    )
            parts.append(part)
        return Problem(set_id, folder.name, number, title, goals, statement.before, tuple(parts), folder)

    def _id(self, table: Table) -> str:
        name = table.text("id", required=True)
        if name and not _ID.fullmatch(name):
            table.complain("id", f"{name!r} is no id; use small letters, digits and single hyphens")
        return name

    def _symbol(self, table: Table) -> SymbolSpec | None:
        name, domain = table.text("name", required=True), table.text("domain", required=True)
        known = get_args(DomainKind)
        if domain and domain not in known:
            table.complain("domain", f"unknown domain {domain!r}; use one of: {', '.join(known)}")
        distribution = table.text("distribution") or None
        if distribution and distribution not in get_args(Distribution):
            listed = ", ".join(get_args(Distribution))
            table.complain("distribution", f"unknown distribution {distribution!r}; use one of: {listed}")
        meaning, spellings = table.text("meaning"), table.texts("spellings")
        length, from_zero, most = table.text("length") or None, table.flag("from_zero"), table.whole("most")
        table.finish()
        if not name or domain not in known:
            return None
        kind: Any = domain
        law: Any = distribution if distribution in get_args(Distribution) else None
        return SymbolSpec(name, kind, meaning, spellings, length, from_zero, most, law)

    def _part(
        self, table: Table, shared: _Shared, statement: Sections, solution: Sections, earlier: tuple[Part, ...]
    ) -> Part | None:
        part_id = self._id(table)
        kind: Any = table.text("kind", required=True)
        if kind and kind not in get_args(PartKind):
            table.complain("kind", f"unknown kind {kind!r}; use one of: {', '.join(get_args(PartKind))}")
        key = (shared.problem_id, part_id)
        self.places.setdefault(key, table)
        vocabulary = self._vocabulary(table, kind, shared)
        measure = table.text("measure") or None
        if measure and not measure.isidentifier():
            table.complain("measure", f"{measure!r} is no function name; write the name alone, such as output_size")
        answer = table.text("answer", required=kind != "experiment")
        hints = self._hints(table, key)
        options = self._options(table, key)
        formula = kind in FORMULA_KINDS
        goal = None if formula or kind != "derivation" else self._formula(table, "answer", vocabulary)
        part = Part(
            set_id=shared.set_id,
            problem_id=shared.problem_id,
            id=part_id,
            kind=kind,
            title=table.text("title", required=True),
            prompt=table.text("prompt", required=True),
            answer=answer,
            tree=self._formula(table, "answer", vocabulary) if formula else None,
            vocabulary=vocabulary,
            hints=hints,
            options=options,
            changes=read_changes(table),
            source=table.text("source"),
            scale=read_scale(table),
            follows_from=table.texts("follows_from"),
            meaning=table.text("meaning"),
            type_it=table.text("type_it"),
            statement=statement.texts.get(part_id, ""),
            solution=solution.texts.get(part_id, ""),
            teaches=table.texts("teaches"),
            measure=measure,
            aliases=table.texts("aliases"),
            start=self._formula(table, "start", vocabulary) if kind == "derivation" else None,
            goal=goal,
        )
        part = replace(part, accept=self._accept(table, key, vocabulary), mistakes=self._mistakes(table, key, part))
        part = self._carried(table, part, shared, earlier)
        table.finish()
        if kind == "choice" and answer and not any(option.id == answer for option in options):
            listed = ", ".join(option.id for option in options) or "none yet"
            table.complain("answer", f"the answer {answer!r} is not an option; use the id of one of: {listed}")
        return part if part_id and kind in get_args(PartKind) else None

    def _vocabulary(self, table: Table, kind: str, shared: _Shared) -> Vocabulary:
        value = table.raw("symbols")
        taken: list[Any] = value if isinstance(value, list) else []
        if value is None and kind in ("formula", "derivation"):
            taken = list(shared.symbols)
        specs: dict[str, SymbolSpec] = {}
        for item in taken:
            if isinstance(item, dict):
                spec = self._symbol(table.inner(item, "symbols"))
            else:
                spec = shared.symbols.get(item) if isinstance(item, str) else None
                if spec is None:
                    advice = nearest(str(item), tuple(shared.symbols)) or "; declare it with [[symbols]]"
                    table.complain("symbols", f"symbol {item} is not declared{advice}")
                else:
                    self.used[shared.problem_id].add(spec.name)
            if spec is not None:
                if spec.name in specs:
                    table.complain("symbols", f"symbol {spec.name} is listed twice; keep one of the two")
                specs[spec.name] = spec
        for spec in specs.values():
            if spec.length and spec.length not in specs:
                table.complain("symbols", f"{spec.name} has {spec.length} elements; list {spec.length} in symbols too")
        plain = Vocabulary(tuple(specs.values()), moments=kind == "derivation")
        constraints = []
        for text in (*shared.constraints, *table.texts("constraints")):
            own = text not in shared.constraints
            if constraint := self._constraint(table, text, plain, own):
                constraints.append(constraint)
        asked, other = table.texts("asked"), table.texts("other_left")
        return replace(plain, constraints=tuple(constraints), asked=asked, other_left=other)

    def _constraint(self, table: Table, text: str, vocabulary: Vocabulary, own: bool) -> Constraint | None:
        """A constraint of the problem holds in the parts that have all its symbols; a part's own must be readable."""
        relation = _RELATION.search(text)
        if relation is None:
            table.complain("constraints", f"{text!r} compares nothing; write it with one of < <= > >= =")
            return None
        sign: Any = _PLAIN_RELATION.get(relation[0], relation[0])
        try:
            left, right = (read(side, vocabulary).tree for side in (text[: relation.start()], text[relation.end() :]))
        except Unreadable as error:
            if own:
                table.complain("constraints", f"{text!r} cannot be read ({error.message}); use the part's symbols")
            return None
        return Constraint(left, sign, right)

    def _formula(self, table: Table, key: str, vocabulary: Vocabulary) -> Node | None:
        text = table.text(key, required=key not in table.asked)
        if not text.strip():
            return None
        try:
            return read(text, vocabulary).tree
        except Unreadable as error:
            table.complain(
                key,
                f"{key} {text!r} cannot be read at character {error.start + 1}: {error.message}; "
                "write it as a learner would type it, with the part's symbols",
            )
            return None

    def _hints(self, table: Table, key: tuple[str, ...]) -> tuple[Hint, ...]:
        hints: list[Hint] = []
        for inner in table.tables("hints"):
            hint = Hint(self._id(inner), inner.text("text").strip(), inner.texts("aliases"))
            inner.finish()
            if not hint.text:
                inner.complain("text", "the hint is empty; write its text or take the hint away")
            self._once(inner, key, "hints", hint.id)
            hints.append(hint)
        return tuple(hints)

    def _options(self, table: Table, key: tuple[str, ...]) -> tuple[Option, ...]:
        options: list[Option] = []
        for inner in table.tables("options"):
            falls = inner.texts("falls") if "falls" in inner.data else None
            option = Option(self._id(inner), inner.text("text", required=True), falls)
            inner.finish()
            self._once(inner, key, "options", option.id)
            options.append(option)
        return tuple(options)

    def _accept(self, table: Table, key: tuple[str, ...], vocabulary: Vocabulary) -> tuple[Accepted, ...]:
        accepted: list[Accepted] = []
        for inner in table.tables("accept"):
            tree = self._formula(inner, "formula", vocabulary)
            note, measure = inner.text("note", required=True), inner.text("measure") or None
            inner.finish()
            if tree is not None:
                formula = inner.text("formula")
                self._once(inner, key, "accept", formula)
                accepted.append(Accepted(formula, tree, note, measure))
        return tuple(accepted)

    def _mistakes(self, table: Table, key: tuple[str, ...], part: Part) -> tuple[Mistake, ...]:
        mistakes: list[Mistake] = []
        for inner in table.tables("mistakes"):
            tree = None
            if part.kind == "choice":
                formula = inner.text("option", required=True)
                if formula and not any(option.id == formula for option in part.options):
                    inner.complain("option", f"{formula!r} is not an option; use the id of an option of this part")
            else:
                tree = self._formula(inner, "formula", part.vocabulary)
                formula = inner.text("formula")
            message, hint = inner.text("message", required=True), inner.text("hint") or None
            mistake = Mistake(self._id(inner), formula, tree, message, hint, inner.texts("aliases"))
            inner.finish()
            if hint and not any(hint in (other.id, *other.aliases) for other in part.hints):
                known = tuple(other.id for other in part.hints)
                advice = nearest(hint, known) or f"; name one of: {', '.join(known)}"
                inner.complain("hint", f"hint {hint} does not exist in this part{advice}")
            self._once(inner, key, "mistakes", mistake.id)
            if part.kind == "choice" or tree is not None:
                mistakes.append(mistake)
        return tuple(mistakes)

    def _once(self, table: Table, key: tuple[str, ...], sort: str, name: str) -> None:
        place = (*key, sort, name)
        if name and place in self.places:
            what = "id" if "id" in table.data else "formula"
            table.complain(what, f"{what} {name} is used twice among the {sort} of {key[1]}; give this one another")
        self.places.setdefault(place, table)

    def _carried(self, table: Table, part: Part, shared: _Shared, earlier: tuple[Part, ...]) -> Part:
        """The part with what carries over: the problem's symbols may stand in it, whether the part has them or not."""
        if not table.text("carried"):
            return part
        if not part.follows_from:
            table.complain("carried", "carried needs the parts it carries from; add follows_from = [...]")
            return part
        specs = {**shared.symbols, **{spec.name: spec for spec in part.vocabulary.symbols}}
        names = tuple(SymbolSpec(name.replace("-", "_"), "real") for name in part.follows_from)
        asked = tuple(left for other in earlier if other.id in part.follows_from for left in other.vocabulary.asked)
        plain = replace(part.vocabulary, symbols=tuple(specs.values()), asked=asked, other_left=())
        tree = self._formula(table, "carried", replace(plain, symbols=(*plain.symbols, *names), constraints=()))
        return replace(part, carried=tree, carried_vocabulary=plain)
