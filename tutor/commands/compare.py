"""Say whether two formulas are equal, their letters being any real numbers. Exit status 0: equal, 1: not, 2: no say."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from tutor.commands import CORRECT, INCORRECT, INVALID, Trouble, as_json, print_json, write_bytes
from tutor.commands.check import prepare as prepare  # a formula may begin with a minus

EXAMPLE = 'compare "(a + b)^2" "a^2 + 2ab + b^2"'
STATUS = {True: CORRECT, False: INCORRECT, None: INVALID}
SEED = "compare"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("student", nargs="?", metavar="STUDENT", help="a formula over single letters and Greek names")
    parser.add_argument("reference", nargs="?", metavar="REFERENCE", help="the one to compare it with")
    parser.add_argument("--json", action="store_true", help='{"equal", "error"} as one JSON document')
    parser.add_argument(
        "--batch",
        action="store_true",
        help='JSON lines {"student", "reference"} in, {"equal", "error"} for each out, in their order',
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare two formulas, or those of every line of standard input."""
    if arguments.batch:
        if arguments.student is not None:
            raise Trouble("compare --batch reads its formulas from standard input; leave out the others.")
        source = iter(sys.stdin.buffer.readline, b"") if sys.stdin is not None else iter(())
        for line in compare_lines(source):
            write_bytes(as_json(line).encode() + b"\n")
        return CORRECT
    if arguments.reference is None:
        raise Trouble(f"compare needs two formulas; for example: python -m tutor {EXAMPLE}")
    found = compare_texts(arguments.student, arguments.reference)
    if arguments.json:
        print_json(found)
    else:
        print({True: "equal", False: "not equal", None: found["error"]}[found["equal"]])
    return STATUS[found["equal"]]


def compare_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Whether each line's formulas are equal; a line that cannot be used says so and stops nothing."""
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            student, reference = value["student"], value["reference"]
            if not (isinstance(student, str) and isinstance(reference, str)):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            yield {"equal": None, "error": 'Write {"student": "...", "reference": "..."} in one line of JSON in UTF-8.'}
            continue
        try:
            yield compare_texts(student, reference)
        except Exception as error:
            # A fault of ours must not cost the lines that follow.
            yield {"equal": None, "error": f"This pair could not be compared ({type(error).__name__})."}


def compare_texts(student: str, reference: str) -> dict[str, Any]:
    """Read both and compare them at real numbers of both signs."""
    from tutor.answers.compare import compare
    from tutor.answers.errors import Unreadable

    trees = {}
    for name, text in (("student", student), ("reference", reference)):
        try:
            trees[name] = _read(text)
        except Unreadable as error:
            where = f"{name}, character {error.start + 1}"
            return {"equal": None, "error": f"{where}: {error.message}"}
    found = compare(trees["student"], trees["reference"], _vocabulary(), SEED)
    return {"equal": found.equal, "error": None if found.equal is not None else found.reason}


@lru_cache(maxsize=1)
def _vocabulary() -> Any:
    from tutor.answers.vocabulary import Vocabulary

    return Vocabulary(free=True)


@lru_cache(maxsize=256)
def _read(text: str) -> Any:
    from tutor.answers.reading import read

    return read(text, _vocabulary()).tree
