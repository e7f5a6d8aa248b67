"""What a diagram says in words and numbers: its headline, its figures, its axis, and what is not shown."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tutor.fields.arithmetic import Field, Number
from tutor.fields.cones import Cone, Runs
from tutor.fields.spans import Line, Span

if TYPE_CHECKING:
    from tutor.fields.frame import View

HEADERS = ("size", "field", "jump", "first")


def number(value: Number) -> str:
    """A figure with a minus as wide as a digit."""
    text = str(int(value)) if value == int(value) else f"{float(value):g}"
    return text.replace("-", "−")


def figures(field: Field, at: int) -> tuple[str, str, str, str]:
    """Size, receptive field, jump and first position of a layer, 0 being the input."""
    if at == 0:
        return str(field.width), "1", "1", "0"
    row = field.layers[at - 1]
    return str(row.size_out), str(row.receptive_field), number(row.jump), number(row.first_position)


def short(name: str, room: int) -> str:
    """A name in little room: `L3` for layer 3, `in` for the input, the end of any other."""
    if name.startswith("layer "):
        return f"L{name.removeprefix('layer ')}"[:room]
    return name[:room] if name == "input" else name[-room:]


def headlines(field: Field, layer: int, unit: int, lit: Cone, up: dict[int, Runs] | None, width: int) -> list[Line]:
    """The figures of the chosen layer and the name of the unit; below, what is to be said of it, or nothing."""
    _, size, jump, first = figures(field, layer)
    name = f"unit {unit} of {field.name(layer - 1)}" if layer else f"cell {unit} of the input"
    long, brief = (
        f" receptive field {size}   jump {jump}   first position {first}",
        f" field {size}   jump {jump}   first {first}",
    )
    lines: list[Line] = []
    title = long if len(long) + 3 + len(name) <= width else brief
    if len(title) + 3 + len(name) <= width:
        lines.append((Span(title.ljust(width - len(name)), "title"), Span(name, "unit")))
    else:
        lines += [(Span(title[:width], "title"),), (Span(f" {name}"[:width], "unit"),)]
    said = []
    glance = lit.glance
    if layer and (glance.real < glance.width or glance.read < glance.real):
        said.append(f"reads {number(glance.first)} to {number(glance.last)}: {glance.words}")
    if up is not None and layer < len(field.nodes):
        runs = up.get(len(field.nodes) - 1, ())
        top = field.name(len(field.nodes) - 1)
        if not runs:
            said.append(f"reaches no unit of {top}")
        elif runs[0][0] == runs[-1][1]:
            said.append(f"reaches unit {runs[0][0]} of {top}")
        else:
            said.append(f"reaches units {runs[0][0]} to {runs[-1][1]} of {top}")
    return [*lines, *((Span(text, "note"),) for text in wrapped("; ".join(said), width))]


def wrapped(text: str, width: int) -> list[str]:
    """A remark in lines of its own, one blank before each; a blank line for none."""
    return textwrap.wrap(text, width, initial_indent=" ", subsequent_indent=" ") or [""]


def axis(view: View, size: int) -> str:
    """Positions of the input, evenly spaced, each number ending below its cell."""
    room = len(str(size - 1)) + 2
    steps = (digit * 10**power for power in range(9) for digit in (1, 2, 5))
    step = next(step for step in steps if 2 * step >= room * view.per)
    text = [" "] * (view.left + view.room + 1)
    first = max(0, -(-view.origin // 2))
    for cell in range(-(-first // step) * step, size, step):
        column, digits = view.column(2 * cell), str(cell)
        if column >= view.left + view.room:
            break
        text[column - len(digits) + 1 : column + 1] = digits
    return "".join(text).rstrip()


def remarks(view: View, cut: bool, size: int, ends: str, part: str) -> list[str]:
    """What the picture leaves out, so that it says nothing that is not so."""
    said = []
    if view.cells > 1:
        said.append(f"one column stands for {view.cells} cells of the input; {part} where some of its cells are lit")
    if cut:
        first, last = -(-view.origin // 2), (view.origin + view.room * view.per - 1) // 2
        if first <= 0 and last >= size - 1:
            return [*said, f"padding goes on at {ends[0]} and {ends[1]}"]
        shown = f"positions {max(first, 0)} to {min(last, size - 1)} of 0 to {size - 1} are shown"
        said.append(f"{shown}; a row goes on at {ends[0]} and {ends[1]}")
    return said
