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
from tutor.training.recipe import Recipe
from tutor.training.runs import Run
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
    if runs.load(other, here).alive:
        EventWriter(folder / EVENTS).write(Message(time.time(), f"It begins when {other.name} is over."))
    while other.exists() and runs.load(other, here).alive:
        # Who waits is not silent.
        write_heard(folder, here.monotonic())
        time.sleep(LOOK_SECONDS)
    command = worker_command(folder)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
