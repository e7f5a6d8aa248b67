"""The figures of a network as lines: what it reads, what the gradient says of it, and a row for each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FULL, NARROW = 72, 52
HEADERS = ("k", "s", "p", "d", "size", "field", "jump", "first")
JOINS = ("cat", "add", "sub", "mul", "truediv", "div", "maximum", "minimum", "where")


def lines(document: Mapping[str, Any], columns: int, ascii_only: bool = False) -> list[str]:
    """The table of a network's document (`receptive-field --json`) in at most `columns` columns."""
    times, minus = ("x", "-") if ascii_only else ("×", "−")
    size = f" {times} ".join([str(document["width"])] * document["axes"])
    found = [
        f"{document['model']} over {size}, up to {document['feature_map']}",
        _figures(document),
        *_said(document["gradient"], document["receptive_field"]),
    ]
    for name in ("depth", "height"):
        if name in document:
            found += [f"along the {name}: {_figures(document[name])}"]
            found += _said(document[name]["gradient"], document[name]["receptive_field"])
    found += ["", *_rows(document["layers"], columns, ascii_only)]
    return [line.replace("\N{MINUS SIGN}", minus) for line in found]


def _figures(values: Mapping[str, Any]) -> str:
    first = number(values["first_position"])
    return f"receptive field {values['receptive_field']}   jump {number(values['stride'])}   first position {first}"


def _said(gradient: Mapping[str, Any], field: int) -> list[str]:
    if gradient["receptive_field"] is None:
        return [gradient["how"]]
    width = gradient["receptive_field"]
    if gradient["agree"]:
        return [f"the gradient reaches {width} cells: they agree"]
    if width != field:
        return [f"the gradient reaches {width} cells, the recurrence counts {field}: they differ"]
    return [f"the gradient reaches {width} cells from {number(gradient['first_position'])} on: they differ there"]


def _rows(layers: Sequence[Mapping[str, Any]], columns: int, ascii_only: bool) -> list[str]:
    table = [_cells(row) for row in layers]
    dilated = any(row["dilation"] != 1 for row in layers)
    shown = [at for at, header in enumerate(HEADERS) if columns >= FULL or header not in "ksp"]
    shown = [at for at in shown if HEADERS[at] != "d" or (dilated and columns >= FULL)]
    widths = [max(len(HEADERS[at]), *(len(row[at]) for row in table)) for at in shown]
    figures = sum(width + 2 for width in widths)
    types = max(len(row["type"]) for row in layers) + 2 if columns >= NARROW else 0
    names = min(max(5, *(len(row["name"]) for row in layers)), max(8, columns - figures - types - 2))
    head = _line("layer", "type" if types else "", names, types, [HEADERS[at] for at in shown], widths)
    return [head] + [
        _line(cut(row["name"], names, ascii_only), row["type"] if types else "", names, types, [c[at] for at in shown],
              widths)
        for row, c in zip(layers, table, strict=True)
    ]  # fmt: skip


def _cells(row: Mapping[str, Any]) -> list[str]:
    window = [str(row[key]) for key in ("kernel", "stride", "padding", "dilation")]
    if row["type"] in JOINS:
        window = [""] * 4
    figures = [number(row[key]) for key in ("size_out", "receptive_field", "jump", "first_position")]
    return [*window, *figures]


def _line(name: str, type_: str, names: int, types: int, cells: Sequence[str], widths: Sequence[int]) -> str:
    figures = "".join(cell.rjust(width + 2) for cell, width in zip(cells, widths, strict=True))
    return f"{name.ljust(names)}  {type_.ljust(types)}{figures}".rstrip()


def cut(name: str, width: int, ascii_only: bool) -> str:
    """A name in at most `width` cells: its end is what tells it from others."""
    if len(name) <= width:
        return name
    sign = ".." if ascii_only else "…"
    return sign + name[len(name) - width + len(sign) :]


def number(value: Any) -> str:
    """A figure with a minus as wide as a digit."""
    text = str(int(value)) if value == int(value) else f"{float(value):g}"
    return text.replace("-", "\N{MINUS SIGN}")
