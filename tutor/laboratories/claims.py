"""The learner's formula as something that can be drawn: its value at any numbers."""

from __future__ import annotations

import math

from tutor.answers.errors import AnswerError, Unreadable
from tutor.answers.evaluate import evaluate
from tutor.answers.reading import read
from tutor.content.judge import right
from tutor.content.model import Accepted, Part
from tutor.laboratories.bench import Claim, Numbers


def claim_of(part: Part, text: str) -> Claim | None:
    """What an answer to a part claims; None for one that cannot be read, and for parts without a formula."""
    if part.tree is None or part.kind not in ("formula", "number") or not text.strip():
        return None
    try:
        tree = read(text, part.vocabulary).tree
    except Unreadable:
        return None

    def value(numbers: Numbers) -> float | None:
        try:
            found = float(evaluate(tree, numbers))
        except (AnswerError, ArithmeticError, ValueError, TypeError, LookupError):
            return None
        return found if math.isfinite(found) else None

    found = right(part, tree)
    return Claim(part.id, value, found.note if isinstance(found, Accepted) else "")
