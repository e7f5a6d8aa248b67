"""Check the content of a folder of problems, the program's own without one. Exit status 0: nothing to mend, else 1."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import paths
from tutor.commands import Trouble, print_json

if TYPE_CHECKING:
    from tutor.content.tables import Complaint

EXAMPLE = "lint problems/ps08"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="a set, or a folder of sets")
    parser.add_argument("--json", action="store_true", help='{"problems": [{"file", "line", "message"}]}')


def measured(folder: Path) -> list[Complaint]:
    """What PyTorch says against the formulas. Trouble where it does not run."""
    from tutor.engine.agreement import disagreements
    from tutor.engine.client import Engine, EngineError

    engine = Engine()
    engine.start()
    try:
        return disagreements(folder, engine)
    except EngineError as error:
        raise Trouble(f"The formulas cannot be measured: {error} `tutor doctor` says more.") from None
    finally:
        engine.close()


def run(arguments: argparse.Namespace) -> int:
    """List every complaint."""
    folder: Path = paths.problems_folder() if arguments.folder is None else arguments.folder
    if not folder.is_dir():
        raise Trouble(f"There is no folder {folder}; name one that holds a set.toml, or folders that do.")
    from tutor.content.lint import lint

    complaints = sorted({*lint(folder), *measured(folder)})
    if arguments.json:
        print_json({"problems": [{"file": str(c.file), "line": c.line, "message": c.message} for c in complaints]})
    else:
        for complaint in complaints:
            print(f"{complaint.file}:{complaint.line}: {complaint.message}")
        if not complaints:
            print("Nothing to mend.")
    return 1 if complaints else 0
