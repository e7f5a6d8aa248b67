"""Judge an answer to a part. Exit status 0: correct, 1: incorrect, 2: it cannot be read, or the command is wrong."""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from tutor.commands import (
    CORRECT,
    INCORRECT,
    INVALID,
    Trouble,
    as_json,
    part_or_trouble,
    print_json,
    sets_or_trouble,
    write_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutor.content.model import Part, ProblemSet, Verdict

EXAMPLE = 'check cost/forward-multiplications "n K^2 L"'
STATUS = {"correct": CORRECT, "incorrect": INCORRECT, "invalid": INVALID}
WIDTH = 78


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("part", nargs="?", metavar="PART", help="problem/part, such as initialization/sigma")
    parser.add_argument("answer", nargs="*", metavar="ANSWER", help="the answer in quotes; - reads standard input")
    parser.add_argument("--json", action="store_true", help="the verdict as one JSON document")
    parser.add_argument(
        "--batch", action="store_true", help='JSON lines {"part", "answer"} in, a verdict for each out, in their order'
    )


def prepare(words: list[str]) -> list[str]:
    """An answer may begin with a minus: only words like --json and -h are options."""
    if "--" in words:
        return words
    options = [word for word in words if re.match(r"--[A-Za-z]", word) or word == "-h"]
    return [*options, "--", *(word for word in words if word not in options)]


def run(arguments: argparse.Namespace) -> int:
    """Judge one answer, or every line of standard input."""
    if arguments.batch:
        if arguments.part is not None:
            raise Trouble(f"check --batch reads its answers from standard input; leave out {arguments.part}.")
        sets = sets_or_trouble()
        # What is loaded stays; looking through it again and again for garbage costs milliseconds an answer.
        gc.freeze()
        for verdict in judge_lines(read_lines(), sets):
            write_bytes(as_json(verdict).encode() + b"\n")
        return CORRECT
    if arguments.part is None or not arguments.answer:
        missing = "the part and the answer" if arguments.part is None else "the answer"
        raise Trouble(f"check needs {missing}; for example: python -m tutor {EXAMPLE}")
    from tutor.content.judge import judge

    part = part_or_trouble(sets_or_trouble(), arguments.part)
    text = " ".join(arguments.answer)
    if text == "-":
        text = sys.stdin.read().strip("\n") if sys.stdin is not None else ""
    verdict = judge(part, text, accuracies=_own_accuracies(part))
    if arguments.json:
        print_json(as_values(part.key.split("/", 1)[1], text, verdict))
    else:
        print("\n".join(as_lines(text, verdict)))
    return STATUS[verdict.status]


def _own_accuracies(part: Part) -> dict[str, float]:
    """An experiment is about the learner's runs; every other verdict is the same for everybody."""
    if part.kind != "experiment":
        return {}
    from tutor.training.outcomes import own_accuracies

    return own_accuracies(part)


def as_values(part: Any, answer: Any, verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON has it. `start` and `end` place what cannot be read, in characters of the answer."""
    from tutor.plaintext import line

    found = verdict.counterexample
    example = (
        None if found is None else {"symbols": dict(found.symbols), "yours": found.yours, "expected": found.expected}
    )
    values = {
        "part": part,
        "answer": answer,
        "verdict": verdict.status,
        "message": line(verdict.message) if "$" in verdict.message else verdict.message,
        "counterexample": example,
        "preview": verdict.preview,
    }
    if verdict.mistake is not None:
        values["mistake"] = verdict.mistake
    if verdict.start is not None:
        values |= {"start": verdict.start, "end": verdict.end}
    return values


def as_lines(text: str, verdict: Verdict) -> list[str]:
    """A verdict for people: how the answer was read, the sign and the word, why."""
    from tutor.plaintext import lines

    if verdict.status == "invalid":
        shown = list(place(text, verdict.start, verdict.end)) if verdict.start is not None else []
        return [*shown, *lines(verdict.message, WIDTH)]
    read = [f"  {row}" for row in verdict.preview.splitlines()]
    label = "✓ yes" if verdict.status == "correct" else "✗ not yet"
    body = lines(verdict.message, WIDTH - 11) or [""]
    said = [f"{label:<11}{body[0]}".rstrip(), *(" " * 11 + row for row in body[1:])]
    return [*read, *said, *(" " * 11 + row for row in lines(verdict.numbers, WIDTH - 11))]


def place(text: str, start: int, end: int | None) -> Iterator[str]:
    """The line of the answer that cannot be read, and a caret under the place."""
    begin = text.rfind("\n", 0, start) + 1
    row = text[begin:].split("\n", 1)[0].replace("\t", " ")
    at = start - begin
    # A long line is shown around the place.
    first = max(0, at - WIDTH // 2) if len(row) > WIDTH else 0
    row, at = row[first : first + WIDTH], at - first
    length = max(1, min((start + 1 if end is None else end) - start, len(row) - at))
    yield f"  {row}"
    yield f"  {' ' * at}{'^' * length}"


def read_lines() -> Iterator[bytes]:
    """Standard input line by line, each as soon as it is there."""
    if sys.stdin is None:
        return
    if sys.stdin.isatty():
        print('Type lines such as {"part": "cost/inference-memory", "answer": "n K"}; Ctrl+D ends.', file=sys.stderr)
    yield from iter(sys.stdin.buffer.readline, b"")


def judge_lines(lines: Iterable[bytes], sets: tuple[ProblemSet, ...]) -> Iterator[dict[str, Any]]:
    """A verdict for each line, in order; a line that cannot be used gets an `invalid` one and stops nothing."""
    from tutor.content.judge import judge
    from tutor.content.load import UnknownPart, find_part

    parts: dict[str, Part] = {}
    for number, line in enumerate(lines, 1):
        name: Any = None
        answer: Any = None
        try:
            name, answer = request(line, first=number == 1)
            if name not in parts:
                parts[name] = find_part(sets, name)
            yield as_values(name, answer, judge(parts[name], answer))
        except BadLine as error:
            yield refusal(error.part, error.answer, str(error))
        except UnknownPart as error:
            yield refusal(name, answer, str(error))
        except Exception as error:
            # A fault of ours must not cost a grader the lines that follow: this one says so, and goes on.
            kind = type(error).__name__
            yield refusal(name, answer, f"This answer could not be judged, through no fault of its own ({kind}).")


class BadLine(ValueError):
    """A line that is no request; what could be read of it."""

    def __init__(self, message: str, part: Any = None, answer: Any = None) -> None:
        super().__init__(message)
        self.part, self.answer = part, answer


def request(line: bytes, first: bool = False) -> tuple[str, str]:
    """The part and the answer of a line. Raises BadLine."""
    try:
        value = json.loads(line.decode("utf-8-sig" if first else "utf-8"))
    except UnicodeDecodeError:
        raise BadLine("This line is not UTF-8; write the JSON lines in UTF-8.") from None
    except (ValueError, RecursionError):
        raise BadLine(
            'This line is no JSON; write {"part": "...", "answer": "..."} in one line, a backslash as two.'
        ) from None
    if not isinstance(value, dict):
        raise BadLine('This line is no JSON object; write {"part": "...", "answer": "..."}.')
    part, answer = value.get("part"), value.get("answer")
    for key, found in (("part", part), ("answer", answer)):
        if not isinstance(found, str):
            state = "is missing" if key not in value else "is not a text"
            raise BadLine(f'"{key}" {state}; write {{"part": "...", "answer": "..."}}.', part, answer)
    assert isinstance(part, str)
    assert isinstance(answer, str)
    return part, answer


def refusal(part: Any, answer: Any, message: str) -> dict[str, Any]:
    """The `invalid` verdict of a line that was not judged."""
    from tutor.content.model import Verdict

    return as_values(part, answer, Verdict("invalid", message))
