"""A run in words: one line for lists, what happened to it, what to do about it. Screens and commands say the same."""

from __future__ import annotations

import getpass
import time
from pathlib import Path

from tutor.training.events import Failed, Stopped
from tutor.training.runs import Run, saved_step

ROOT = Path("/")
LINGERING = "if it ended when you logged out, `loginctl enable-linger` lets runs go on"


def number(value: int) -> str:
    """`1,204`."""
    return f"{value:,}"


def percent(accuracy: float | None) -> str:
    """`94.1 %`, or nothing."""
    return "" if accuracy is None else f"{100 * accuracy:.1f} %"


def duration(seconds: float) -> str:
    """`40 s`, `2 min`, `3 h 10 min`, `2 days`."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"


def ago(then: float, now: float | None = None) -> str:
    """When that was: `just now`, `5 min ago`, `yesterday`, `on 3 November`."""
    seconds = (time.time() if now is None else now) - then
    if seconds < 60:
        return "just now"
    if seconds < 86400:
        return f"{duration(seconds)} ago"
    if seconds < 2 * 86400:
        return "yesterday"
    days = round(seconds / 86400)
    if days < 14:
        return f"{days} days ago"
    return f"on {time.strftime('%-d %B %Y', time.localtime(then))}"


def standing(run: Run) -> str:
    """How far it is, for a line of a list: `epoch 3 of 5`, `finished`, `stopped at step 1,204`."""
    match run.state:
        case "running" | "slow" if run.steps:
            epoch = max(1, min(run.epoch, run.epochs))
            return f"epoch {epoch} of {run.epochs}" + (", nothing heard for a while" if run.state == "slow" else "")
        case "slow":
            return "starting, nothing heard for a while"
        case "running":
            return "running"
        case "waiting":
            return f"waiting as job {run.queue} of the cluster" if run.queue else "starting"
        case "finished":
            return "finished"
        case "unknown":
            return f"on the machine {run.host}, not visible from here"
        case "failed":
            step = run.last.step if run.last is not None else run.step
            return f"failed at step {number(step)}" if step else "failed"
        case _:
            return f"stopped at step {number(run.step)}" if run.step else "stopped before its first step"


def happened(run: Run) -> str:
    """What happened to a run that does not go on, as a clause; what it is doing where it does."""
    if run.state == "dead":
        if run.restarted:
            return f"{standing(run)} when the machine restarted"
        if run.queue:
            return f"{standing(run)} when its job on the cluster ended"
        return f"{standing(run)} when its process was killed"
    if run.state == "stopped" and run.outside:
        return f"{standing(run)} by a signal of the system"
    if isinstance(run.last, Stopped | Failed):
        return f"{standing(run)}: {_clause(run.last.reason)}"
    return standing(run)


def _clause(sentence: str) -> str:
    """A sentence as the end of another one."""
    return sentence.strip().rstrip(".")


def advice(run: Run, program: str = "tutor", root: Path = ROOT) -> str:
    """What to do about a run, as a clause without a stop at its end; empty where there is nothing to do."""
    if run.trouble:
        return run.trouble.rstrip(".")
    match run.state:
        case "running" | "waiting":
            return f"{program} runs stop {run.id} stops it, and keeps what it has learnt"
        case "slow":
            return (
                "it lives; it may be at a long step, suspended, or waiting for a slow disk; "
                f"{program} runs stop {run.id} ends it"
            )
        case "unknown":
            here = f"{program} train --resume {run.id} --take-over goes on here"
            return f"look on {run.host}; if that machine is gone, {here}"
        case "finished":
            return ""
        case "failed" if isinstance(run.last, Failed):
            return _clause(run.last.advice)
        case _:
            goes_on = f"{program} train --resume {run.id} {from_where(run.path)}"
            return f"{goes_on}; {LINGERING}" if _by_logout(run, root) else goes_on


def from_where(path: Path) -> str:
    """What resuming the run of a folder does: `goes on from step 1,200`."""
    step = saved_step(path)
    return f"goes on from step {number(step)}" if step else "starts it again from the beginning"


def _by_logout(run: Run, root: Path) -> bool:
    """Whether the end may have been a logout, after which the system ends what its users left running."""
    if run.restarted or run.queue or not (run.state == "dead" or run.outside):
        return False
    return (root / "run/systemd/system").is_dir() and not (root / "var/lib/systemd/linger" / _user()).exists()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def sentence(run: Run, program: str = "tutor", root: Path = ROOT) -> str:
    """What happened and what to do: `Stopped at step 1,204 when the machine restarted; tutor train --resume ...`."""
    told, todo = happened(run), advice(run, program, root)
    told = told[0].upper() + told[1:]
    if not todo:
        return f"{told}."
    return f"{told}. {todo}." if todo[0].isupper() else f"{told}; {todo}."
