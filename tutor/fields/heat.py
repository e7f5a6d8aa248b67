"""The effective receptive field as a picture: half blocks or shades, with the theoretical field as a frame."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from tutor.fields.spans import Line, Span, joined

SHADES, ASCII_SHADES = " ░▒▓█", " .:-=+*#%@"
FRAME, ASCII_FRAME = "┌─┐│└┘", "+-+|++"
SMALL = 40
"""Maps of fewer cells are drawn larger, each cell as a square of several."""


def draw(
    heat: Sequence[Sequence[float]],
    square: Sequence[float],
    columns: int,
    ascii_only: bool = False,
    halves: bool = True,
) -> list[Line]:
    """The map, at most `columns` wide; values from 0 to 1, rows from above.

    `square` (top, left, bottom, right) is in cells of the map. With `halves` each character is two cells, coloured by
    whoever shows it (`Span.levels`); without, a shade of their mean, for where there are no colours.
    """
    size = len(heat)
    zoom = max(1, min(columns, SMALL) // size)
    shrink = max(1, -(-size // columns))
    grid = _scaled(heat, zoom, shrink)
    scale = zoom / shrink
    edges = [edge * scale for edge in square]
    frame = _frame(edges, len(grid), ASCII_FRAME if ascii_only else FRAME)
    shades = ASCII_SHADES if ascii_only else SHADES
    lines: list[Line] = []
    for row in range(0, len(grid), 2):
        spans = []
        for column in range(len(grid[0])):
            upper = grid[row][column]
            lower = grid[row + 1][column] if row + 1 < len(grid) else 0.0
            if (sign := frame.get((row // 2, column))) is not None:
                spans.append(Span(sign, "frame"))
            elif halves and not ascii_only:
                spans.append(Span("▀", "heat", (upper, lower)))
            else:
                mean = (upper + lower) / 2
                spans.append(Span(shades[min(int(mean * len(shades)), len(shades) - 1)], "heat"))
        lines.append(joined(spans))
    return lines


def _scaled(heat: Sequence[Sequence[float]], zoom: int, shrink: int) -> list[list[float]]:
    if shrink > 1:
        size = -(-len(heat) // shrink)
        starts = [at * shrink for at in range(size)]
        return [[max(max(row[c : c + shrink]) for row in heat[r : r + shrink]) for c in starts] for r in starts]
    return [[value for value in row for _ in range(zoom)] for row in heat for _ in range(zoom)]


def _frame(edges: Sequence[float], size: int, signs: str) -> dict[tuple[int, int], str]:
    """Where the frame's signs stand, right outside the square; sides past the border are left out."""
    top, left, bottom, right = edges
    rows = (round(top / 2) - 1, round(bottom / 2))
    columns = (round(left) - 1, round(right))
    height = (size + 1) // 2
    found: dict[tuple[int, int], str] = {}
    for row in rows:
        for column in range(columns[0] + 1, columns[1]):
            found[row, column] = signs[1]
    for column in columns:
        for row in range(rows[0] + 1, rows[1]):
            found[row, column] = signs[3]
    corners = (signs[0], signs[2], signs[4], signs[5])
    for at, sign in zip(((r, c) for r in rows for c in columns), corners, strict=True):
        found[at] = sign
    return {(row, column): sign for (row, column), sign in found.items() if 0 <= row < height and 0 <= column < size}


def caption(effective: Mapping[str, Any], field: int, columns: int) -> list[str]:
    """What the picture shows, in words and numbers."""
    size, samples = effective["size"], effective["samples"]
    weights = "the checkpoint's weights" if effective.get("checkpoint") else "random weights"
    top, left, bottom, right = effective["square"]
    cells = len(effective["heat"])
    past = min(top, left) < 0 or max(bottom, right) > cells
    frame = "the frame, the theoretical field, lies past the border" if past else "the frame is the theoretical field"
    inputs = "1 random input" if samples == 1 else f"{samples} random inputs"
    said = [
        f"how strongly each of {size} x {size} input cells moves the middle unit; {weights}, {inputs}",
        f"95 % of it lies within {effective['side']} x {effective['side']}; {frame}, {field} x {field}",
    ]
    return [line for one in said for line in textwrap.wrap(one, columns)]
