"""Is a run alive? Told by its lock and by who owns it; no clock on a wall is asked."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tutor.program import program
from tutor.training.folder import Identity, Lock, LockState, RunError, lock_state, read_heard, read_identity

State: TypeAlias = Literal["running", "slow", "stopped", "finished", "failed", "dead", "unknown", "waiting"]
"""`waiting`: it has not said a word yet. `slow`: it lives, and nothing has been heard of it for a while. `dead`: it
ended without a word; it can be resumed. `unknown`: another machine owns it."""

SLOW_SECONDS = 30.0
MARK = "TUTOR_RUN"
"""Every process of a run has its folder in this variable of its environment."""
_LINUX = sys.platform.startswith("linux")


@dataclass(frozen=True, slots=True)
class Here:
    """This machine: its name, its boot, and when a process began (None where there is none, or only its remains)."""

    host: str
    boot: str
    start_of: Callable[[int], str | None]
    monotonic: Callable[[], float] = time.monotonic

    def lives(self, identity: Identity) -> bool:
        """Whether the very process of an identity lives on this machine."""
        return (
            self.host == identity.host
            and self.boot == identity.boot
            and self.start_of(identity.pid) == identity.started
        )


def here() -> Here:
    """The machine we are on."""
    return Here(platform.node(), _boot(), start_of)


def state_of(
    identity: Identity | None, lock: LockState, ended: str, begun: bool, silent_seconds: float, here: Here
) -> State:
    """The state of a run.

    `ended` is the type of its last event, if that is an end that its present owner told, else empty; `begun` whether
    the owner told anything; `silent_seconds` since it was last heard.
    """
    if ended:
        return ended  # type: ignore[return-value]
    if identity is not None and identity.host != here.host:
        return "unknown"
    if lock != "held" and (identity is None or not here.lives(identity)):
        return "dead"
    if silent_seconds > SLOW_SECONDS:
        return "slow"
    return "running" if begun else "waiting"


def silent_seconds(folder: Path, here: Here) -> float:
    """Seconds since the run was heard, where it runs on this machine; clocks that are set do not matter."""
    heard = read_heard(folder)
    return 0.0 if heard is None else here.monotonic() - heard


def take(folder: Path, here: Here, take_over: bool = False) -> Lock:
    """The lock of a run whose owner is gone. Raises RunError where that is not certain.

    `take_over`: the learner says that the other machine, to which the run belongs, is gone.
    """
    identity = read_identity(folder)
    name = folder.name
    if identity is not None and identity.host != here.host and not take_over:
        raise RunError(
            f"{name} belongs to the machine {identity.host}, and whether it runs there cannot be seen from "
            f"{here.host}; go there, or add --take-over if that machine is gone."
        )
    if identity is not None and here.lives(identity):
        if lock_state(folder, identity) in ("missing", "replaced"):
            raise RunError(
                f"The lock file of {name} was deleted while the run goes on as process {identity.pid}; stop it first: "
                f"{program()} runs stop {name}"
            )
        raise RunError(f"{name} is running already, as process {identity.pid}; it cannot be run twice at a time.")
    return Lock.take(folder)


# ---------------------------------------------------------------- processes


def own_identity(folder_lock: Lock, offset: int, here: Here) -> Identity:
    """The identity of this process as the owner of a run."""
    pid = os.getpid()
    return Identity(here.host, here.boot, pid, here.start_of(pid) or "", folder_lock.key, offset)


def _boot() -> str:
    if _LINUX:
        with contextlib.suppress(OSError):
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return _said_by("sysctl", "-n", "kern.bootsessionuuid")


def start_of(pid: int) -> str | None:
    """When a process began, in the system's own count; None where it is gone, or dead and not yet buried."""
    if not _LINUX:
        return _said_by("ps", "-o", "lstart=", "-p", str(pid)) or None
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The program's name stands in brackets and may hold anything.
    values = text.rpartition(")")[2].split()
    return None if values[0] in "ZX" else values[19]


def _said_by(*words: str) -> str:
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=5).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def orphans(folder: Path, identity: Identity | None) -> list[int]:
    """The processes of a run, its owner left out: what is left where the owner is dead."""
    found = [] if identity is None or start_of(identity.worker) != identity.worker_started else [identity.worker]
    if not _LINUX:
        return found
    wanted = f"{MARK}={folder}".encode()
    own = {os.getpid(), 0 if identity is None else identity.pid}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal() and int(entry.name) not in own:
            with contextlib.suppress(OSError):
                marks = Path(entry.path, "environ").read_bytes().split(b"\0")
                if wanted in marks and start_of(int(entry.name)) is not None:
                    found.append(int(entry.name))
    return sorted(set(found))


def sweep(folder: Path, identity: Identity | None, seconds: float = 5.0) -> None:
    """End what is left of a dead run, whose lock is ours: two writers of one file must not be. Raises RunError."""
    end = time.monotonic() + seconds
    while left := orphans(folder, identity):
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > end:
            raise RunError(f"Process {left[0]} of {folder.name} cannot be ended; end it, then try again.")
        time.sleep(0.01)
