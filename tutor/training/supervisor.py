"""`python -m tutor.training.supervisor FOLDER [-- COMMAND]`: starts a run's worker, holds its lock, sees it to its end.

It is small and has a session of its own, so that it outlives the terminal; torch is in the worker only. Whatever the
worker started ends with it, and an end without a word gets one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import tutor
from tutor import family
from tutor.program import VARIABLE, program
from tutor.training import folder as files
from tutor.training import liveness
from tutor.training.events import EventWriter, Failed, Stopped
from tutor.training.folder import Lock, RunError
from tutor.training.log import Log
from tutor.training.summary import Summary

TICK_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
"""So long may a worker take to finish its step and save a checkpoint, before it is killed."""
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)
"""SIGUSR2 is what a cluster's queue sends shortly before the time is up."""

_FROM_TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT")
_FOLDERS = ("TUTOR_HOME", "TUTOR_DATA")


def worker_command(folder: Path) -> list[str]:
    """The real worker."""
    return [sys.executable, "-m", "tutor.training", str(folder)]


def keep(folder: Path, lock: Lock, command: Sequence[str] | None = None, patience: float = PATIENCE_SECONDS) -> int:
    """Own the run and stay until its worker, and all that it started, are gone; the worker's exit status."""
    return _Keeper(folder, lock, patience).run(command or worker_command(folder))


class _Keeper:
    def __init__(self, folder: Path, lock: Lock, patience: float) -> None:
        self.folder, self.patience = folder, patience
        self.here = liveness.here()
        self.events = folder / files.EVENTS
        self.asked = False
        self.killed = False
        # A word that was cut off by the death of the last owner is ended before this one's place is noted.
        EventWriter(self.events).mend()
        self.size = self.events.stat().st_size
        self.identity = liveness.own_identity(lock, self.size, self.here)
        files.write_identity(folder, self.identity)
        files.write_heard(folder, self.here.monotonic())

    def run(self, command: Sequence[str]) -> int:
        (self.folder / files.STOP).unlink(missing_ok=True)
        family.adopt_orphans()
        self.bell, ring = socket.socketpair()
        for end in (self.bell, ring):
            end.setblocking(False)
        before = signal.set_wakeup_fd(ring.fileno(), warn_on_full_buffer=False)
        handlers = {each: signal.signal(each, self._ask) for each in _STOPS}
        handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        handlers[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            return self._see_through(command)
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            self.bell.close()
            ring.close()

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True

    def _see_through(self, command: Sequence[str]) -> int:
        with Log(self.folder / files.LOG) as log:
            try:
                worker = self._start(command, log)
            except OSError as error:
                self._fail(f"The training process could not be started ({error.strerror}).", "Is Python still there?")
                return 1
            self.identity = replace(
                self.identity, worker=worker.pid, worker_started=self.here.start_of(worker.pid) or ""
            )
            self._note()
            status = self._watch(worker.pid, log)
            worker.returncode = status
            family.sweep()
            log.drain()
        self._conclude(status)
        return status

    def _start(self, command: Sequence[str], log: Log) -> subprocess.Popen[bytes]:
        own = os.getpid()
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log.writing,
            stderr=log.writing,
            cwd=program_folder(),
            env=environment() | {liveness.MARK: str(self.folder), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            preexec_fn=lambda: family.die_with_parent(own),
        )

    def _watch(self, worker: int, log: Log) -> int:
        """Until the worker has ended; its exit status, negative for a signal."""
        kill_at = float("inf")
        while True:
            log.wait(self.bell, TICK_SECONDS)
            if self.asked and kill_at == float("inf"):
                kill_at = time.monotonic() + self.patience
                self._note(outside=not (self.folder / files.STOP).exists())
                family.send(worker, signal.SIGTERM, signal.SIGCONT)
            if time.monotonic() > kill_at:
                self.killed = True
                family.send(worker, signal.SIGKILL)
            self._listen()
            status = family.reap(worker)
            if status is not None:
                return status

    def _listen(self) -> None:
        """Note the time where the worker has said something since."""
        with contextlib.suppress(OSError):
            size = self.events.stat().st_size
            if size != self.size:
                self.size = size
                files.write_heard(self.folder, self.here.monotonic())

    def _note(self, outside: bool = False) -> None:
        self.identity = replace(self.identity, outside=outside)
        with contextlib.suppress(OSError):
            files.write_identity(self.folder, self.identity)

    def _conclude(self, status: int) -> None:
        """Write how it ended, unless the worker did."""
        found = Summary(self.events).update()
        if found.last is not None and found.last_at >= self.identity.offset:
            return
        if self.killed:
            waited = f"It did not stop within {self.patience:g} s and was ended; its last checkpoint is there."
            self._write(Stopped(time.time(), found.step, found.epoch, waited))
        elif self.asked:
            self._write(Stopped(time.time(), found.step, found.epoch, "It was asked to stop."))
        else:
            self._fail(*how_it_ended(status, self.folder), found)

    def _fail(self, reason: str, advice: str, found: Summary | None = None) -> None:
        step, epoch = (found.step, found.epoch) if found is not None else (0, 0)
        self._write(Failed(time.time(), step, epoch, reason, advice))

    def _write(self, event: Failed | Stopped) -> None:
        with contextlib.suppress(OSError), EventWriter(self.events) as writer:
            writer.write(event)


def how_it_ended(status: int, folder: Path) -> tuple[str, str]:
    """Reason and advice for a worker that ended without a word."""
    from tutor.training.saying import from_where

    again = f"{program()} train --resume {folder.name} {from_where(folder)}"
    if status == -signal.SIGKILL:
        reason = "The training process was killed (SIGKILL), as the system does when memory runs out."
        return reason, f"Close other programs, or start with a smaller batch or canvas; {again}."
    if status < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-status).name
            if name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"):
                return f"The training process was ended from outside ({name}).", f"{again}."
            return f"The training process crashed ({name}).", f"{folder / files.LOG} may say where; {again}."
    last = last_line(folder / files.LOG)
    said = f": {last}" if last else " without a word"
    return f"The training process ended (exit status {status}){said}", f"{folder / files.LOG} says more; {again}."


def last_line(log: Path) -> str:
    """The last line that was printed, where a traceback names its error."""
    try:
        lines = log.read_bytes()[-4000:].decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def program_folder() -> Path:
    """Where `python -m tutor` works: not the learner's folder, whose torch.py would be taken for torch."""
    return Path(tutor.__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """Ours for a run: folders named from the root, because it works in another one, and nothing of torchrun's.

    What it says of commands names the program as we were started, though its own processes are started otherwise.
    """
    environ = {key: value for key, value in os.environ.items() if key not in _FROM_TORCHRUN}
    for key in _FOLDERS:
        if environ.get(key):
            environ[key] = str(Path(environ[key]).expanduser().absolute())
    environ[VARIABLE] = program()
    # A thread that waits for the others gives its core away: else two runs, or a run and anything else, slow each other
    # down to a fraction of half.
    environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return environ


# ---------------------------------------------------------------- as a program


def main(words: Sequence[str] | None = None) -> int:
    """Leave the terminal behind, say whether the run is ours, and keep it."""
    words = list(sys.argv[1:] if words is None else words)
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="python -m tutor.training.supervisor", description=__doc__)
    parser.add_argument("folder", type=Path, help="the run's folder")
    parser.add_argument("--lock", type=int, metavar="N", help="a descriptor on which the lock is held already")
    parser.add_argument("--patience", type=float, default=PATIENCE_SECONDS, help="seconds to wait for a stop")
    arguments = parser.parse_args(words[:at])
    command = words[at + 1 :] or worker_command(arguments.folder)
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        said = _read_all(reading)
        if said != b"ok":
            print(said.decode(errors="replace") or "The supervisor of the run ended at once.", file=sys.stderr)
        return 0 if said == b"ok" else 1
    os.close(reading)
    os.setsid()
    try:
        lock = _lock(arguments.folder, arguments.lock)
        keeper = _Keeper(arguments.folder, lock, arguments.patience)
    except (RunError, OSError) as error:
        os.write(writing, str(error).encode())
        return 1
    _leave_streams(arguments.folder / files.LOG)
    os.write(writing, b"ok")
    os.close(writing)
    return keeper.run(command)


def _lock(folder: Path, descriptor: int | None) -> Lock:
    return liveness.take(folder, liveness.here()) if descriptor is None else Lock(descriptor)


def _leave_streams(log: Path) -> None:
    """No stream leads to the terminal any more; what goes wrong here is told in the log."""
    with open(os.devnull, "rb") as nothing, open(log, "ab") as told:
        os.dup2(nothing.fileno(), 0)
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)


def _read_all(descriptor: int) -> bytes:
    said = b""
    while piece := os.read(descriptor, 4096):
        said += piece
    return said


if __name__ == "__main__":
    sys.exit(main())
