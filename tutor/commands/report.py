"""What has been solved, with attempts, hints and solutions looked at, and the runs, on standard output."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tutor import paths
from tutor.commands import Trouble, open_store, sets_or_trouble, write_bytes

if TYPE_CHECKING:
    from tutor.progress.report import ReportRun

EXAMPLE = "report --format html > report.html"
FORMATS = ("md", "html", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("--format", choices=FORMATS, default="md", help="Markdown (if not given), HTML or JSON")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")


def run(arguments: argparse.Namespace) -> int:
    """Write the report."""
    from tutor.plaintext import line
    from tutor.progress import report
    from tutor.progress.store import OPEN, Store, StoreError

    sets = sets_or_trouble()
    try:
        # Reading what has been done makes no folder where nothing has.
        with open_store(sets) if (paths.state_folder() / "progress.db").exists() else Store(None) as store:
            progress = store.all_progress()
    except StoreError as error:
        raise Trouble(str(error)) from None
    rows = [
        report.ReportRow(
            part.key,
            f"{problem.number} {line(problem.title)}",
            line(part.title),
            progress.get(part.key, OPEN),
            f"{part.id.replace('-', '_')}.py" if part.kind == "code" and part.key in progress else "",
        )
        for one in sets
        for problem in one.problems
        for part in problem.parts
    ]
    write = {"md": report.as_markdown, "html": report.as_html, "json": report.as_json}[arguments.format]
    text = write("; ".join(one.title for one in sets), rows, _runs())
    write_bytes(text.rstrip("\n").encode(errors="replace") + b"\n")
    return 0


def _runs() -> list[ReportRun]:
    """The learner's runs, the newest first."""
    from tutor.progress.report import ReportRun
    from tutor.training.recipe import summary
    from tutor.training.runs import list_runs

    return [
        ReportRun(run.id, summary(run.recipe) if run.recipe else "", run.state, run.best_accuracy)
        for run in list_runs()
    ]
