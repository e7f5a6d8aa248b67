"""Parts that are answered with a file, in the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tutor.code import files
from tutor.code.client import CodeService, CodeServiceError
from tutor.commands.code import as_lines
from tutor.content.model import Part


@dataclass(frozen=True, slots=True)
class Checked:
    """What is said about a file, its text, and its verdict ("" where there is none)."""

    said: tuple[str, ...]
    text: str = ""
    status: str = ""


def how(part: Part) -> str:
    """What to do at such a part."""
    return (
        f"An empty line checks {files.own_file(part)}, and begins it where there is none; or type another file's name."
    )


def checked(part: Part, name: str) -> Checked:
    """Check the file of this name; without one the learner's own, begun from the starter where there is none."""
    try:
        if name:
            file = Path(name).expanduser()
        else:
            file, new = files.begin(part)
            if new:
                return Checked((f"{file} is there for you to fill in. An empty line checks it.",))
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return Checked((f"{name or files.own_file(part)} cannot be read ({reason}); type the name of your file.",))
    service = CodeService()
    try:
        verdict = service.check(files.checks(part), text, str(file))
    except CodeServiceError as error:
        return Checked((str(error),))
    finally:
        service.close()
    said = as_words(as_lines(verdict))
    try:
        files.keep_version(part, text)
    except OSError as error:
        said = (*said, f"Not kept: {error}")
    return Checked(said, text, verdict.verdict)


def as_words(rows: list[str]) -> tuple[str, ...]:
    """The signs as words, for a screen reader."""
    signs = {"✓ yes": "Yes", "✗ not yet": "Not yet", "✓": "passed:", "✗": "failed:", "·": "not looked at yet:"}
    found = []
    for row in rows:
        sign = next((sign for sign in signs if row.startswith(sign)), None)
        found.append(signs[sign] + row.removeprefix(sign) if sign else row)
    return tuple(found)
