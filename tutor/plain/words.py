"""What the conversation says of an answer, in words for who listens: functions of values."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from tutor.content.model import Option, Part, Verdict

NOT_READABLE = "Not readable:"


def reading(part: Part, text: str) -> str:
    """In one line how an answer was read; nothing where it cannot be."""
    if part.kind == "experiment":
        from tutor.content.judge import look

        picture = look(part, text).picture
        return f"Read as: {picture.text}." if picture is not None else ""
    from tutor.answers.errors import Unreadable
    from tutor.answers.preview import one_line, pretty, uses
    from tutor.answers.reading import read

    try:
        tree = read(text, part.vocabulary).tree
    except Unreadable:
        return ""
    names = ", ".join(pretty(name) for name in uses(tree))
    return f"Read as {one_line(tree)}" + (f", uses {names}." if names else ".")


def verdict_in_words(part: Part, text: str, verdict: Verdict) -> str:
    """A verdict with its reason and its numbers."""
    message = verdict.message.strip()
    if part.kind == "experiment" and verdict.start is None and verdict.status == "invalid":
        return f"{message} run begins what is missing, runs tells how far each is; an empty line then compares."
    if verdict.status == "invalid":
        placed = verdict.start is not None and part.kind != "choice"
        return fault(text, verdict.start, verdict.end, message) if placed else f"{NOT_READABLE} {message}"
    if verdict.status == "correct":
        for opening in ("✓ ", "yes.", "Yes.", "yes,"):
            message = message.removeprefix(opening).strip()
    said = ("Yes." if verdict.status == "correct" else "Not yet.", message, verdict.numbers)
    return " ".join(word for word in said if word)


def fault(text: str, start: int | None, end: int | None, message: str) -> str:
    """What cannot be read, and where in words: a caret says nothing to who listens."""
    if start is None:
        return f"{NOT_READABLE} {message}"
    begin = text.rfind("\n", 0, start) + 1
    row = f"line {text.count(chr(10), 0, start) + 1}, " if "\n" in text else ""
    at = text[start : max(start + 1, end or 0)].strip()
    where = f"{row}character {start - begin + 1}"
    if not at and start >= len(text.rstrip()):
        where = "the end"
    elif 0 < len(at) <= 20:
        where += f", {at}"
    return f"{NOT_READABLE} at {where}: {message}"


def called(options: Sequence[Option], text: str) -> str:
    """The id of an option called by its letter, its number or its name; other texts as they are."""
    names = {option.id: option.id for option in options}
    for number, option in enumerate(options):
        names |= {ascii_lowercase[number]: option.id, str(number + 1): option.id}
    return names.get(text.strip("().").lower(), text)
