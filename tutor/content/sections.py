"""statement.md and solution.md: a text, then `## part-id` sections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tutor.content.tables import Complain, nearest

_SECTION = re.compile(r"##\s+(?!#)(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Sections:
    """The text before the first section, each section's text, and the line of its heading."""

    before: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_sections(path: Path, part_ids: tuple[str, ...], complain: Complain) -> Sections:
    """Read a file of sections; a section of an unknown part, one that comes twice and an empty one are complaints."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        complain(path, 1, f"{path.name} is missing or not UTF-8 text; write it beside problem.toml")
        return Sections()
    current, pieces, lines = "", {"": []}, {}
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and (heading := _SECTION.match(line)):
            current = heading[1]
            if current not in part_ids:
                advice = nearest(current, part_ids) or "; name a part of problem.toml, or use ### for a heading"
                complain(path, number, f"section {current} belongs to no part{advice}")
            elif current in lines:
                complain(path, number, f"section {current} is here a second time; put both into one")
            lines.setdefault(current, number)
            pieces.setdefault(current, [])
        else:
            pieces[current].append(line)
    texts = {name: "\n".join(body).strip() for name, body in pieces.items()}
    for name, number in lines.items():
        if not texts[name]:
            complain(path, number, f"section {name} is empty; write its text or take the heading away")
    return Sections(texts.pop(""), texts, lines)
