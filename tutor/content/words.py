"""How feedback speaks: words it does not use, and that no message gives the answer away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tutor.answers.compare import compare
from tutor.answers.errors import Unreadable
from tutor.answers.evaluate import free_names
from tutor.answers.reading import read
from tutor.answers.tree import Constant, Number, Symbol
from tutor.content.load import Loader
from tutor.content.model import Part
from tutor.content.tables import Table

_BANNED = re.compile(r"\b(just|simply|obviously)\b|!", re.IGNORECASE)
_FORMULA = re.compile(r"\$([^$]+)\$|`([^`]+)`")
SHORTEST = 3
"""A shorter answer (c, 2) stands in many sentences without being given away."""


def lint_words(part: Part, loader: Loader) -> None:
    """Complain about banned words in feedback and about messages that contain the reference answer."""
    for place, key, text in _feedback(part, loader):
        for word in dict.fromkeys(match[0].lower() for match in _BANNED.finditer(text)):
            what = "an exclamation mark" if word == "!" else f"the word {word}"
            place.complain(key, f"{key} has {what}, which feedback does not use; say it without")
        if key == "message" and _gives_away(part, text):
            place.complain(key, "message contains the reference answer; say what differs, and ask where to look")


def _feedback(part: Part, loader: Loader) -> Iterator[tuple[Table, str, str]]:
    own = (part.problem_id, part.id)
    top = loader.places[own]
    yield top, "meaning", part.meaning
    for mistake in part.mistakes:
        yield loader.places.get((*own, "mistakes", mistake.id), top), "message", mistake.message
    for accepted in part.accept:
        yield loader.places[(*own, "accept", accepted.formula)], "note", accepted.note
    for hint in part.hints:
        yield loader.places.get((*own, "hints", hint.id), top), "text", hint.text


def _gives_away(part: Part, message: str) -> bool:
    """Whether the answer stands in the message, as it is written in the part or as an equal formula."""
    if part.kind == "choice":
        return False
    answer = _bare(part.answer)
    if len(answer) >= SHORTEST and re.search(rf"(?<![\w.^]){re.escape(answer)}(?![\w.^])", _bare(message)):
        return True
    reference = part.tree if part.tree is not None else part.goal
    if reference is None or isinstance(reference, Symbol | Number | Constant) or not free_names(reference):
        return False
    for match in _FORMULA.finditer(message):
        try:
            tree = read(match[1] or match[2], part.vocabulary).tree
        except Unreadable:
            continue
        if compare(tree, reference, part.vocabulary, part.key).equal:
            return True
    return False


def _bare(text: str) -> str:
    """The text with formulas spaced one way."""
    plain = " ".join(re.sub(r"[$`]", " ", text).split())
    return re.sub(r"\s+(?=\))", "", re.sub(r"\s*([-+*/^(=])\s*", r"\1", plain)).strip()
