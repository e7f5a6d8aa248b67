"""One run on several processes, each started by torchrun: the first makes the folder, owns it, and shows the events."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path

from tutor.training import folder as files
from tutor.training import liveness, saying, starting
from tutor.training.data.sets import DataError, find
from tutor.training.events import Event, EventWriter, to_line
from tutor.training.folder import Lock, RunError
from tutor.training.following import Screen
from tutor.training.recipe import Recipe, label
from tutor.training.runs import Run, load


def launched() -> bool:
    """Whether torchrun, or what does the same, started this process."""
    return all(name in os.environ for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"))


def train(old: Run | None, recipe: Recipe, as_json: bool, take_over: bool) -> int:
    """Train `recipe`, or go on with `old`, together with the other processes; 0, or 1 for failed. Raises RunError."""
    _require_data(recipe.data)
    # torch comes with it, and into this process: what is started by torchrun trains in its own.
    distributed = import_module("tutor.training.distributed")
    signal.signal(signal.SIGINT, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
    if os.environ["RANK"] != "0":
        return distributed.main(recipe, Path(os.devnull))
    path, lock = (
        starting.take_up(old, take_over) if old is not None else files.create(recipe, starting.own_sources(recipe))
    )
    with lock, _Owner(path, lock), Screen(label(recipe), sys.stderr) as screen:
        if not as_json:
            screen.say(path.name)
        status = distributed.main(recipe, path, _Json() if as_json else screen.show)
    if not as_json:
        print(saying.sentence(load(path)), file=sys.stderr)
    return status


class _Owner:
    """Makes this process the owner of a run, and notes when the run was heard."""

    def __init__(self, path: Path, lock: Lock) -> None:
        self._path, self._here = path, liveness.here()
        self._done = threading.Event()
        EventWriter(path / files.EVENTS).mend()
        self._size = (path / files.EVENTS).stat().st_size
        files.write_identity(path, liveness.own_identity(lock, self._size, self._here))
        files.write_heard(path, self._here.monotonic())
        self._thread = threading.Thread(target=self._listen, name="heard", daemon=True)

    def __enter__(self) -> _Owner:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(2)

    def _listen(self) -> None:
        while not self._done.wait(1.0):
            with contextlib.suppress(OSError):
                size = (self._path / files.EVENTS).stat().st_size
                if size != self._size:
                    self._size = size
                    files.write_heard(self._path, self._here.monotonic())


class _Json:
    """Events as lines on standard output; when nobody reads them any more, the training goes on without."""

    def __init__(self) -> None:
        self._open = True

    def __call__(self, event: Event) -> None:
        if self._open:
            try:
                sys.stdout.buffer.write(to_line(event))
                sys.stdout.buffer.flush()
            except BrokenPipeError:
                self._open = False
                print("tutor: nobody reads standard output any more; the run goes on.", file=sys.stderr)


def _require_data(name: str) -> None:
    """Raise RunError where this machine lacks the data set: processes of torchrun ask nobody anything."""
    try:
        found = find(name)
    except DataError as error:
        raise RunError(str(error)) from None
    if not found.complete:
        raise RunError(f"{found.said} Fetch it on every machine first: python -m tutor.training.data {name}")
