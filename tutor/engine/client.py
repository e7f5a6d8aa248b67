"""The client of the computation engine: starts the child, asks it, and goes on when it fails. Never imports torch.

One thread owns everything (the child, the queue of requests, their time limits); the rest of the program only puts
events into its queue, so that nothing here needs a lock and nothing there ever waits.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import tutor
from tutor.engine.protocol import (
    LONGEST_ANSWER,
    LONGEST_REQUEST,
    Broken,
    Cancel,
    Failure,
    Garbage,
    Progress,
    Ready,
    Request,
    Result,
    from_line,
    to_line,
)

Answer: TypeAlias = dict[str, Any]
Listener: TypeAlias = Callable[[str], None]

LOADING_SECONDS = 120.0
"""So long may torch take to load; from a cold network disk it is slow."""
GRACE_SECONDS = 1.0
"""A cancelled request may still run so long, before the engine is ended and started again."""
PAUSES = (0.0, 1.0, 5.0)
"""Seconds before the engine is started again, after each failure in a row; after the last of them it gives up."""
RETRY_SECONDS = 20.0
"""After giving up, a request made so much later starts the engine again."""


class EngineError(Exception):
    """Why there is no result: one sentence for the learner."""


@dataclass(slots=True)
class _Asked:
    """A request on its way."""

    id: int
    line: bytes
    seconds: float
    future: Future[Answer]
    on_progress: Callable[[Answer], None] | None
    deadline: float = 0.0
    ending: bool = False
    """Its future has been settled; the engine has been asked to leave off."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """A line of a child; None where its pipe has ended."""

    child: subprocess.Popen[bytes]
    line: bytes | None


class Engine:
    """The engine as the rest of the program sees it: ask, listen, close. Everything returns at once.

    `state` is "starting", "ready" or "broken: sentence"; `found` says what the engine found when it became ready.
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        environ: Mapping[str, str] | None = None,
        pauses: Sequence[float] = PAUSES,
        loading_seconds: float = LOADING_SECONDS,
    ) -> None:
        self.state = "starting"
        self.found: Ready | None = None
        self.starts = 0
        """How often a child has been started."""
        self._command = list(command or (sys.executable, "-m", "tutor.engine"))
        self._environ = dict(os.environ if environ is None else environ)
        self._pauses = tuple(pauses)
        self._loading_seconds = loading_seconds
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._closed = False
        self._next_id = 0
        # From here on: only the thread's.
        self._child: subprocess.Popen[bytes] | None = None
        self._waiting: deque[_Asked] = deque()
        self._running: _Asked | None = None
        self._failures = 0
        self._failed_to_load = False
        self._start_at: float | None = None
        self._loaded_by = 0.0
        self._gave_up_at = 0.0

    @property
    def pid(self) -> int | None:
        """The process id of the child, while there is one."""
        child = self._child
        return None if child is None else child.pid

    def start(self) -> None:
        """Begin to load, unless it has begun; returns at once."""
        with self._guard:
            if self._thread is not None or self._closed:
                return
            self._start_at = time.monotonic()
            self._thread = threading.Thread(target=self._run, name="engine client", daemon=True)
            self._thread.start()
        atexit.register(self.close)

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        seconds: float,
        on_progress: Callable[[Answer], None] | None = None,
    ) -> Future[Answer]:
        """Ask for a method's result; starts the engine where nobody has.

        `seconds` is the limit from the moment the engine takes the request up. The future fails with an EngineError.
        `on_progress` is given intermediate results, from a thread, before the future is done.
        """
        future: Future[Answer] = Future()
        with self._guard:
            self._next_id += 1
            number = self._next_id
        try:
            line = to_line(Request(number, method, params))
        except (TypeError, ValueError):
            line = b""
        if not line or len(line) > LONGEST_REQUEST:
            future.set_exception(EngineError("This cannot be asked of PyTorch: it is too long, or not plain values."))
            return future
        self.start()
        with self._guard:
            # Nothing is put behind the end of the queue: nobody would answer it.
            if self._closed:
                future.set_exception(EngineError("The computation engine has been closed."))
                return future
            self._events.put(_Asked(number, line, seconds, future, on_progress))
        future.add_done_callback(lambda done: self._events.put(number) if done.cancelled() else None)
        return future

    def cancel(self, future: Future[Answer]) -> None:
        """Forget a request; the engine leaves off, or is started again where it does not."""
        future.cancel()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(state)` at each change of state, from a thread; the result ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """End the child; requests under way fail. May be called twice."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._events.put(None)
        atexit.unregister(self.close)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while True:
            if self._start_at is not None and time.monotonic() >= self._start_at:
                self._start_child()
            self._send_next()
            try:
                event = self._events.get(timeout=self._patience())
            except queue.Empty:
                self._look_at_clock()
                continue
            match event:
                case None:
                    self._end_child()
                    self._fail_all("The computation engine has been closed.")
                    return
                case _Asked():
                    self._take(event)
                case _Heard(child, line) if child is self._child:
                    self._hear(line)
                case int():
                    self._forget(event)
            self._look_at_clock()

    def _patience(self) -> float | None:
        """Seconds until something is due; None where nothing is."""
        due = [self._start_at] if self._start_at is not None else []
        if self._running is not None:
            due.append(self._running.deadline)
        if self._child is not None and self.state != "ready":
            due.append(self._loaded_by)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        running = self._running
        if running is not None and now >= running.deadline:
            if running.ending:
                self._lose("The computation engine did not answer any more; it is being started again.")
            else:
                said = f"This took longer than {running.seconds:g} seconds and was stopped; try smaller numbers."
                _fail(running.future, said)
                self._leave_off(running)
        elif self._child is not None and self.state != "ready" and now >= self._loaded_by:
            self._lose(f"PyTorch did not load within {self._loading_seconds:g} seconds.")

    def _start_child(self) -> None:
        self._start_at = None
        environ = dict(self._environ)
        if self._failed_to_load:
            # A driver that crashes the process is the likeliest reason; what the engine does needs no GPU.
            environ["CUDA_VISIBLE_DEVICES"] = ""
        self.starts += 1
        self._say("starting")
        try:
            # Not the learner's folder: a torch.py of theirs would be taken for torch.
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=Path(tutor.__file__).resolve().parent.parent,
                env=environ,
                start_new_session=True,
            )
        except OSError as error:
            self._lose(f"The computation engine could not be started ({error.strerror}).")
            return
        self._loaded_by = time.monotonic() + self._loading_seconds
        threading.Thread(target=self._listen_to, args=(self._child,), name="engine pipe", daemon=True).start()

    def _listen_to(self, child: subprocess.Popen[bytes]) -> None:
        """A child's lines into the queue (a thread for each child)."""
        assert child.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while line := child.stdout.readline(LONGEST_ANSWER):
                self._events.put(_Heard(child, line))
        self._events.put(_Heard(child, None))

    def _take(self, asked: _Asked) -> None:
        if self._child is None and self._start_at is None:
            if time.monotonic() - self._gave_up_at < RETRY_SECONDS:
                _fail(asked.future, self.state.removeprefix("broken: "))
                return
            self._failures = len(self._pauses)
            self._start_at = time.monotonic()
        self._waiting.append(asked)

    def _send_next(self) -> None:
        while self.state == "ready" and self._child is not None and self._running is None and self._waiting:
            asked = self._waiting.popleft()
            if asked.future.done():
                continue
            asked.deadline = time.monotonic() + asked.seconds
            self._running = asked
            self._send(asked.line)

    def _send(self, line: bytes) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        # A child that is gone is noticed where its pipe ends.
        with contextlib.suppress(OSError, ValueError):
            self._child.stdin.write(line)
            self._child.stdin.flush()

    def _forget(self, number: int) -> None:
        """A future was cancelled."""
        running = self._running
        if running is not None and running.id == number and not running.ending:
            self._leave_off(running)

    def _leave_off(self, running: _Asked) -> None:
        running.ending = True
        running.deadline = time.monotonic() + GRACE_SECONDS
        self._send(to_line(Cancel(running.id)))

    def _hear(self, line: bytes | None) -> None:
        if line is None:
            self._lose(self._how_it_ended())
            return
        try:
            message = from_line(line)
        except Garbage:
            self._lose("The computation engine said something that makes no sense; it is being started again.")
            return
        running = self._running
        match message:
            case Ready():
                self.found, self._failed_to_load = message, False
                self._say("ready")
            case Broken(reason):
                self._lose(reason)
            case Progress(number, value) if running is not None and running.id == number:
                if running.on_progress is not None and not running.future.done():
                    _quietly(running.on_progress, dict(value))
            case Result(number, value) if running is not None and running.id == number:
                self._running, self._failures = None, 0
                with contextlib.suppress(InvalidStateError):
                    running.future.set_result(dict(value))
            case Failure(number, reason) if running is not None and running.id == number:
                self._running, self._failures = None, 0
                _fail(running.future, reason)
            case _:
                pass

    def _how_it_ended(self) -> str:
        assert self._child is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(1)
        code = self._child.returncode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-code).name
                return f"The computation engine was ended from outside or crashed ({name}); it is being started again."
        return "The computation engine ended without a word; it is being started again."

    def _lose(self, reason: str) -> None:
        """The child is of no use any more: its request fails, and another is started, a few times."""
        was_ready = self.state == "ready"
        self._failed_to_load = not was_ready
        self._end_child()
        running, self._running = self._running, None
        if running is not None:
            _fail(running.future, reason)
        pause = self._pauses[self._failures] if self._failures < len(self._pauses) else None
        self._failures += 1
        if pause is None:
            self._gave_up_at = time.monotonic()
            reason = reason.replace("; it is being started again", "")
        else:
            self._start_at = time.monotonic() + pause
        if pause is None or not was_ready:
            self._fail_all(reason)
        self._say(f"broken: {reason}")

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        for end in (lambda: os.killpg(child.pid, signal.SIGKILL), child.kill):
            with contextlib.suppress(OSError):
                end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5)
        with contextlib.suppress(OSError, ValueError):
            if child.stdin is not None:
                child.stdin.close()

    def _fail_all(self, reason: str) -> None:
        asked = list(self._waiting) + ([self._running] if self._running is not None else [])
        self._waiting.clear()
        self._running = None
        for each in asked:
            _fail(each.future, reason)

    def _say(self, state: str) -> None:
        if state != self.state or state == "starting":
            self.state = state
            for listener in list(self._listeners):
                _quietly(listener, state)


def _fail(future: Future[Answer], reason: str) -> None:
    with contextlib.suppress(InvalidStateError):
        future.set_exception(EngineError(reason))


def _quietly(function: Callable[[Any], None], value: Any) -> None:
    """Others' callbacks may fail; the engine goes on."""
    with contextlib.suppress(Exception):
        function(value)
