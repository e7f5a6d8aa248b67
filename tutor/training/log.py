"""A file of bounded size for what a process prints: the newest is kept, because errors come last."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from pathlib import Path

MOST_BYTES = 1 << 20
KEPT_BYTES = 1 << 18
_LEFT_OUT = b"[what was printed before this was left out]\n"


class Log:
    """A pipe whose end `writing` is given to a process; `wait` and `drain` carry over what comes through it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.drain()
        for descriptor in (self._reading, self.writing):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def wait(self, bell: socket.socket, seconds: float) -> None:
        """Until something is printed (then it is kept), the bell rings, or the time is up."""
        ready = select.select([self._reading, bell], [], [], seconds)[0]
        if bell in ready:
            with contextlib.suppress(OSError):
                bell.recv(4096)
        self._carry(1 << 16)

    def drain(self) -> None:
        """Keep all that is in the pipe."""
        while self._carry(1 << 20):
            pass

    def _carry(self, most: int) -> bool:
        """Keep up to `most` bytes; whether there was anything."""
        try:
            piece = os.read(self._reading, most)
        except OSError:
            return False
        # A full disk costs the log, not the run.
        with contextlib.suppress(OSError):
            self._keep(piece)
        return bool(piece)

    def _keep(self, piece: bytes) -> None:
        with open(self.path, "ab") as file:
            file.write(piece)
            size = file.tell()
        if size > MOST_BYTES:
            text = self.path.read_bytes()[-KEPT_BYTES:]
            self.path.write_bytes(_LEFT_OUT + text[text.find(b"\n") + 1 :])
