"""The validation images the model is most and least sure of, as half blocks or characters, with what it said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual.content import Content

from tutor.charts.pictures import ascii_lines, half_blocks
from tutor.training.events import Example, Examples
from tutor.tui.drawing import Lines, cut
from tutor.tui.training.words import QUIET

COLUMNS = 14
"""Cells of a picture: 28 pixels go well into 14, two by two."""
GAP = 2
HEADING = 10
ROWS = COLUMNS // 2 + 1
"""Lines of a row of pictures, the caption included."""


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


def caption(example: Example, right: str, width: int) -> Content:
    """`7 ✓ 0.99`, or label, arrow, prediction and its probability."""
    sure = f"{example.probability:.2f}"
    if example.label == example.predicted:
        return Content.assemble(cut(f"{example.label} {right}", width - 5), " ", (sure, QUIET))
    label, said = example.label, example.predicted
    room = width - len(sure) - 4
    if len(label) + len(said) > room:
        label, said = label[: room // 2], said[: room - room // 2]
    return Content.assemble(f"{label} → {said}", " ", (sure, QUIET))


def row(heading: str, examples: Sequence[Example], width: int, plain: bool = False, columns: int = COLUMNS) -> Lines:
    """Pictures side by side under their captions, as many as fit, with the heading at their left."""
    beside = width >= HEADING + columns
    left = HEADING if beside else 0
    fits = max(1, (width - left + GAP) // (columns + GAP))
    shown = examples[:fits]
    images = [drawn(one, columns, plain) for one in shown]
    lines: Lines = [] if beside else [Content.styled(heading, QUIET)]
    height = max((len(one) for one in images), default=0)
    words = heading.split()
    for at in range(height):
        word = words[at] if beside and at < len(words) else ""
        line = Content.styled(f"{word:<{left}}", QUIET)
        for image in images:
            cells = image[at] if at < len(image) else Content("")
            line = Content.assemble(line, cells, " " * (columns - cells.cell_length + GAP))
        lines.append(line)
    captions = Content(" " * left)
    for one in shown:
        text = caption(one, "" if plain else "✓", columns + GAP - 1)
        captions = Content.assemble(captions, text, " " * max(1, columns + GAP - text.cell_length))
    return [*lines, captions]


def pictures(examples: Examples | None, width: int, height: int, plain: bool = False) -> Lines:
    """What fits into the place: first the most wrong, then the most certain; in more rows where there is room."""
    if examples is None or not (examples.best or examples.worst):
        return [Content.styled(cut("the first pictures come after the first epoch", width), QUIET)]
    if height < ROWS:
        return [Content.styled(cut("no room for pictures here; p shows them", width), QUIET)]
    rows = height // ROWS
    fits = max(1, (width - HEADING + GAP) // (COLUMNS + GAP))
    wrong_rows = max(1, rows // 2)
    lines: Lines = []
    for heading, found, count in (
        ("most wrong", examples.worst, wrong_rows),
        ("most certain", examples.best, rows - wrong_rows),
    ):
        for at in range(count):
            part = found[at * fits : (at + 1) * fits]
            if part:
                lines += row(heading if at == 0 else "", part, width, plain)
    return lines
