"""Follows run folders beside the interface, at most five times a second; the screen takes the newest snapshot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from tutor.tui.training.reading import History, Reader

LOOK_SECONDS = 0.2
READ_SECONDS = 1.0
EVENTS = "events.jsonl"


class Watcher:
    """Threads that read what runs append to their events. Snapshots, not callbacks: nobody waits for anybody.

    A run that is being written and one that has ended are the same here. `version` counts what has been seen.
    """

    def __init__(self, folders: Sequence[Path] = (), every: float = LOOK_SECONDS) -> None:
        """Follow these run folders; each is looked at once in `every` seconds."""
        self.version = 0
        self.newest: dict[Path, History] = {}
        self.readings: dict[str, object] = {}
        """The newest value of each thing that is read once a second."""
        self._every = max(every, LOOK_SECONDS)
        self._readers: dict[Path, Reader] = {}
        self._slow: dict[str, Callable[[], object]] = {}
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.follow(folders)

    def follow(self, folders: Sequence[Path]) -> None:
        """Follow exactly these from now on; what was read of them is kept."""
        self._readers = {
            folder: self._readers.get(folder) or Reader(folder / EVENTS) for folder in dict.fromkeys(folders)
        }
        self.newest = {folder: self.newest.get(folder, History()) for folder in self._readers}

    def read_beside(self, name: str, function: Callable[[], object]) -> None:
        """Call `function` about once a second, in a thread, and keep what it returns in `readings`."""
        self._slow[name] = function

    def history(self, folder: Path) -> History:
        """What has been read of a run."""
        return self.newest.get(folder) or History()

    def start(self) -> None:
        """Begin; returns at once."""
        if not self._threads:
            # A driver that hangs holds up nothing but its own readings.
            self._threads = [
                threading.Thread(target=one, name="watching runs", daemon=True) for one in (self._follow, self._read)
            ]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """End the threads; they may still finish what they are reading."""
        self._ended.set()

    def _follow(self) -> None:
        while not self._ended.is_set():
            more = self.look()
            # While there is a long history to read, the interface gets its turn between two chunks.
            self._ended.wait(0.001 if more else self._every)

    def _read(self) -> None:
        while not self._ended.is_set():
            for name, function in list(self._slow.items()):
                value = function()
                if value != self.readings.get(name):
                    self.readings = {**self.readings, name: value}
                    self.version += 1
            self._ended.wait(READ_SECONDS)

    def look(self) -> bool:
        """Read one chunk of each run; whether any has more waiting."""
        more = False
        for folder, reader in list(self._readers.items()):
            if reader.look():
                if folder in self._readers:
                    self.newest = {**self.newest, folder: reader.history}
                self.version += 1
                more = more or not reader.history.complete
        return more
