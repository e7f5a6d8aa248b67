"""`python -m tutor.training.after OTHER FOLDER`: waits until the run in OTHER is over, then becomes FOLDER's worker.

So several runs are begun at once and take the machine one after the other, whether or not anybody watches.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tutor.training import liveness, runs, starting
from tutor.training.events import EventWriter, Message
from tutor.training.folder import EVENTS, write_heard
from tutor.training.liveness import Here
from tutor.training.recipe import Recipe
from tutor.training.runs import Run
from tutor.training.summary import WAITS
from tutor.training.supervisor import worker_command

LOOK_SECONDS = 1.0


def start_after(other: Run | None, recipe: Recipe, sources: Mapping[str, str] | None = None) -> Run:
    """Begin a run that waits for another one to end, however that ends; without one it begins now. Raises RunError."""
    waiting = None if other is None else [sys.executable, "-m", "tutor.training.after", str(other.path)]
    return starting.start(recipe, sources, waiting)


def main(words: list[str]) -> None:
    """Wait, then train. A signal ends the waiting as it would end the run."""
    other, folder = Path(words[0]), Path(words[1])
    here = liveness.here()
    if other.exists() and runs.load(other, here).alive:
        _wait(other, folder, here)
    command = worker_command(folder)
    os.execv(command[0], command)


def _wait(other: Path, folder: Path, here: Here) -> None:
    """Until the other run is over, or deleted."""
    with EventWriter(folder / EVENTS) as writer:
        writer.write(Message(time.time(), WAITS.format(other.name)))
        while other.exists() and runs.load(other, here).alive:
            # Who waits is not silent.
            write_heard(folder, here.monotonic())
            time.sleep(LOOK_SECONDS)
        # Loading PyTorch takes a while, in which it waits for nobody any more.
        writer.write(Message(time.time(), "Its turn has come."))


if __name__ == "__main__":
    main(sys.argv[1:])
