"""What has been solved, as Markdown, HTML or JSON: functions of values, without a database."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

from tutor.progress.store import PartProgress

WORDS = {"open": "open", "tried": "tried", "solved": "solved"}
HEADINGS = ("part", "state", "attempts", "hints", "solution", "last answer")
RUN_HEADINGS = ("run", "recipe", "state", "best validation accuracy")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One part with its titles, as the content gives them, and its progress."""

    key: str
    problem: str
    title: str
    progress: PartProgress
    answer: str = ""
    """The last answer as it is shown: of code, the file's name."""


@dataclass(frozen=True, slots=True)
class ReportRun:
    """One training: its id, its recipe in words, its state, its best validation accuracy (0 to 1)."""

    id: str
    recipe: str
    state: str
    best_accuracy: float | None


def solved(rows: Sequence[ReportRow]) -> int:
    """How many of the parts are solved."""
    return sum(row.progress.state == "solved" for row in rows)


def as_json(title: str, rows: Sequence[ReportRow], runs: Sequence[ReportRun] = ()) -> str:
    """One JSON document: title, solved, parts, and lists of parts and runs."""
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
    told = [asdict(run) for run in runs]
    document = {"title": title, "solved": solved(rows), "of": len(rows), "parts": parts, "runs": told}
    return json.dumps(document, ensure_ascii=False, indent=2)


def as_markdown(title: str, rows: Sequence[ReportRow], runs: Sequence[ReportRun] = ()) -> str:
    """A heading, then a table for each problem, and one of the runs."""
    lines = [f"# {title}", "", f"{solved(rows)} of {len(rows)} parts solved"]
    for name, headings, cells in _tables(rows, runs):
        lines += ["", f"## {name}", "", "| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
        lines += ["| " + " | ".join(_markdown_cell(cell) for cell in row) + " |" for row in cells]
    return "\n".join(lines) + "\n"


def as_html(title: str, rows: Sequence[ReportRow], runs: Sequence[ReportRun] = ()) -> str:
    """A page that stands alone, readable without style or script."""
    lines = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{html.escape(title)}</title>",
        "<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .8rem .2rem 0;"
        "border-bottom:1px solid #8886}</style></head><body>",
        f"<h1>{html.escape(title)}</h1><p>{solved(rows)} of {len(rows)} parts solved</p>",
    ]
    for name, headings, cells in _tables(rows, runs):
        heads = "".join(f"<th>{heading}</th>" for heading in headings)
        lines.append(f"<h2>{html.escape(name)}</h2><table><tr>{heads}</tr>")
        for row in cells:
            lines.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>")
        lines.append("</table>")
    return "\n".join([*lines, "</body></html>"]) + "\n"


Table: TypeAlias = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""A heading, the names of the columns, the rows."""


def _tables(rows: Sequence[ReportRow], runs: Sequence[ReportRun]) -> Iterator[Table]:
    for problem, group in _by_problem(rows):
        yield problem, HEADINGS, [_cells(row) for row in group]
    if runs:
        yield "Runs", RUN_HEADINGS, [_run_cells(run) for run in runs]


def _run_cells(run: ReportRun) -> tuple[str, ...]:
    best = "" if run.best_accuracy is None else f"{100 * run.best_accuracy:.1f} %"
    return (run.id, run.recipe, run.state, best)


def _cells(row: ReportRow) -> tuple[str, ...]:
    now = row.progress
    shown = "shown" if now.solution_shown else "not shown"
    return (row.title, WORDS[now.state], str(now.attempts), str(now.hints), shown, row.answer or now.last_answer or "")


def _markdown_cell(text: str) -> str:
    """Kept on one line, with nothing in it that would end the cell or begin markup."""
    line = " ".join(text.split())
    return "".join("\\" + character if character in "\\|`*_<>[]" else character for character in line)


def _by_problem(rows: Sequence[ReportRow]) -> list[tuple[str, list[ReportRow]]]:
    groups: dict[str, list[ReportRow]] = {}
    for row in rows:
        groups.setdefault(row.problem, []).append(row)
    return list(groups.items())
