"""Check PyTorch code of yours. Without a file, writes one to begin with. Exit 0: correct, 1: incorrect, 2: invalid."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.commands import (
    CORRECT,
    INCORRECT,
    INVALID,
    Trouble,
    as_json,
    open_store,
    part_or_trouble,
    sets_or_trouble,
    write_bytes,
)

if TYPE_CHECKING:
    from tutor.code.client import CodeService, CodeVerdict
    from tutor.content.model import Part, ProblemSet

EXAMPLE = "code convnets/mlp mlp.py"
STATUS = {"correct": CORRECT, "incorrect": INCORRECT, "invalid": INVALID}
LOOK_SECONDS = 0.2
MOST_BYTES = 200_000


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("part", metavar="PART", help="problem/part, such as convnets/mlp")
    parser.add_argument("files", nargs="*", metavar="FILE", help="your file; without one, the starter is written")
    parser.add_argument("--json", action="store_true", help="one JSON line a file")
    parser.add_argument("--watch", action="store_true", help="check again whenever a file is saved; Ctrl+C ends")


def run(arguments: argparse.Namespace) -> int:
    """Check files, or write the starter."""
    from tutor.code import files
    from tutor.code.client import CodeService, CodeServiceError

    sets = sets_or_trouble()
    part = part_or_trouble(sets, arguments.part)
    if part.kind != "code":
        raise Trouble(f"{arguments.part} is not answered with code; use: python -m tutor check {arguments.part} ANSWER")
    if not arguments.files:
        file, new = files.begin(part)
        _name(part, file, new, arguments.json)
        if not arguments.watch:
            return CORRECT
        arguments.files = [str(file)]
    named = [Path(name) for name in arguments.files]
    texts = [_text(file) for file in named]
    service = CodeService()
    try:
        if not arguments.json and sys.stderr.isatty():
            print("PyTorch is being loaded, about 3 s; the checks after this one are quick.", file=sys.stderr)
        found = [
            _check(service, sets, part, file, text, arguments.json) for file, text in zip(named, texts, strict=True)
        ]
        while arguments.watch:
            time.sleep(LOOK_SECONDS)
            for at, file in enumerate(named):
                try:
                    text = _text(file)
                except Trouble:
                    continue  # an editor is replacing it
                if text != texts[at]:
                    texts[at] = text
                    found[at] = _check(service, sets, part, file, text, arguments.json)
    except CodeServiceError as error:
        raise Trouble(f"{error} `tutor doctor` tells more.") from None
    finally:
        service.close()
    return max(found)


def _name(part: Part, file: Path, new: bool, as_line: bool) -> None:
    name = f"{part.problem_id}/{part.id}"
    if as_line:
        write_bytes(as_json({"part": name, "file": str(file), "new": new}).encode() + b"\n")
        return
    print(f"{file} {'is there for you to fill in' if new else 'is there already; it was left as it is'}.")
    print(f"Check it with: python -m tutor code {name} {file}")


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise Trouble(f"{file} is larger than any answer; name the file with your code.")
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Trouble(f"{file} is not UTF-8 text; name a Python file.") from None
    except OSError as error:
        raise Trouble(f"{file} cannot be read ({error.strerror}); name a file of yours.") from None


def _check(service: CodeService, sets: tuple[ProblemSet, ...], part: Part, file: Path, text: str, as_line: bool) -> int:
    from tutor.code import files

    verdict = service.check(files.checks(part), text, str(file))
    kept = _keep(sets, part, text, verdict)
    if as_line:
        write_bytes(as_json(as_values(part, file, verdict)).encode() + b"\n")
    else:
        print("\n".join([*as_lines(verdict), *kept]), flush=True)
    return STATUS[verdict.verdict]


def _keep(sets: tuple[ProblemSet, ...], part: Part, text: str, verdict: CodeVerdict) -> list[str]:
    """Keep the version and the attempt; what there is to say where that fails."""
    from tutor.code import files
    from tutor.progress.store import StoreError

    try:
        files.keep_version(part, text)
        with open_store(sets) as store:
            store.record_attempt(part.key, text, verdict.verdict)
    except (StoreError, OSError) as error:
        return [f"Not kept: {error}"]
    return []


def as_values(part: Part, file: Path, verdict: CodeVerdict) -> dict[str, Any]:
    """A verdict as JSON has it."""
    return {
        "part": f"{part.problem_id}/{part.id}",
        "verdict": verdict.verdict,
        "seconds": verdict.seconds,
        "checks": [
            {"name": check.name, "passed": check.passed, "message": check.message, "line": check.line}
            for check in verdict.checks
        ],
        "file": str(file),
        "reason": verdict.reason,
        "output": verdict.output,
        "details": verdict.details,
        "confinement": verdict.confinement,
        "loading_seconds": verdict.loading,
    }


def as_lines(verdict: CodeVerdict) -> list[str]:
    """A verdict for people: each check with its sign, the first failed one explained, what was printed."""
    from tutor.plaintext import lines

    said: list[str] = []
    for check in verdict.checks:
        sign = {True: "✓", False: "✗", None: "·"}[check.passed]
        said.append(f"{sign} {check.name}")
        if check.passed is False:
            said += [f"    {row}" for row in lines(check.message, 74)]
            if check.line:
                said.append(f"    line {check.line}")
    if verdict.details:
        said += [f"    {row}" for row in verdict.details.splitlines()]
    if verdict.output.strip():
        said += ["printed:", *(f"    {row}" for row in verdict.output.rstrip().splitlines()[:20])]
    if verdict.confinement not in ("", "full"):
        said.append(f"The code ran with less protection than usual: {verdict.confinement}.")
    label = {"correct": "✓ yes", "incorrect": "✗ not yet", "invalid": "it does not run yet"}[verdict.verdict]
    time_said = f"checked in {verdict.seconds - verdict.loading if verdict.loading else verdict.seconds:.2f} s"
    if verdict.loading:
        time_said += f", after {verdict.loading:.1f} s for loading PyTorch"
    return [*said, f"{label}   {time_said}"]
