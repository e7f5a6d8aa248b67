"""What a recipe will do, as lines: figures first, then the layers. The figures are the engine's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from rich.cells import cell_len
from textual.content import Content

from tutor.training.recipe import Recipe, summary
from tutor.training.saying import duration
from tutor.tui import drawing
from tutor.tui.drawing import Lines, cut
from tutor.tui.training.words import QUIET, count, memory

NAME_COLUMNS = 14
ROOMY_COLUMNS = 46
LEAST_NAME = 6
"""So much of a layer's kind is enough to know it by: `Conv2d`, `Adapt…`."""


def described(recipe: Recipe, found: Mapping[str, Any] | None, waiting: str, data: str, width: int) -> Lines:
    """The description as far as it is known; `waiting` says why something is not there yet."""
    lines = drawing.said(f"{summary(recipe)}.", width)
    if data:
        lines += drawing.said(data, width, "", QUIET)
    lines.append(Content(""))
    if found is None:
        return [*lines, *drawing.said(waiting, width, "", QUIET)]
    for name, parts in figures(found, waiting):
        for number, text in enumerate(packed(parts, width - NAME_COLUMNS)):
            lines.append(Content.assemble((f"{'' if number else name:<{NAME_COLUMNS}}", QUIET), text))
    if found.get("complaint"):
        lines += [Content(""), *drawing.said(str(found["complaint"]), width)]
    return [*lines, Content(""), *layers(found, width)]


def figures(found: Mapping[str, Any], waiting: str) -> list[tuple[str, list[str]]]:
    """Names and figures, in parts that belong on one line; what only a trial shows says that it is being tried."""
    trying = "" if found.get("complaint") else waiting
    seconds, step, size = found.get("seconds"), found.get("step_seconds"), found.get("memory_bytes")
    rows = [
        ("parameters", [f"{found['parameters']:,}"]),
        ("a step", [f"{count(found['multiplications'])} products"]),
        ("steps", [f"{found['steps']:,}", f"{found['steps_per_epoch']:,} an epoch"]),
        ("memory", [memory(size) if size else trying or "not tried"]),
    ]
    if seconds:
        rows.append(("time", [f"about {duration(seconds)}", *([f"{moment(step)} a step"] if step else ())]))
        rows.append(("device", str(found.get("device")).split(", ")))
    else:
        rows.append(("time", [trying or "not tried"]))
    if found.get("receptive_field"):
        sees, stride = found["receptive_field"], found["receptive_field_stride"]
        rows.append(("last map sees", [f"{sees:,} pixels", f"stride {stride:,}"]))
    return rows


def packed(parts: Sequence[str], width: int) -> list[str]:
    """Parts, as many in a line as fit, with commas between; one that is longer than a line is broken at a word."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(f"{lines[-1]}, {part}") <= width:
            lines[-1] += f", {part}"
            continue
        lines += wrap(part, max(width, 1), break_long_words=False, break_on_hyphens=False) or [""]
    return lines


def moment(seconds: float) -> str:
    """A short time: `74.7 ms`, `2.5 s`, `2 min`."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.1f} s" if seconds < 9.95 else duration(seconds)


@dataclass(frozen=True, slots=True)
class Row:
    """A layer in the table: its name, its kind, and the columns of numbers."""

    name: str
    kind: str
    numbers: tuple[str, ...]

    def label(self, width: int) -> str:
        """Name and kind where there is room for both; else the name, or of a layer without one the kind."""
        both = f"{self.name} {self.kind}".strip()
        return both if cell_len(both) <= width else cut(self.name or self.kind, width)


def layers(found: Mapping[str, Any], width: int) -> Lines:
    """A table of the layers that hold parameters or change the shape.

    A number is shown as a whole or not at all: where the columns do not fit, the widest is left out.
    """
    narrow = width < ROOMY_COLUMNS
    rows = [Row("layer", "", ("gives", "weights" if narrow else "parameters", "products")), *_rows(found, narrow)]
    kept = [0, 1, 2]
    wide = [max(cell_len(row.numbers[at]) for row in rows) for at in kept]
    names = max(LEAST_NAME, *(cell_len(row.name) for row in rows))
    while kept and names + sum(wide[at] + 2 for at in kept) > width:
        kept.remove(max(kept, key=lambda at: wide[at]))
    most = max(cell_len(f"{row.name} {row.kind}".strip()) for row in rows)
    names = min(most, width - sum(wide[at] + 2 for at in kept))
    lines: Lines = []
    for row in rows:
        label = row.label(names)
        text = label + " " * (names - cell_len(label))
        text += "".join(f"  {row.numbers[at]:>{wide[at]}}" for at in kept)
        lines.append(Content.styled(text, "" if lines else QUIET))
    return lines


def _rows(found: Mapping[str, Any], narrow: bool) -> Iterator[Row]:
    before: Sequence[int] = ()
    for layer in found["layers"]:
        shape, own, work = layer["output"], layer["parameters"], layer["multiplications"]
        if own or list(shape) != list(before):
            parameters = "" if not own else short(own) if narrow else f"{own:,}"
            name = "" if layer["name"].isdigit() else layer["name"]
            yield Row(name, layer["kind"], ("x".join(map(str, shape)), parameters, short(work) if work else ""))
        before = shape


def short(value: float) -> str:
    """A large number in four characters: `236M`, `1.2G`."""
    for sign, step in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= step:
            size = value / step
            return f"{size:.1f}{sign}" if size < 9.95 else f"{size:,.0f}{sign}"
    return f"{value:.0f}"
