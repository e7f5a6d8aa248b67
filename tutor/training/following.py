"""Follows a run from a terminal: its lines as they are written, a bar with figures, or a line an epoch in a log."""

from __future__ import annotations

import contextlib
import os
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from tutor.training import folder as files
from tutor.training import runs
from tutor.training.events import LAST, Epoch, Event, Failed, Follower, Message, Started, Step, Torn, from_line, to_line
from tutor.training.runs import Run
from tutor.training.saying import duration, happened, number, percent

LOOK_SECONDS = 0.1
STATE_SECONDS = 1.0
"""Between two looks at whether the run lives."""
_STEP = b'{"type":"step"'
LEAST_BAR = 10
"""Columns of a bar from which on it shows anything."""
GAP = "  "


def lines(run: Run, offset: int, pause: Callable[[float], None] = time.sleep) -> Iterator[bytes]:
    """Complete lines as they are appended from byte `offset` on, some at a time; empty ones while nothing comes.

    Ends after the line that tells the run's end. One that dies without a word gets a `failed` line here, not in its
    file.
    """
    follower = Follower(run.path / files.EVENTS, offset)
    looked = time.monotonic()
    while True:
        new = follower.raw()
        yield new
        if new and _tells_the_end(new):
            return
        if not new and time.monotonic() - looked >= STATE_SECONDS:
            looked = time.monotonic()
            now = runs.load(run.path)
            if not now.alive:
                rest = follower.raw()
                yield rest if _tells_the_end(rest) else rest + to_line(_death(now))
                return
        pause(LOOK_SECONDS)


def _tells_the_end(new: bytes) -> bool:
    line = new.rstrip(b"\n").rpartition(b"\n")[2]
    return not line.startswith(_STEP) and any(line.startswith(b'{"type":"%s"' % kind.type.encode()) for kind in LAST)


def _death(run: Run) -> Failed:
    said = happened(run)
    return Failed(time.time(), run.step, run.epoch, f"{said[0].upper()}{said[1:]}.", "It can be resumed.")


def fitting(title: str, epoch: str, figures: Sequence[str], width: int) -> tuple[str, str]:
    """What stands before and after a bar in a line of this width: as much as leaves the bar a place.

    The title, said above already, is left out first, then one figure after the other; the last of them stays longest.
    """
    left = list(figures)
    for before in (f"{title}{GAP}{epoch}", epoch):
        if len(before) + len(GAP.join(left)) + LEAST_BAR + 2 <= width:
            return before, GAP.join(left)
    while len(left) > 1 and len(epoch) + len(GAP.join(left)) + LEAST_BAR + 2 > width:
        left.pop(0)
    return epoch, GAP.join(left)


def loss_in_words(loss: float | None) -> str:
    """`0.123`; of a run that diverges `2.7e19`."""
    if loss is None:
        return "not a number"
    if abs(loss) < 9999.5:
        return f"{loss:.3f}" if abs(loss) < 99.95 else f"{loss:,.1f}"
    mantissa, power = f"{loss:.1e}".split("e")
    return f"{mantissa}e{int(power)}"


def at_words(text: str, stream: IO[str]) -> str:
    """A text in lines as wide as the terminal that it is said on, which would break them within words.

    What is no terminal gets it whole.
    """
    try:
        width = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return text
    if not width:
        return text
    rows = (textwrap.wrap(row, width, break_long_words=False, break_on_hyphens=False) for row in text.split("\n"))
    return "\n".join("\n".join(row) for row in rows)


class Screen:
    """What a person sees of a run on standard error: a bar on a terminal, a line an epoch elsewhere."""

    def __init__(self, title: str, stream: IO[str]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._console = Console(file=stream, highlight=False, emoji=False, markup=False)
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        # Lines are broken by us, at words, and elsewhere not at all.
        self._console.soft_wrap = True
        self._stream = stream
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}", markup=False),
            console=self._console,
            transient=True,
            refresh_per_second=5,
            expand=True,
        )
        self._title = title
        self._task = self._progress.add_task(f"{title}  starting", total=None, figures="")
        self._started: Started | None = None

    def __enter__(self) -> Screen:
        if self._live:
            self._progress.start()
        else:
            self.say(f"{self._title}: starting")
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            # The terminal may be gone by now.
            with contextlib.suppress(OSError, ValueError):
                self._progress.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(at_words(text, self._stream))

    def take(self, line: bytes) -> None:
        """A line of events; of a damaged one nothing is said here."""
        # Nobody sees the figures of a step where there is no bar.
        if self._live or not line.startswith(_STEP):
            with contextlib.suppress(Torn):
                self.show(from_line(line))

    def show(self, event: Event) -> None:
        """An event: the bar moves, or a line is said."""
        match event:
            case Started():
                self._begin(event)
            case Step():
                self._step(event)
            case Epoch():
                self.say(self._epoch(event))
            case Message():
                self.say(event.text)

    def _begin(self, event: Started) -> None:
        self._started = event
        total = event.steps_per_epoch * event.epochs
        self._progress.update(self._task, total=total, completed=event.step)
        where = f", from step {number(event.step)}" if event.step else ""
        self.say(f"{event.device}; {number(event.train_images)} images, {number(event.parameters)} parameters{where}")

    def _step(self, event: Step) -> None:
        if not self._live or self._started is None:
            return
        began = self._started
        left = (began.steps_per_epoch * began.epochs - event.step) * began.train_images / began.steps_per_epoch
        time_left = f"{duration(left / max(event.images_per_second, 1e-9))} left"
        before, after = fitting(
            self._title,
            f"epoch {event.epoch} of {began.epochs}",
            (f"loss {loss_in_words(event.loss)}", percent(event.accuracy), time_left),
            self._console.width,
        )
        self._progress.update(self._task, completed=event.step, description=before, figures=after)

    def _epoch(self, event: Epoch) -> str:
        of = f" of {self._started.epochs}" if self._started is not None else ""
        loss = loss_in_words(event.train_loss)
        return (
            f"epoch {event.epoch}{of}   loss {loss}   train {percent(event.train_accuracy)}   "
            f"validation {percent(event.validation_accuracy)}   {duration(event.seconds)}"
        )
