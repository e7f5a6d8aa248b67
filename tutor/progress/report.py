"""What has been solved, as Markdown, HTML or JSON: functions of values, without a database."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass

from tutor.progress.store import PartProgress

WORDS = {"open": "open", "tried": "tried", "solved": "solved"}
HEADINGS = ("part", "state", "attempts", "hints", "solution", "last answer")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One part with its titles, as the content gives them, and its progress."""

    key: str
    problem: str
    title: str
    progress: PartProgress


def solved(rows: Sequence[ReportRow]) -> int:
    """How many of the parts are solved."""
    return sum(row.progress.state == "solved" for row in rows)


def as_json(title: str, rows: Sequence[ReportRow]) -> str:
    """One JSON document: title, solved, parts, and a list of parts."""
    parts = [
        {
            "part": row.key,
            "problem": row.problem,
            "title": row.title,
            "state": row.progress.state,
            "attempts": row.progress.attempts,
            "hints": row.progress.hints,
            "solution_shown": row.progress.solution_shown,
            "last_answer": row.progress.last_answer,
        }
        for row in rows
    ]
    document = {"title": title, "solved": solved(rows), "of": len(rows), "parts": parts}
    return json.dumps(document, ensure_ascii=False, indent=2)


def as_markdown(title: str, rows: Sequence[ReportRow]) -> str:
    """A heading, then a table for each problem."""
    lines = [f"# {title}", "", f"{solved(rows)} of {len(rows)} parts solved"]
    for problem, group in _by_problem(rows):
        lines += ["", f"## {problem}", "", "| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
        lines += ["| " + " | ".join(_markdown_cell(cell) for cell in _cells(row)) + " |" for row in group]
    return "\n".join(lines) + "\n"


def as_html(title: str, rows: Sequence[ReportRow]) -> str:
    """A page that stands alone, readable without style or script."""
    lines = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{html.escape(title)}</title>",
        "<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .8rem .2rem 0;"
        "border-bottom:1px solid #8886}</style></head><body>",
        f"<h1>{html.escape(title)}</h1><p>{solved(rows)} of {len(rows)} parts solved</p>",
    ]
    for problem, group in _by_problem(rows):
        heads = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
        lines.append(f"<h2>{html.escape(problem)}</h2><table><tr>{heads}</tr>")
        for row in group:
            lines.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(row)) + "</tr>")
        lines.append("</table>")
    return "\n".join([*lines, "</body></html>"]) + "\n"


def _cells(row: ReportRow) -> tuple[str, ...]:
    now = row.progress
    shown = "shown" if now.solution_shown else "not shown"
    return (row.title, WORDS[now.state], str(now.attempts), str(now.hints), shown, now.last_answer or "")


def _markdown_cell(text: str) -> str:
    """Kept on one line, with nothing in it that would end the cell or begin markup."""
    line = " ".join(text.split())
    return "".join("\\" + character if character in "\\|`*_<>[]" else character for character in line)


def _by_problem(rows: Sequence[ReportRow]) -> list[tuple[str, list[ReportRow]]]:
    groups: dict[str, list[ReportRow]] = {}
    for row in rows:
        groups.setdefault(row.problem, []).append(row)
    return list(groups.items())
