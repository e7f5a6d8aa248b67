"""A picture made of terminal cells: a character and a role each, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

Role: TypeAlias = Literal["", "axis", "label", "title", "raw", "line", "point", "other", "gap"]
ROLES: tuple[Role, ...] = ("", "axis", "label", "title", "raw", "line", "point", "other", "gap")

# The dots of a braille cell, as bits: [row][column].
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint8)


def _twin(bits: int) -> str:
    """The ASCII character that comes nearest to a braille cell."""
    rows = [bool(bits & int(DOTS[row, 0] | DOTS[row, 1])) for row in range(4)]
    if not bits:
        return " "
    if sum(rows) >= 3:
        return "|"
    if rows[0]:
        return ":" if rows[2] or rows[3] else "'" if not rows[1] else "^"
    if rows[3]:
        return ":" if rows[1] else "." if rows[2] else "_"
    return "-"


BRAILLE = np.array([" ", *(chr(0x2800 + bits) for bits in range(1, 256))])
ASCII = np.array([_twin(bits) for bits in range(256)])


@dataclass(frozen=True, slots=True)
class Change:
    """Cells of one row that differ: from column `start` up to, not including, `end`."""

    row: int
    start: int
    end: int


class Picture:
    """`height` x `width` cells. Characters are one cell wide; a role says what a cell is, a theme how that looks."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(width, 0), max(height, 0)
        self.letters = np.full((self.height, self.width), " ", dtype="<U1")
        self.roles = np.zeros((self.height, self.width), dtype=np.uint8)

    def put(self, row: int, column: int, text: str, role: Role = "") -> None:
        """Write over what is there; what does not fit is cut."""
        if not 0 <= row < self.height:
            return
        if column < 0:
            text, column = text[-column:], 0
        text = text[: max(0, self.width - column)]
        if text:
            self.letters[row, column : column + len(text)] = list(text)
            self.roles[row, column : column + len(text)] = ROLES.index(role)

    def lay(self, row: int, column: int, dots: np.ndarray, role: Role, ascii_only: bool = False) -> None:
        """Lay a grid of dots (bool, 4 rows and 2 columns a cell) over what is there; cells without a dot stay."""
        high, wide = dots.shape[0] // 4, dots.shape[1] // 2
        grid = dots.reshape(high, 4, wide, 2)
        bits = (grid * DOTS[None, :, None, :]).sum(axis=(1, 3)).astype(np.uint8)
        lit = bits > 0
        letters = (ASCII if ascii_only else BRAILLE)[bits]
        here = (slice(row, row + high), slice(column, column + wide))
        self.letters[here] = np.where(lit, letters, self.letters[here])
        self.roles[here] = np.where(lit, ROLES.index(role), self.roles[here])

    def runs(self, row: int) -> Iterator[tuple[str, Role]]:
        """One row as stretches of the same role."""
        roles = self.roles[row]
        edges = [0, *(np.flatnonzero(np.diff(roles)) + 1).tolist(), self.width]
        for start, end in pairwise(edges):
            if end > start:
                yield "".join(self.letters[row, start:end].tolist()), ROLES[roles[start]]

    def lines(self) -> list[str]:
        """The characters alone, a line a row."""
        return ["".join(row.tolist()).rstrip() for row in self.letters]

    def changes(self, before: Picture | None, join: int = 6) -> list[Change]:
        """Where this differs from `before`; places nearer than `join` cells are one, as moving the cursor costs too."""
        if before is None or before.letters.shape != self.letters.shape:
            return [Change(row, 0, self.width) for row in range(self.height)] if self.width else []
        differs = (self.letters != before.letters) | (self.roles != before.roles)
        found: list[Change] = []
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            columns = np.flatnonzero(differs[row])
            for part in np.split(columns, np.flatnonzero(np.diff(columns) > join) + 1):
                found.append(Change(row, int(part[0]), int(part[-1]) + 1))
        return found
