"""The learner's formula as something that can be drawn: its value at any numbers."""

from __future__ import annotations

from functools import partial

from tutor.answers.errors import Unreadable
from tutor.answers.reading import read
from tutor.content.judge import right
from tutor.content.model import Accepted, Part
from tutor.engine.asking import value_at
from tutor.laboratories.bench import Claim


def claim_of(part: Part, text: str, noted: bool = True) -> Claim | None:
    """What an answer to a part claims; None for one that cannot be read, and for parts without a formula.

    `noted` also finds out whether it is another right convention, which takes a comparison.
    """
    if part.tree is None or part.kind not in ("formula", "number") or not text.strip():
        return None
    try:
        tree = read(text, part.vocabulary).tree
    except Unreadable:
        return None

    found = right(part, tree) if noted else False
    return Claim(part.id, partial(value_at, tree), found.note if isinstance(found, Accepted) else "")
