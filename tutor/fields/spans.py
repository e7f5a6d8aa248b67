"""Styled text as plain values: what a picture is made of before a terminal or an interface gives it colours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line and what it is; `levels` (0 to 1, upper and lower half) for cells of a heat map."""

    text: str
    role: str = ""
    levels: tuple[float, float] | None = None


Line: TypeAlias = tuple[Span, ...]


def plain(line: Line) -> str:
    """The line without its roles."""
    return "".join(span.text for span in line).rstrip()


def joined(spans: Iterable[Span]) -> Line:
    """Neighbours of one role made one span; spans of a heat map stay apart."""
    line: list[Span] = []
    for span in spans:
        if line and line[-1].role == span.role and span.levels is None and line[-1].levels is None:
            line[-1] = Span(line[-1].text + span.text, span.role)
        elif span.text:
            line.append(span)
    return tuple(line)
