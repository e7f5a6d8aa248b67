"""A run in words: one line for lists, what happened to it, what to do about it. Screens and commands say the same."""

from __future__ import annotations

import getpass
import time
from pathlib import Path

from tutor.program import program
from tutor.training.events import Failed, Stopped
from tutor.training.runs import Run, saved_step

ROOT = Path("/")
AS_ASKED = ("Stopped as asked", "It was asked to stop")
"""So begins the reason of a run that somebody stopped; what ended it has told it in these words."""
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


def when(run: Run, now: float | None = None) -> str:
    """Time left while it runs; later, how long ago it was heard last. `now` is in seconds since 1970."""
    if run.alive:
        return "" if run.seconds_left is None else f"{duration(run.seconds_left)} left"
    return ago(run.heard or run.began, now)


def standing(run: Run) -> str:
    """Where it stands, in a word or a few: `epoch 3 of 5`, `waits its turn`, `finished`.

    Lists, tables and commands all say this; `happened` says more of a run that has ended.
    """
    match run.state:
        case "running" | "slow":
            # Short enough for a column: of how many epochs it is, there is no room to say then.
            return f"{_epoch(run).partition(' of ')[0]}, silent" if run.state == "slow" else _epoch(run)
        case "waiting":
            return "waits its turn" if run.waits else "starting"
        case "dead":
            return "lost"
        case "unknown":
            return f"on {run.host}"
        case _:
            return run.state


def waits_how(run: Run) -> str:
    """What a run waits for, to stand behind that it waits; nothing where it does not."""
    if not run.waits:
        return ""
    return f"after {run.waits_for}" if run.waits_for else f"as job {run.queue} of the cluster"


def _epoch(run: Run) -> str:
    if run.steps:
        return f"epoch {max(1, min(run.epoch, run.epochs))} of {run.epochs}"
    # What the cluster says of a job that has not said a word itself is no more than this.
    return "running" if run.state == "running" else "starting"


def happened(run: Run) -> str:
    """What happened to a run that does not go on, as a clause; what it is doing where it does."""
    match run.state:
        case "dead":
            return f"{_stopped(run.step)} when {_lost_when(run)}"
        case "stopped" if run.outside:
            return f"{_stopped(run.step)} by a signal of the system"
        case "stopped" | "failed" if isinstance(run.last, Stopped | Failed):
            return ended(run.last)
        case "unknown":
            return f"on the machine {run.host}, not visible from here"
        case "slow":
            return f"{_epoch(run)}, nothing heard for a while"
        case "waiting" if run.waits_for:
            return f"{standing(run)}: it begins when {run.waits_for} is over"
        case "waiting" if run.queue:
            return f"{standing(run)} {waits_how(run)}"
        case _:
            return standing(run)


def ended(last: Stopped | Failed) -> str:
    """How a run was stopped or failed, as a clause: `stopped at step 8, as asked`, `failed: No memory`."""
    if isinstance(last, Failed):
        failed = f"failed at step {number(last.step)}" if last.step else "failed"
        return f"{failed}: {_clause(last.reason)}"
    if last.reason.startswith(AS_ASKED):
        return f"{_stopped(last.step)}, as asked"
    return f"{_stopped(last.step)}: {_clause(last.reason)}"


def as_sentence(last: Stopped | Failed) -> str:
    """The same as a sentence."""
    told = ended(last)
    return f"{told[0].upper()}{told[1:]}."


def _stopped(step: int) -> str:
    return f"stopped at step {number(step)}" if step else "stopped before its first step"


def _lost_when(run: Run) -> str:
    if run.restarted:
        return "the machine restarted"
    return "its job on the cluster ended" if run.queue else "its process was killed"


def far(run: Run) -> str:
    """How many steps it has taken: `step 1,204 of 2,345`; nothing before the first, or where it has done them all."""
    if not run.step or not run.steps or run.state == "finished":
        return ""
    return f"step {number(run.step)} of {number(run.steps)}"


def _clause(sentence: str) -> str:
    """A sentence as the end of another one."""
    return sentence.strip().rstrip(".")


def advice(run: Run, root: Path = ROOT) -> str:
    """What to do about a run, as a clause without a stop at its end; empty where there is nothing to do."""
    if run.trouble:
        return run.trouble.rstrip(".")
    match run.state:
        case "waiting" if not run.step:
            return f"{program()} runs stop {run.id} stops it before it begins"
        case "running" | "waiting":
            return f"{program()} runs stop {run.id} stops it, and keeps what it has learnt"
        case "slow":
            return (
                "it lives; it may be at a long step, suspended, or waiting for a slow disk; "
                f"{program()} runs stop {run.id} ends it"
            )
        case "unknown":
            here = f"{program()} train --resume {run.id} --take-over goes on here"
            return f"look on {run.host}; if that machine is gone, {here}"
        case "finished":
            return ""
        case "failed" if isinstance(run.last, Failed):
            return _clause(run.last.advice)
        case _:
            goes_on = f"{program()} train --resume {run.id} {from_where(run.path)}"
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


def sentence(run: Run, root: Path = ROOT) -> str:
    """What happened and what to do: `Stopped at step 1,204 when the machine restarted; tutor train --resume ...`."""
    told, todo = happened(run), advice(run, root)
    told = told[0].upper() + told[1:]
    if not todo:
        return f"{told}."
    return f"{told}. {todo}." if todo[0].isupper() else f"{told}; {todo}."
