"""What has been solved, with attempts, hints and solutions looked at, on standard output."""

from __future__ import annotations

import argparse

from tutor import paths
from tutor.commands import Trouble, open_store, sets_or_trouble, write_bytes

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
            part.key, f"{problem.number} {line(problem.title)}", line(part.title), progress.get(part.key, OPEN)
        )
        for one in sets
        for problem in one.problems
        for part in problem.parts
    ]
    write = {"md": report.as_markdown, "html": report.as_html, "json": report.as_json}[arguments.format]
    text = write("; ".join(one.title for one in sets), rows)
    write_bytes(text.rstrip("\n").encode(errors="replace") + b"\n")
    return 0
