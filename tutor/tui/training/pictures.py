"""The validation images the model is most and least sure of, as half blocks or characters, with what it said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual.content import Content

from tutor.charts.pictures import ascii_lines, half_blocks
from tutor.training.events import Example, Examples
from tutor.tui.drawing import Lines, cut
from tutor.tui.training.words import QUIET

COLUMNS, MOST_COLUMNS = 14, 32
"""Cells of a picture: 28 pixels go well into 14, two by two; where there is room, each pixel has a cell of its own."""
GAP = 2
HEADING = 10


def lines_of(columns: int) -> int:
    """Lines of a row of pictures so wide, the caption included."""
    return columns // 2 + 1


def drawn(example: Example, columns: int, plain: bool) -> Lines:
    """One image."""
    image = np.array(example.pixels, dtype=np.uint8)
    if image.ndim != 2 or not image.size:
        return []
    if plain:
        return [Content(line) for line in ascii_lines(image, columns)]
    return [
        Content.assemble(
            *(
                ("▀", f"rgb({one.upper},{one.upper},{one.upper}) on rgb({one.lower},{one.lower},{one.lower})")
                for one in row
            )
        )
        for row in half_blocks(image, columns)
    ]


def captions(example: Example, width: int, rows: int) -> Lines:
    """`7 ✓ 0.99`, or label, arrow, prediction and its probability; in two rows where the labels are words.

    The probability is that of the prediction, and stands beside it.
    """
    right = example.label == example.predicted
    label, said = example.label, example.predicted
    if rows == 1:
        sure = f"{example.probability:.2f}"
        words = f"{label} ✓" if right else f"{label} → {said}"
        return [Content.assemble(cut(words, width - len(sure) - 1), " ", (sure, QUIET))]
    sure = "1.0" if example.probability >= 0.995 else f"{example.probability:.2f}"[1:]
    words = cut("✓" if right else f"→ {said}", width - len(sure) - 1)
    return [Content(cut(label, width)), Content.assemble(f"{words:<{width - len(sure)}}", (sure, QUIET))]


def row(heading: str, examples: Sequence[Example], width: int, wide: int = COLUMNS, plain: bool = False) -> Lines:
    """Pictures `wide` cells wide over their captions, as many as fit, with the heading at their left."""
    beside = width >= HEADING + wide
    left = HEADING if beside else 0
    shown = examples[: max(1, (width - left + GAP) // (wide + GAP))]
    # Labels that are words need a second row, which the pictures give up.
    rows = 2 if any(len(one.label) > 2 for one in shown) else 1
    images = [drawn(one, wide - 2 * (rows - 1), plain) for one in shown]
    height = max((len(one) for one in images), default=0)
    columns = [
        [*image, *[Content("")] * (height - len(image)), *captions(one, wide, rows)]
        for image, one in zip(images, shown, strict=True)
    ]
    lines: Lines = [] if beside else [Content.styled(heading, QUIET)]
    words = heading.split()
    for at in range(height + rows):
        word = words[at] if beside and at < len(words) else ""
        lines.append(_side_by_side(Content.styled(f"{word:<{left}}", QUIET), [column[at] for column in columns], wide))
    return lines


def _side_by_side(line: Content, cells: Sequence[Content], wide: int) -> Content:
    """Cells side by side, with a gap between two."""
    for at, cell in enumerate(cells):
        space = " " * (wide - cell.cell_length + GAP) if at < len(cells) - 1 else ""
        line = Content.assemble(line, cell, space)
    return line


def pictures(examples: Examples | None, width: int, height: int, plain: bool = False) -> Lines:
    """What fits into the place: first the most wrong, then the most certain; in more rows where there is room."""
    if examples is None or not (examples.best or examples.worst):
        return [Content.styled(cut("the first pictures come after the first epoch", width), QUIET)]
    heading_above = width < HEADING + COLUMNS
    if height < lines_of(COLUMNS) + heading_above:
        return [Content.styled(cut("no room for pictures here; p shows them", width), QUIET)]
    # Two rows of the largest that fit, at least of the smallest.
    wide = max(COLUMNS, min(MOST_COLUMNS, 2 * (height // 2 - 1), width - HEADING) // 2 * 2)
    each = lines_of(wide) + heading_above
    left = 0 if heading_above else HEADING
    rows, fits = height // each, max(1, (width - left + GAP) // (wide + GAP))
    wrong_rows = max(1, rows // 2)
    lines: Lines = []
    for heading, found, count in (
        ("most wrong", examples.worst, wrong_rows),
        ("most certain", examples.best, rows - wrong_rows),
    ):
        for at in range(count):
            part = found[at * fits : (at + 1) * fits]
            if part:
                lines += row(heading if at == 0 else "", part, width, wide, plain)
    return lines
