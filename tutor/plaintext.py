"""Markdown with mathematics -> plain lines for a terminal without a screen: no marks, no boxes, one line a formula."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from tutor.answers.prose import inline

if TYPE_CHECKING:
    pass

_RUN = re.compile(r"(\$[^$]+\$|`[^`]+`|\*\*.+?\*\*|\*[^*\s](?:[^*]*[^*\s])?\*|\[[^\]]+\]\([^)]+\))", re.DOTALL)
_ITEM = re.compile(r"^(\s*)([-*]|\d+\.)\s+(.*)$")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$")
_TOGETHER = 24
"""A formula up to so long is not broken over two lines."""


def line(text: str) -> str:
    """A text in one line: mathematics in characters, marks taken away."""
    return " ".join("".join(_run(run) for run in _RUN.split(text) if run).replace("\N{NO-BREAK SPACE}", " ").split())


def lines(text: str, width: int = 78) -> list[str]:
    """Paragraphs, lists and displays as lines at most `width` wide where words allow it; none for an empty text."""
    found: list[str] = []
    waiting: list[str] = []
    lead = indent = ""

    def close() -> None:
        nonlocal lead, indent
        if waiting:
            found.extend(_wrap(" ".join(waiting), width, lead, indent))
            waiting.clear()
        lead = indent = ""

    rows = iter(text.replace("\r\n", "\n").strip().split("\n"))
    for row in rows:
        bare = row.strip()
        if not bare:
            close()
            if found and found[-1]:
                found.append("")
        elif bare.startswith("```"):
            close()
            for code in rows:
                if code.strip().startswith("```"):
                    break
                found.append(f"    {code}")
        elif bare.startswith("$$"):
            close()
            body = bare[2:]
            while not body.rstrip().endswith("$$") and (following := next(rows, None)) is not None:
                body += " " + following.strip()
            found.append(f"    {inline(body.rstrip().removesuffix('$$').strip())}")
        elif match := _HEADING.match(bare):
            close()
            found.append(line(match[1]))
        elif match := _ITEM.match(row):
            close()
            lead = f"{match[1]}{match[2]} "
            indent = " " * len(lead)
            waiting.append(match[3])
        elif bare.startswith("|"):
            close()
            if not set(bare) <= set("|-: "):
                found.append(", ".join(line(cell.strip()) for cell in bare.strip("|").split("|")))
        else:
            waiting.append(bare)
    close()
    while found and not found[-1]:
        found.pop()
    return found


def _run(run: str) -> str:
    if run.startswith("$") and run.endswith("$") and len(run) > 2:
        drawn = inline(run[1:-1].strip())
        return drawn.replace(" ", "\N{NO-BREAK SPACE}") if len(drawn) <= _TOGETHER else drawn
    if run.startswith("`") and run.endswith("`") and len(run) > 2:
        code = run[1:-1]
        return code.replace(" ", "\N{NO-BREAK SPACE}") if len(code) <= _TOGETHER else code
    if run.startswith("**") and run.endswith("**") and len(run) > 4:
        return "".join(_run(inner) for inner in _RUN.split(run[2:-2]) if inner)
    if run.startswith("*") and run.endswith("*") and len(run) > 2:
        return "".join(_run(inner) for inner in _RUN.split(run[1:-1]) if inner)
    if run.startswith("[") and "](" in run:
        return run[1 : run.index("](")]
    return run


def _wrap(text: str, width: int, lead: str, indent: str) -> list[str]:
    plain = "".join(_run(run) for run in _RUN.split(text) if run)
    rows = textwrap.wrap(
        plain, max(width, 20), initial_indent=lead, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return [row.replace("\N{NO-BREAK SPACE}", " ") for row in rows]
