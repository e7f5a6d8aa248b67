"""What a recipe will do, as lines: figures first, then the layers. The figures are the engine's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def described(recipe: Recipe, found: Mapping[str, Any] | None, waiting: str, data: str, width: int) -> Lines:
    """The description as far as it is known; `waiting` says why something is not there yet."""
    lines = drawing.said(f"{summary(recipe)}.", width)
    if data:
        lines += drawing.said(data, width, "", QUIET)
    lines.append(Content(""))
    if found is None:
        return [*lines, *drawing.said(waiting, width, "", QUIET)]
    for name, text in figures(found, waiting):
        lines.append(Content.assemble((f"{name:<{NAME_COLUMNS}}", QUIET), cut(text, width - NAME_COLUMNS)))
    if found.get("complaint"):
        lines += [Content(""), *drawing.said(str(found["complaint"]), width)]
    return [*lines, Content(""), *layers(found, width)]


def figures(found: Mapping[str, Any], waiting: str) -> list[tuple[str, str]]:
    """Names and figures; what only a trial shows says that it is being tried."""
    trying = "" if found.get("complaint") else waiting
    seconds, step, size = found.get("seconds"), found.get("step_seconds"), found.get("memory_bytes")
    rows = [
        ("parameters", f"{found['parameters']:,}"),
        ("a step", f"{count(found['multiplications'])} products"),
        ("steps", f"{found['steps']:,}, {found['steps_per_epoch']:,} an epoch"),
        ("memory", memory(size) if size else trying or "not tried"),
    ]
    if seconds:
        each = f", {1000 * step:.3g} ms a step" if step else ""
        rows.append(("time", f"about {duration(seconds)}{each}"))
        rows.append(("device", str(found.get("device"))))
    else:
        rows.append(("time", trying or "not tried"))
    if found.get("receptive_field"):
        rows.append(("last map sees", f"{found['receptive_field']} pixels, stride {found['receptive_field_stride']}"))
    return rows


def layers(found: Mapping[str, Any], width: int) -> Lines:
    """A table of the layers that hold parameters or change the shape."""
    narrow = width < ROOMY_COLUMNS
    rows: list[tuple[str, ...]] = []
    before: Sequence[int] = ()
    for layer in found["layers"]:
        shape = layer["output"]
        if layer["parameters"] or list(shape) != list(before):
            parameters = short(layer["parameters"]) if narrow else f"{layer['parameters']:,}"
            rows.append(
                (
                    layer["kind"] if layer["name"].isdigit() else f"{layer['name']} {layer['kind']}",
                    "x".join(map(str, shape)),
                    parameters if layer["parameters"] else "",
                    short(layer["multiplications"]) if layer["multiplications"] else "",
                )
            )
        before = shape
    table = [("layer", "gives", "weights" if narrow else "parameters", "products"), *rows]
    columns = [max(cell_len(row[at]) for row in table) for at in range(4)]
    columns[0] = min(columns[0], max(8, width - sum(columns[1:]) - 6))
    lines: Lines = []
    for number, row in enumerate(table):
        name = cut(row[0], columns[0])
        text = f"{name:<{columns[0]}}  {row[1]:>{columns[1]}}  {row[2]:>{columns[2]}}  {row[3]:>{columns[3]}}"
        lines.append(Content.styled(cut(text, width), QUIET if number == 0 else ""))
    return lines


def short(value: float) -> str:
    """A large number in four characters: `236M`, `1.2G`."""
    for sign, step in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= step:
            size = value / step
            return f"{size:.1f}{sign}" if size < 9.95 else f"{size:,.0f}{sign}"
    return f"{value:.0f}"
