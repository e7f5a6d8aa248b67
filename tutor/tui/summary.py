"""An answer as one quiet line: a formula as it was read, an option's text, the number of steps."""

from __future__ import annotations

from tutor.content.judge import look
from tutor.content.model import Part
from tutor.tui import prose


def summary(part: Part, answer: str) -> str:
    """What stands in the line of an answered part."""
    if not answer.strip():
        return ""
    if part.kind == "choice":
        return next((prose.plain(option.text) for option in part.options if option.id == answer), answer)
    if part.kind == "code":
        return f"{part.id.replace('-', '_')}.py"
    if part.kind == "derivation":
        steps = sum(bool(line.strip()) for line in answer.splitlines())
        return f"{steps} steps" if steps > 1 else "one step"
    seen = look(part, answer)
    if seen.picture is not None and len(seen.picture.lines) == 1:
        return seen.picture.lines[0].strip()
    from tutor.answers.errors import Unreadable
    from tutor.answers.preview import one_line
    from tutor.answers.reading import read

    try:
        return one_line(read(answer, part.vocabulary).tree)
    except Unreadable:
        return answer
