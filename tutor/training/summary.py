"""What a run's events come to, for lists: read once, then only what is appended. No numpy, no curve."""

from __future__ import annotations

import re
from pathlib import Path

from tutor.training.events import LAST, Epoch, Event, Failed, Finished, Follower, Message, Started, Step, Stopped

PIECE_BYTES = 1 << 20
_STEP_LINE = b'\n{"type":"step",'
_OTHER_LINE = re.compile(rb'\n(?!\{"type":"step",)[^\n]+')
WAITS = "It begins when {} is over."
"""What a run says that waits for another one, whose name stands in it."""
_WAITS = re.compile(re.escape(WAITS).replace(re.escape("{}"), r"(\S+)"))


class Summary:
    """How far a run is and how well it does; `update` reads on."""

    def __init__(self, path: Path) -> None:
        self._follower = Follower(path)
        self.first: Started | None = None
        self.started: Started | None = None
        """The beginning, or the newest resumption; `started_at` is its place in the file, in bytes."""
        self.started_at = -1
        self.step = 0
        self.epoch = 0
        """Of the newest step, both counting from 1."""
        self.images_per_second = 0.0
        self.stepped: Step | None = None
        """The newest since the beginning, or since the newest resumption."""
        self.validated: Epoch | None = None
        """The newest."""
        self.best_accuracy: float | None = None
        """On the validation images, 0 to 1."""
        self.message = ""
        """The newest; `message_at` is its place in the file, in bytes."""
        self.message_at = -1
        self.waits_for = ""
        """The run that it begins after, if that was the last it said."""
        self.last: Finished | Stopped | Failed | None = None
        """How it ended, unless something follows; `last_at` is its place in the file, in bytes."""
        self.last_at = -1
        self.time = 0.0
        """Of the newest event, in seconds since 1970."""

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self._follower.offset

    def update(self) -> Summary:
        """Read what was appended since."""
        while lines := self._follower.raw(PIECE_BYTES):
            self._take(b"\n" + lines, self._follower.offset - len(lines) - 1)
        return self

    def _take(self, lines: bytes, base: int) -> None:
        """Take complete lines, a line end in front; `base` is the place of that one in the file."""
        newest_step = lines.rfind(_STEP_LINE)
        told = False
        for match in _OTHER_LINE.finditer(lines):
            if not told and match.start() > newest_step:
                self._add_step(lines, newest_step)
                told = True
            for event in self._follower.events(match[0]):
                self._add(event, base + match.start() + 1)
        if not told:
            self._add_step(lines, newest_step)

    def _add_step(self, lines: bytes, at: int) -> None:
        if at >= 0:
            for event in self._follower.events(lines[at + 1 : lines.index(b"\n", at + 1)]):
                self._add(event, -1)

    def _add(self, event: Event, at: int) -> None:
        self.time = event.time
        match event:
            case Started():
                self.first = self.first or event
                self.started, self.started_at, self.last = event, at, None
                self.step, self.epoch, self.stepped = event.step, event.epoch, None
                self._begin()
            case Step():
                self.step, self.epoch, self.images_per_second = event.step, event.epoch, event.images_per_second
                self.stepped, self.last = event, None
            case Epoch():
                self.validated, self.step, self.epoch = event, event.step, event.epoch
                self.best_accuracy = max(self.best_accuracy or 0.0, event.validation_accuracy)
            case Message():
                self.message, self.message_at = event.text, at
                waits = _WAITS.fullmatch(event.text)
                self.waits_for = waits[1] if waits else ""
            case _ if isinstance(event, LAST):
                self.last, self.last_at = event, at

    def _begin(self) -> None:
        """Its turn has come: that it waited is history."""
        if self.waits_for:
            self.message = self.waits_for = ""
