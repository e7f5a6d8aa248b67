"""The [[parts.changes]] of a problem.toml, read strictly."""

from __future__ import annotations

from tutor.content.experiments import fallen, published
from tutor.content.model import Change, Part, PartScale
from tutor.content.tables import Table


def read_changes(table: Table) -> tuple[Change, ...]:
    """The changes of a part; empty where there are none."""
    found: list[Change] = []
    for inner in table.tables("changes"):
        name, said = inner.text("id", required=True), inner.text("name", required=True)
        before, after = inner.text("before", required=True), inner.text("after", required=True)
        accuracies = _accuracies(inner)
        inner.finish()
        if any(name == other.id for other in found):
            inner.complain("id", f"change {name} is there twice; give this one another id")
        found.append(Change(name, said, before, after, accuracies))
    return tuple(found)


def read_scale(table: Table) -> PartScale:
    """The scale at which the runs of a part are compared: quick, full, or nothing where either will do."""
    match table.text("scale"):
        case ("" | "quick" | "full") as scale:
            return scale
        case other:
            table.complain("scale", f"unknown scale {other!r}; use quick or full, or leave it out where both show it")
            return ""


def _accuracies(table: Table) -> tuple[float, float]:
    value = table.raw("published")
    good = (
        isinstance(value, list) and len(value) == 2 and all(isinstance(one, float) and 0 <= one <= 1 for one in value)
    )
    if not good:
        table.complain("published", "published must be the accuracies before and after, as in published = [0.95, 0.57]")
        return (0.0, 0.0)
    return (value[0], value[1])


def lint_changes(part: Part, place: Table) -> None:
    """An experiment has changes; a choice that is judged by them has an option for what is published."""
    if part.kind == "experiment" and not part.changes:
        place.complain("kind", f"{part.id} compares nothing; add [[parts.changes]]")
    if part.changes and not part.source:
        place.complain("", f'{part.id} does not say where its published accuracies are from; add source = "..."')
    if part.scale and not part.changes:
        place.complain("scale", f"{part.id} compares no runs; leave scale out")
    if part.kind != "choice" or not part.changes:
        return
    ids = {change.id for change in part.changes}
    for option in part.options:
        if option.falls is None or not set(option.falls) <= ids:
            listed = ", ".join(sorted(ids))
            place.complain("options", f"option {option.id} needs falls, a list of some of {listed}, or of none")
    found = fallen(part, published(part))
    answer = next((option for option in part.options if option.id == part.answer), None)
    if answer is not None and answer.falls is not None and frozenset(answer.falls) != found:
        place.complain("answer", f"the published accuracies say that {sorted(found or ())} fall; mend answer or falls")
