"""Snapshots of a run's history: frozen values that the reading side hands to the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tutor.training import history
from tutor.training.events import Epoch, Event, Examples, Failed, Finished, Message, Started, Stopped
from tutor.training.saying import as_sentence, duration

CHUNK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class History:
    """A run as far as it has been read. Arrays have an entry for each step told, NaN where there was no number."""

    numbers: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    """The steps' numbers, ascending, from 1."""
    losses: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    accuracies: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    """In 0 to 1."""
    learning_rates: np.ndarray = field(default_factory=lambda: np.empty(0, np.float64))
    cut: int = 0
    """How often a resumption took steps back: entries before it may have changed."""
    started: Started | None = None
    """The last beginning or resumption."""
    images_per_second: float = 0.0
    epochs: tuple[Epoch, ...] = ()
    examples: Examples | None = None
    last: Finished | Stopped | Failed | None = None
    log: tuple[tuple[float, str], ...] = ()
    """Seconds since 1970 and a sentence, oldest first."""
    complete: bool = False
    """Whether everything that was there has been read."""

    @property
    def steps(self) -> int:
        """The number of the newest step."""
        return int(self.numbers[-1]) if len(self.numbers) else 0

    @property
    def steps_per_epoch(self) -> int:
        """1 or more; 1 before the run has said it."""
        return max(1, self.started.steps_per_epoch) if self.started else 1

    @property
    def total(self) -> int:
        """Steps from the first to the last; 0 before the run has said it."""
        return self.started.epochs * self.started.steps_per_epoch if self.started else 0

    @property
    def best(self) -> Epoch | None:
        """The epoch with the best validation accuracy."""
        return max(self.epochs, key=lambda epoch: epoch.validation_accuracy, default=None)


class Reader:
    """Reads `events.jsonl` on from where it was left."""

    def __init__(self, path: Path) -> None:
        """`path` is the file; it need not be there yet."""
        self._course = history.History(path)
        self._told: tuple[object, ...] = ()
        self.history = History()

    def look(self) -> bool:
        """Read one chunk of what is new; whether there was anything, or the end was reached for the first time."""
        more = self._course.update(CHUNK_BYTES)
        if more or not self.history.complete:
            self.history = self._snapshot(complete=not more or self.history.complete)
            return True
        return False

    def _snapshot(self, complete: bool) -> History:
        course, before = self._course, self.history
        again = before.started is not course.started and before.started is not None
        back = again and course.started is not None and course.started.step < before.steps
        return History(
            course.step,
            course.loss,
            course.accuracy,
            course.lr,
            before.cut + back,
            course.started,
            course.images_per_second,
            tuple(course.epochs),
            course.examples,
            course.last,
            self._log(),
            complete,
        )

    def _log(self) -> tuple[tuple[float, str], ...]:
        course, before = self._course, self.history
        told = (course.started, len(course.epochs), len(course.messages), course.last, len(course.complaints))
        if told == self._told:
            return before.log
        self._told = told
        events = [course.started, *course.epochs, *course.messages, course.last]
        log = [(event.time, said(event)) for event in events if event is not None]
        newest = max((when for when, _ in log), default=0.0)
        return tuple(sorted([*log, *((newest, complaint) for complaint in course.complaints)]))


def said(event: Event) -> str:
    """The event as a sentence of the log; nothing for steps and pictures."""
    match event:
        case Started(step=0):
            return f"Begun on {event.device}; {event.parameters:,} parameters."
        case Started():
            return f"Went on at step {event.step:,} on {event.device}."
        case Epoch():
            reached = f"validation {100 * event.validation_accuracy:.1f} %"
            return f"Epoch {event.epoch}: {reached}, {duration(event.seconds)}."
        case Message():
            return event.text
        case Finished():
            return f"Finished; the best epoch had {100 * event.best_accuracy:.1f} %."
        case Stopped():
            return as_sentence(event)
        case Failed():
            return f"{as_sentence(event)} {event.advice}".rstrip()
        case _:
            return ""


def read(path: Path) -> History:
    """The whole history at once."""
    reader = Reader(path)
    while not reader.history.complete:
        reader.look()
    return reader.history
