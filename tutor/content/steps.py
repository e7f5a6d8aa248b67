"""A derivation judged: each line has the value of the line before, and the last one is what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.answers import derivation
from tutor.answers.derivation import Step
from tutor.content.model import Verdict

if TYPE_CHECKING:
    from tutor.content.judge import PartJudge


def judge_steps(judge: PartJudge, text: str) -> Verdict:
    """The first step that something is said against decides; a known mistake there says why."""
    part = judge.part
    assert part.start is not None
    assert part.goal is not None
    steps = derivation.check(text, part.vocabulary, part.start, part.goal, part.key)
    preview = f"{len(steps)} steps" if len(steps) > 1 else "one step"
    status, said = derivation.verdict(steps), derivation.complaint(steps)
    if said is None:
        return Verdict(status, part.meaning if status == "correct" else "The steps do not reach the end yet.", preview)
    place = _place(text, steps, said)
    line = f"Line {text.count(chr(10), 0, place) + 1}: " if "\n" in text.strip() else ""
    if status == "invalid":
        start = place + (said.start or 0)
        end = place + said.end if said.end is not None else place + max(1, len(said.text))
        return Verdict("invalid", f"{line}{said.message}", preview, start=start, end=end)
    if said.status == "unfinished":
        return Verdict("incorrect", said.message, preview)
    mistake = judge.mistake(said.tree) if said.tree is not None else None
    if mistake is None:
        return Verdict("incorrect", f"{line}{said.message}", preview)
    message = f"{line}{mistake.message} {said.message.split('. ')[0].rstrip('.')}."
    return Verdict("incorrect", message, preview, None, mistake.id, mistake.hint)


def last_step(text: str) -> tuple[str, int]:
    """The step being typed, and its place in the text."""
    pieces = derivation.split(text)
    if not pieces:
        return "", 0
    place = text.rfind(pieces[-1])
    return pieces[-1], max(0, place)


def _place(text: str, steps: list[Step], wanted: Step) -> int:
    """Where a step begins in the text as typed."""
    place = 0
    for step in steps:
        found = text.find(step.text, place)
        place = place if found < 0 else found
        if step is wanted:
            break
        place += len(step.text) if found >= 0 else 0
    return place
