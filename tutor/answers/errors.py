"""The exceptions of the answer language."""

from __future__ import annotations


class AnswerError(Exception):
    """Anything the answer language has to say against a text."""


class Unreadable(AnswerError):
    """A text that could not be read; `start` and `end` are places in the text as typed."""

    def __init__(self, message: str, text: str, start: int, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.start = start
        self.end = start + 1 if end is None else end


class Undefined(AnswerError):
    """A value that does not exist at this point: division by zero, a root of a negative number, an index outside."""


class TooMuchWork(AnswerError):
    """A value whose computation would pass the bounds on work; the point is not used."""
