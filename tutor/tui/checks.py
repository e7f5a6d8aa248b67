"""The checks of a file as lines: a sign and a name each, and what the first that failed says."""

from __future__ import annotations

from textual.content import Content

from tutor.code.client import CodeVerdict
from tutor.tui import drawing
from tutor.tui.drawing import QUIET, RIGHT, WRONG, Lines

MOST_LINES = 12


def check_lines(verdict: CodeVerdict, details: bool, width: int) -> Lines:
    """The checks in their order; with `details` the learner's own lines of the traceback."""
    lines: Lines = []
    for check in verdict.checks:
        if check.passed:
            lines.append(Content.assemble(("✓ ", RIGHT), check.name))
        elif check.passed is None:
            lines.append(Content.assemble(("· ", QUIET), (check.name, QUIET)))
        else:
            lines.append(Content.assemble(("✗ ", WRONG), (check.name, "bold")))
            lines += drawing.said(check.message, width, "   ")[:MOST_LINES]
            if check.line:
                lines.append(Content.styled(f"   line {check.line}", QUIET))
            if verdict.details and details:
                lines += [Content.styled(f"   {row}", QUIET) for row in verdict.details.splitlines()]
            elif verdict.details:
                lines.append(Content.styled("   F8 shows where it was raised", QUIET))
    if verdict.output.strip():
        lines += [Content(""), Content.styled("printed", QUIET)]
        lines += [Content(f"   {drawing.cut(row, width - 3)}") for row in verdict.output.rstrip().splitlines()[:20]]
    if verdict.confinement not in ("", "full"):
        lines += drawing.said(f"The code ran with less protection than usual: {verdict.confinement}.", width)
    return lines


def ending(verdict: CodeVerdict) -> str:
    """`checked in 0.31 s`, and why it took longer."""
    own = verdict.seconds - verdict.loading
    said = f"checked in {own:.2f} s"
    return f"{said}, after {verdict.loading:.1f} s for loading PyTorch" if verdict.loading else said
