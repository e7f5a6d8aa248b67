"""A run's whole course as arrays, grown as its events come: a million steps are there in a fraction of a second.

The lines of steps are not read as JSON but as a table of characters, a line that looks otherwise as any other event.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tutor.training.events import Epoch, Event, Examples, Failed, Finished, Follower, Message, Started, Step, Stopped

PIECE_BYTES = 1 << 20
"""Read at once: what stays in the processor's cache is quicker than what does not."""

_FAST = (
    rb'\{"type":"step","time":[^,]*,"step":(\d+),"epoch":(\d+),"loss":[^,]*,"accuracy":[^,]*,"lr":[^,]*,'
    rb'"images_per_second":([^,]*),"losses":\[([^]]+)\],"accuracies":\[([^]]+)\],"learning_rates":\[([^]]+)\]\}'
    rb"\n"
)
_STEP = re.compile(_FAST)
"""A line of steps; it may run over the end of a damaged line into the next one, which is looked for afterwards."""
_STEP_IN_ONE_LINE = re.compile(_FAST.replace(rb"[^,]", rb"[^,\n]").replace(rb"[^]]", rb"[^]\n]"))
"""The same at three times the price: it never does."""
_WIDTH = 12
"""Characters of a number and its comma."""
_DIGITS = (0, 2, 3, 4, 5, 6)


class Column:
    """An array that grows at its end."""

    def __init__(self, dtype: type) -> None:
        self._room = np.empty(1024, dtype)
        self._length = 0

    @property
    def values(self) -> NDArray:
        """What it holds, without a copy; what is appended later is not in it."""
        return self._room[: self._length]

    def extend(self, values: NDArray) -> None:
        """Append values."""
        end = self._length + len(values)
        if end > len(self._room):
            room = np.empty(max(end, 2 * len(self._room)), self._room.dtype)
            room[: self._length] = self.values
            self._room = room
        with np.errstate(over="ignore"):  # a loss beyond float32 is infinite on any chart
            self._room[self._length : end] = values
        self._length = end

    def cut(self, length: int) -> None:
        """Forget what is behind `length` values. Views that were handed out before keep what they showed."""
        if length < self._length:
            self._room, self._length = self._room[:length].copy(), length


class History:
    """What the events at `path` tell, so far. `update` reads on; between two calls nothing here changes.

    `step` (int64, counting from 1, ascending), `loss`, `accuracy` (float32, 0 to 1), `lr` (float64) have an entry for
    each step; nan stands where there was no number. What a killed process did after its last checkpoint is told again
    by the one that resumes: the later telling stands.
    """

    def __init__(self, path: Path) -> None:
        self._follower = Follower(path)
        self._step, self._loss, self._accuracy = Column(np.int64), Column(np.float32), Column(np.float32)
        self._lr = Column(np.float64)
        self.started: Started | None = None
        """The beginning, or the newest resumption."""
        self.epochs: list[Epoch] = []
        self.examples: Examples | None = None
        """The newest."""
        self.messages: list[Message] = []
        self.last: Finished | Stopped | Failed | None = None
        """How it ended, unless it goes on."""
        self.images_per_second = 0.0
        """Of the newest steps."""
        self.epoch = 0
        """Of the newest step, counting from 1."""

    @property
    def step(self) -> NDArray[np.int64]:
        """The number of each step told."""
        return self._step.values

    @property
    def loss(self) -> NDArray[np.float32]:
        """The loss of each step."""
        return self._loss.values

    @property
    def accuracy(self) -> NDArray[np.float32]:
        """The accuracy on the images of each step, 0 to 1."""
        return self._accuracy.values

    @property
    def lr(self) -> NDArray[np.float64]:
        """The learning rate of each step."""
        return self._lr.values

    @property
    def complaints(self) -> list[str]:
        """A sentence for each damaged line."""
        return self._follower.complaints

    def update(self, most_bytes: int | None = None) -> bool:
        """Read what was appended since, at most about `most_bytes` of it; whether there was anything."""
        read = 0
        while most_bytes is None or read < most_bytes:
            piece = PIECE_BYTES if most_bytes is None else min(PIECE_BYTES, most_bytes - read)
            lines = self._follower.raw(piece)
            if not lines:
                break
            read += len(lines)
            self._take(lines)
        return read > 0

    def _take(self, lines: bytes) -> None:
        """Take complete lines: runs of step lines at once, what is between them one by one."""
        at = 0
        while at < len(lines):
            at = self._take_steps(lines, at)
            if at < len(lines):
                end = lines.index(b"\n", at) + 1
                for event in self._follower.events(lines[at:end]):
                    self._add(event)
                at = end

    def _take_steps(self, lines: bytes, at: int) -> int:
        """Take the step lines that follow one another from `at` on; where they end."""
        found, end = _matches(_STEP, lines, at)
        if lines.count(b"\n", at, end) != len(found):
            found, end = _matches(_STEP_IN_ONE_LINE, lines, at)
        if found:
            self._add_steps(found)
        return end

    def _add_steps(self, found: list[tuple[bytes, ...]]) -> None:
        last, epoch, speed, *columns = zip(*found, strict=True)
        tables = [table for table in map(_table, columns) if table is not None]
        lengths = np.array([len(text) + 1 for text in columns[0]]) // _WIDTH
        if len(tables) < len(columns) or any(len(table) != lengths.sum() for table in tables):
            self._add_slowly(found)
            return
        ends = np.array(last, dtype="S20").astype(np.int64)
        places = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - 1, lengths)
        self._append(np.repeat(ends, lengths) + places, *tables)
        self.epoch, self.images_per_second, self.last = int(epoch[-1]), _number(speed[-1]), None

    def _add_slowly(self, found: list[tuple[bytes, ...]]) -> None:
        """Numbers of another width (a negative loss, a very large one): each line by itself."""
        for last, epoch, speed, *columns in found:
            values = [np.array([_number(one) for one in text.split(b",")]) for text in columns]
            count = min(len(each) for each in values)
            steps = np.arange(int(last) - count + 1, int(last) + 1)
            self._append(steps, *(each[-count:] for each in values))
            self.epoch, self.images_per_second, self.last = int(epoch), _number(speed), None

    def _append(self, step: NDArray, loss: NDArray, accuracy: NDArray, lr: NDArray) -> None:
        for column, values in zip(self._columns, (step, loss, accuracy, lr), strict=True):
            column.extend(values)

    @property
    def _columns(self) -> tuple[Column, ...]:
        return self._step, self._loss, self._accuracy, self._lr

    def _add(self, event: Event) -> None:
        match event:
            case Started():
                self._go_back(event.step)
                self.started, self.last = event, None
            case Step():
                self._add_step(event)
            case Epoch():
                # A process that was killed between an epoch's validation and its checkpoint told it already.
                self.epochs = [*(each for each in self.epochs if each.epoch < event.epoch), event]
            case Examples():
                self.examples = event
            case Message():
                self.messages.append(event)
            case _:
                self.last = event

    def _add_step(self, event: Step) -> None:
        """A step line that was written otherwise: the numbers of all its steps, or of the one."""
        losses, accuracies, rates = event.losses, event.accuracies, event.learning_rates
        if not len(losses) == len(accuracies) == len(rates) > 0:
            losses, accuracies, rates = (event.loss,), (event.accuracy,), (event.lr,)
        steps = np.arange(event.step - len(losses) + 1, event.step + 1)
        self._append(steps, np.array(losses, float), np.array(accuracies, float), np.array(rates, float))
        self.epoch, self.images_per_second, self.last = event.epoch, event.images_per_second, None

    def _go_back(self, step: int) -> None:
        """A resumption from `step`: what was told of later ones will be told again."""
        length = bisect_right(self.step, step)
        for column in self._columns:
            column.cut(length)
        self.epochs = [each for each in self.epochs if each.step <= step]


def _matches(pattern: re.Pattern[bytes], lines: bytes, at: int) -> tuple[list[tuple[bytes, ...]], int]:
    """The groups of all matches that follow one another from `at` on, and where the last one ends."""
    found = list(iter(pattern.scanner(lines, at).match, None))  # type: ignore[attr-defined]
    return [each.groups() for each in found], found[-1].end() if found else at


def _table(texts: tuple[bytes, ...]) -> NDArray[np.float64] | None:
    """The numbers of texts such as `1.23457e-01,       null`; None where one is written otherwise."""
    data = np.frombuffer(b",".join(texts) + b",", np.uint8)
    if len(data) % _WIDTH:
        return None
    cells = data.reshape(-1, _WIDTH).T
    numbers = cells[1] == ord(".")
    empty = cells[7] == ord("n")
    sign = cells[8]
    if not ((numbers & (cells[7] == ord("e"))) | (~numbers & empty)).all() or (cells[11] != ord(",")).any():
        return None
    digits = cells[[*_DIGITS, 9, 10]] - np.uint8(ord("0"))
    minus = sign == ord("-")
    if ((digits > 9).any(axis=0) & numbers).any() or not (minus | (sign == ord("+")) | empty).all():
        return None
    exponents = (digits[6].astype(np.intp) * 10 + digits[7]) * np.where(minus, -1, 1)
    exponents[empty] = 0
    mantissas = np.zeros(len(exponents), np.int32)
    for digit in digits[:6]:
        mantissas = mantissas * 10 + digit
    values: NDArray[np.float64] = np.multiply(mantissas, _TENS[exponents + 99])
    values[empty] = np.nan
    return values


_TENS = np.array([float(f"1e{power - 5}") for power in range(-99, 100)])
"""What a mantissa of six digits, the point left out, is multiplied by: at 99 where the exponent is 0."""


def _number(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
