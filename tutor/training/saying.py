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
    """A time span in at most two units: `40 s`, `2 min`, `1 h 5 min`, `2 days`."""
    if seconds < 59.5:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    days = round(minutes / (24 * 60))
    return f"{days} day{'s' * (days > 1)}"


def ago(when: float, now: float | None = None) -> str:
    """How long ago, in words a person would use."""
    now = time.time() if now is None else now
    seconds = max(0.0, now - when)
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{duration(seconds)} ago"
    day, today = time.localtime(when), time.localtime(now)
    if (day.tm_year, day.tm_yday) == (today.tm_year, today.tm_yday):
        return time.strftime("%H:%M", day)
    midnight = now - today.tm_hour * 3600 - today.tm_min * 60 - today.tm_sec
    if when >= midnight - 24 * 3600:
        return "yesterday"
    if when >= midnight - 6 * 24 * 3600:
        return time.strftime("%A", day)
    return time.strftime("%-d %B", day) if day.tm_year == today.tm_year else time.strftime("%-d %B %Y", day)


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
            if run.queue:
                return f"waiting as job {run.queue} of the cluster"
            # The one thing that is said before the beginning is what it waits for.
            return "waiting for its turn" if run.message else "starting"
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
