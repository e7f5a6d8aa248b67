"""A program in a pseudo-terminal, and the time from a key to what it draws."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


class Pseudoterminal:
    """Runs `words` with this Python at 120x36 and keeps every byte it writes."""

    def __init__(self, words: Sequence[str], home: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.written = b""
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "TUTOR_HOME": str(home)},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Pseudoterminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        os.close(self.master)

    def until(self, wanted: bytes, seconds: float = 30.0) -> float:
        """Seconds since the start of the last key (or of the program) until `wanted` is written."""
        end = time.perf_counter() + seconds
        while wanted not in self.written:
            if time.perf_counter() > end or not self._read(1.0):
                raise RuntimeError(f"{wanted!r} was not drawn; the end of what was: {self.written[-500:]!r}")
        return time.perf_counter() - self.begun

    def press(self, key: str) -> None:
        """Type, from a quiet terminal on."""
        self.quiet()
        self.written = b""
        self.begun = time.perf_counter()
        os.write(self.master, key.encode())

    def quiet(self, seconds: float = 0.15) -> None:
        """Read until nothing has come for a while."""
        while select.select([self.master], [], [], seconds)[0]:
            if not self._read(0):
                return

    @contextmanager
    def away(self) -> Iterator[None]:
        """Inside, the program and its children stand still: nothing of it takes part."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """Inside, what it writes is taken from the line at once, as a terminal does."""
        ended = threading.Event()

        def take() -> None:
            while not ended.is_set():
                self._read(0.1)
                self.written = b""

        thread = threading.Thread(target=take, name="terminal", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return self.process.poll() is None
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.written += data
        return bool(data)
