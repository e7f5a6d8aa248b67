"""The processes below this one: none gets away, none outlives its parent. On Linux; elsewhere as far as it goes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def adopt_orphans() -> None:
    """Orphans below this process become its children."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))


def die_with_parent(parent: int) -> None:
    """The system kills this process, just forked, when `parent` ends; at once where that has happened already."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
        if os.getppid() != parent:
            os._exit(70)


def send(pid: int, *numbers: signal.Signals) -> None:
    """Signals to a process that may be gone."""
    for number in numbers:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


def reap(wanted: int = 0) -> int | None:
    """Bury whoever has died; the exit status of process `wanted` if it was among them, negative for a signal."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while (dead := os.waitpid(-1, os.WNOHANG))[0]:
            if dead[0] == wanted:
                found = os.waitstatus_to_exitcode(dead[1])
    return found


def sweep() -> None:
    """End every process below this one, those too that they start meanwhile."""
    for attempt in range(400):
        family = descendants()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for each in family:
                send(each, number)
        reap()
        if not family:
            return
        time.sleep(min(0.001 * (attempt + 1), 0.02))


def descendants() -> list[int]:
    """Every process below this one that is not buried yet."""
    found, waiting = [], [os.getpid()]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(process: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
    return found
