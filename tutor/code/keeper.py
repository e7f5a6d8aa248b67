"""Watches over one learner's process: its time, memory, processes, files, output; ends all it started, and reports.

A keeper is forked from the fork server for each check. It is the subreaper of all below it, so a daemon cannot leave.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tutor import family
from tutor.code import confine
from tutor.code.confine import Limits

TICK_SECONDS = 0.02
TICKS_PER_FILE_COUNT = 5


def keep(judge: socket.socket, limits: Limits, learner: Callable[[str, int, bool], None], channel: int) -> None:
    """Start `learner(box, channel, namespaces)` in a process of its own and watch it; send one report to the judge."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    family.die_with_parent(os.getppid())
    family.adopt_orphans()
    os.setsid()
    box = os.path.realpath(tempfile.mkdtemp(prefix="tutor-check-"))
    shared = _shared_memory()
    reading, writing = os.pipe()
    namespaces = limits.namespaces and confine.own_namespaces()
    child = os.fork()
    if child == 0:
        try:
            family.die_with_parent(os.getppid())
            os.setsid()
            os.dup2(writing, 1)
            os.dup2(writing, 2)
            judge.close()
            os.close(reading)
            os.close(writing)
            learner(box, channel, namespaces)
        finally:
            os._exit(70)
    os.close(writing)
    os.close(channel)
    watch = _Watch(child, box, limits, reading, judge)
    try:
        report = watch.run()
    finally:
        family.sweep()
        _remove(box)
        if not namespaces:
            _clear(shared)
    watch.drain()
    report["output"] = bytes(watch.output).decode("utf-8", "replace")
    report["namespaces"] = namespaces
    with suppress(OSError):
        judge.sendall(json.dumps(report).encode() + b"\n")


class _Watch:
    def __init__(self, child: int, box: str, limits: Limits, reading: int, judge: socket.socket) -> None:
        self.child, self.box, self.limits, self.reading, self.judge = child, box, limits, reading, judge
        self.output = bytearray()
        self.open = True
        # What every process here shares with the fork server; it is counted once for each, so it is taken off.
        self.base = _memory(os.getpid())

    def run(self) -> dict[str, Any]:
        """Until the judge has all it wants, the process ends, or a limit is passed; the reason, "" where none is."""
        end, tick = time.monotonic() + self.limits.seconds, 0
        while True:
            files: list[Any] = [self.judge, *([self.reading] if self.open else [])]
            ready = select.select(files, [], [], TICK_SECONDS)[0]
            if self.reading in ready and self.read() > self.limits.output_bytes:
                return {"reason": "OUTPUT"}
            if self.judge in ready:
                line = self.judge.recv(4096)
                known = json.loads(line)["known"] if line.strip() else []
                left = self.left_behind(set(known))
                reason = self.counts(files=True) or ("LEFTOVER" if left else "")
                return {"reason": reason if line else "GONE", "left": left}
            if time.monotonic() > end:
                return {"reason": "TIMEOUT"}
            tick += 1
            if reason := self.counts(tick % TICKS_PER_FILE_COUNT == 0):
                return {"reason": reason}
            found, status = os.waitpid(self.child, os.WNOHANG)
            if found:
                over = "TIMEOUT" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU else ""
                reason = self.counts(files=True) or over or ("LEFTOVER" if _living() else "CRASH")
                return {"reason": reason, "status": os.waitstatus_to_exitcode(status)}

    def read(self) -> int:
        """What was printed meanwhile; how much there is of it in all, in bytes."""
        piece = os.read(self.reading, 1 << 16)
        self.open = bool(piece)
        self.output += piece[: max(0, self.limits.output_bytes + 1 - len(self.output))]
        return len(self.output)

    def drain(self) -> None:
        """The rest of what was printed."""
        while self.open and select.select([self.reading], [], [], 0)[0] and self.read() <= self.limits.output_bytes:
            pass
        del self.output[self.limits.output_bytes :]

    def counts(self, files: bool) -> str:
        """The limit that is passed now, or nothing."""
        living = _living()
        if len(living) > self.limits.processes:
            return "PROCESSES"
        used = sum(_memory(each) for each in living)
        if used - self.base * len(living) > self.limits.memory_bytes:
            return "MEMORY"
        return "FILES" if files and self.too_many_files() else ""

    def too_many_files(self) -> bool:
        """Whether the folder holds more than it may."""
        count = size = 0
        for folder, folders, names in os.walk(self.box):
            count += len(folders) + len(names)
            if count > self.limits.files:
                return True
            for name in names:
                with suppress(OSError):
                    size += os.lstat(os.path.join(folder, name)).st_blocks * 512
        return size > self.limits.file_bytes

    def left_behind(self, known: set[int]) -> int:
        """Processes that the learner's process started and that are none of its own workers."""
        spaces = {_inner(each): each for each in _living() if each != self.child}
        return sum(inner not in known for inner in spaces)


def _living() -> list[int]:
    """Every process below this one, that still lives."""
    return [each for each in family.descendants() if not _dead(each)]


def _dead(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (OSError, IndexError):
        return True


def _status(process: int) -> dict[str, str]:
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return {}
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def _memory(process: int) -> int:
    """Bytes of its own, and of shared mappings without a file."""
    found = _status(process)
    return sum(int(found[name].split()[0]) << 10 for name in ("RssAnon", "RssShmem") if name in found)


def _inner(process: int) -> int:
    """Its number as it knows it itself."""
    names = _status(process).get("NSpid", str(process)).split()
    return int(names[-1])


def _remove(box: str) -> None:
    def again(remove: Callable[[str], Any], path: str, _: Any) -> None:
        with suppress(OSError):
            os.chmod(os.path.dirname(path), stat.S_IRWXU)
            os.chmod(path, stat.S_IRWXU)
            remove(path)

    shutil.rmtree(box, onerror=again)


def _shared_memory() -> set[str]:
    with suppress(OSError):
        return set(os.listdir("/dev/shm"))
    return set()


def _clear(before: set[str]) -> None:
    """Shared memory that was left under the names Python and torch give it."""
    for name in _shared_memory() - before:
        path = f"/dev/shm/{name}"
        with suppress(OSError):
            if name.startswith(("torch_", "psm_", "sem.", "pym-")) and os.stat(path).st_uid == os.getuid():
                os.unlink(path)
