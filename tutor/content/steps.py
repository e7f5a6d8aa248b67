"""A derivation judged: each line has the value of the line before, and the last one is what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.answers.derivation import check
from tutor.answers.errors import Unreadable
from tutor.answers.reading import read
from tutor.content.model import Mistake, Verdict

if TYPE_CHECKING:
    from tutor.content.judge import PartJudge


def judge_steps(judge: PartJudge, text: str) -> Verdict:
    """The first line that fails decides; a known mistake at that line says why."""
    part = judge.part
    assert part.start is not None
    assert part.goal is not None
    steps = check(text, part.vocabulary, part.start, part.goal, part.key)
    if not steps:
        return Verdict("invalid", "Type one step a line, from the first to the last.", start=0, end=max(1, len(text)))
    place = 0
    preview = f"{len(steps)} steps" if len(steps) > 1 else "one step"
    for number, step in enumerate(steps, 1):
        found = text.find(step.text, place)
        place = found if found >= 0 else place
        if step.status == "correct":
            place += len(step.text)
            continue
        if step.status == "invalid":
            start, end = _fault(judge, step.text, place)
            return Verdict("invalid", f"Line {number}: {step.message}", preview, start=start, end=end)
        mistake = _mistake(judge, step.text)
        if mistake is not None:
            return Verdict("incorrect", f"Line {number}: {mistake.message}", preview, None, mistake.id, mistake.hint)
        return Verdict("incorrect", f"Line {number}: {step.message}", preview)
    return Verdict("correct", part.meaning, preview)


def _body(text: str) -> tuple[str, int]:
    body = text.lstrip(" \t=")
    return body, len(text) - len(body)


def _fault(judge: PartJudge, line: str, place: int) -> tuple[int, int]:
    """Where an unreadable line's fault lies in the whole text."""
    body, skipped = _body(line)
    try:
        read(body, judge.vocabulary)
    except Unreadable as error:
        return place + skipped + error.start, place + skipped + error.end
    return place, place + max(1, len(line))


def _mistake(judge: PartJudge, line: str) -> Mistake | None:
    try:
        return judge.mistake(read(_body(line)[0], judge.vocabulary).tree)
    except Unreadable:
        return None
