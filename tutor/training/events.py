"""What a run tells: one JSON document a line in `events.jsonl`, a frozen dataclass each here. No torch."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, TypeAlias


class Torn(ValueError):
    """A line that is no event: cut off, or damaged."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process began to train: at first, and again at each resumption (`step` and `epoch` then say from where)."""

    type: ClassVar[str] = "started"
    time: float
    """Seconds since 1970."""
    device: str
    """In words: `cpu, 2 threads` or `cuda:0, NVIDIA H100`."""
    torch: str
    processes: int
    train_images: int
    validation_images: int
    parameters: int
    epochs: int
    steps_per_epoch: int
    step: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """The steps since the Step before: `losses[-1]` is that of `step`, each number of every step is kept.

    `step` counts from 1, `epoch` too. Accuracies are in 0 to 1. A loss that is no number is None.
    """

    type: ClassVar[str] = "step"
    time: float
    step: int
    epoch: int
    loss: float | None
    accuracy: float | None
    lr: float
    images_per_second: float
    losses: tuple[float | None, ...] = ()
    accuracies: tuple[float | None, ...] = ()
    learning_rates: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch has ended and was validated. Accuracies in 0 to 1; `seconds` without the validation."""

    type: ClassVar[str] = "epoch"
    time: float
    epoch: int
    step: int
    train_loss: float | None
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Example:
    """A validation image: `pixels` are rows of greys, 0 to 255, at most 32 x 32."""

    label: str
    predicted: str
    probability: float
    """Of the predicted class."""
    loss: float
    pixels: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """The validation images with the lowest and the highest loss, most extreme first."""

    type: ClassVar[str] = "examples"
    time: float
    epoch: int
    best: tuple[Example, ...]
    worst: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for the log."""

    type: ClassVar[str] = "message"
    time: float
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The run came to its end."""

    type: ClassVar[str] = "finished"
    time: float
    step: int
    epoch: int
    best_accuracy: float
    seconds: float
    """Of training, over all resumptions."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody stopped it, or it had to pause (no space left): it can be resumed."""

    type: ClassVar[str] = "stopped"
    time: float
    step: int
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot go on: what happened, and what to change."""

    type: ClassVar[str] = "failed"
    time: float
    step: int
    epoch: int
    reason: str
    advice: str


Event: TypeAlias = Started | Step | Epoch | Examples | Message | Finished | Stopped | Failed
LAST = (Finished, Stopped, Failed)
_COLUMNS = ("losses", "accuracies", "learning_rates")
_KINDS = {kind.type: kind for kind in (Started, Step, Epoch, Examples, Message, Finished, Stopped, Failed)}


def to_line(event: Event) -> bytes:
    """The event as one line of strict JSON: what is not finite becomes null.

    The numbers of single steps come last and are all of one width (`1.23457e-01`), so that a million of them can be
    read as a table of characters; `history` does.
    """
    values = {name: value for name, value in _values(event).items() if name not in _COLUMNS}
    line = json.dumps({"type": event.type, **values}, separators=(",", ":"), allow_nan=False)
    if isinstance(event, Step):
        columns = ",".join(f'"{name}":[{",".join(map(_wide, getattr(event, name)))}]' for name in _COLUMNS)
        line = f"{line[:-1]},{columns}}}"
    return line.encode() + b"\n"


def _wide(value: float | None) -> str:
    return f"{value:.5e}" if value is not None and math.isfinite(value) else "       null"


def _values(event: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(event, field.name)) for field in fields(event)}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return (
            float(f"{value:.6g}")
            if math.isfinite(value) and abs(value) < 1e9
            else value
            if math.isfinite(value)
            else None
        )
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return _values(value) if isinstance(value, Example) else value


def from_line(line: bytes) -> Event:
    """The event of a line; keys of a newer version are left out. Raises Torn."""
    try:
        values = json.loads(line)
        kind = _KINDS[values.pop("type")]
        known = {field.name for field in fields(kind)}
        return kind(**{name: _tuples(name, value) for name, value in values.items() if name in known})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Torn(f"{line[:60]!r} is no event") from None


def _tuples(name: str, value: Any) -> Any:
    if name in ("best", "worst"):
        return tuple(_example(one) for one in value)
    return tuple(value) if isinstance(value, list) else value


def _example(values: dict[str, Any]) -> Example:
    pixels: Iterable[Iterable[int]] = values.pop("pixels")
    return Example(pixels=tuple(tuple(row) for row in pixels), **values)


class EventWriter:
    """Appends events to a file, each at once and in one piece; the one writer of it. May raise OSError.

    A line that was cut off (by a kill, by a full disk) is ended first, so that it costs itself and nothing else.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        size = os.fstat(self._file).st_size
        self._torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"

    def write(self, event: Event) -> None:
        """Append an event. Raises OSError where the disk is full."""
        line = (b"\n" if self._torn else b"") + to_line(event)
        written = 0
        try:
            while written < len(line):
                written += os.write(self._file, line[written:])
        finally:
            self._torn = self._torn if written == 0 else written < len(line)

    def mend(self) -> None:
        """End a line that was cut off, and close the file. Raises OSError."""
        if self._torn:
            os.write(self._file, b"\n")
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Follower:
    """Reads what is appended to a file of events, from byte `offset` on; the file need not be there yet."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        """Of the first byte that was not taken yet: always where a line begins."""
        self.complaints: list[str] = []
        """A sentence for each damaged line, in their order."""

    def raw(self, most_bytes: int | None = None) -> bytes:
        """The lines that were completed since, as they are; about `most_bytes` of them. Empty where there are none."""
        try:
            with open(self.path, "rb", buffering=0) as file:
                file.seek(self.offset)
                data = file.read() if most_bytes is None else file.read(most_bytes)
                end = data.rfind(b"\n") + 1
                # A line longer than that is read to its end, however long it is.
                while most_bytes is not None and not end and (more := file.read(most_bytes)):
                    data += more
                    end = data.rfind(b"\n") + 1
        except OSError:
            return b""
        self.offset += end
        return data[:end]

    def events(self, lines: bytes) -> list[Event]:
        """The events of complete lines; a damaged one is complained of and left out."""
        found: list[Event] = []
        for line in lines.splitlines():
            try:
                if line.strip():
                    found.append(from_line(line))
            except Torn:
                self.complaints.append(complaint(line))
        return found

    def new(self) -> list[Event]:
        """The events appended since the last call. A line that is not complete yet waits for its end."""
        return self.events(self.raw())


def complaint(line: bytes) -> str:
    """What is said about a damaged line."""
    begin = line[:40].decode("utf-8", "replace")
    return f"One line of the run's events is damaged and was left out (it begins with {begin!r}); the rest is good."


def read_events(path: Path) -> tuple[list[Event], list[str]]:
    """All events of a file and what is wrong with it, in sentences. A torn last line is left out in silence."""
    follower = Follower(path)
    return follower.new(), follower.complaints
