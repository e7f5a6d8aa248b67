"""One training from a run folder: reads its recipe, goes on from its checkpoint, writes its events to the end."""

from __future__ import annotations

import hashlib
import re
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tutor.training import checkpoint, models, own
from tutor.training.batches import resident
from tutor.training.data.sets import DataError
from tutor.training.events import Event, Failed, Message, Stopped
from tutor.training.groups import Alone
from tutor.training.loop import BETWEEN_SAVES, NotANumber, Stop, Training
from tutor.training.machine import Machine, MachineError, machine_for, out_of_memory, what_to_change
from tutor.training.recipe import Recipe, RecipeError, difference, from_toml, model_name, to_toml

FINISHED, FAILED = 0, 1
"""What a worker exits with: finished or stopped, or failed with a Failed event."""
RECIPE_FILE = "recipe.toml"


class Unwritable(Exception):
    """An event could not be written: the disk is full, or gone."""


def run(
    folder: Path,
    emit: Callable[[Event], None],
    wanted: Callable[[], bool],
    *,
    recipe: Recipe | None = None,
    gather: Callable[[Machine], Alone] = lambda machine: Alone(),
    rank: int = 0,
    save_every: float = BETWEEN_SAVES,
) -> int:
    """Train what the folder's recipe says, to its end or until `wanted`; every ending is an event. The exit status.

    Of several processes only the first reads the folder and writes; the others are given the `recipe`.
    `save_every` is in seconds.
    """

    def sure(event: Event) -> None:
        try:
            emit(event)
        except OSError as error:
            raise Unwritable(error.strerror or str(error)) from None

    running = Running(folder, sure, wanted, save_every)
    try:
        return running.run(recipe, gather, rank)
    except Unwritable as error:
        # Nowhere to say it but the log; the checkpoint and the events so far are intact.
        print(f"The events could not be written ({error}); make some space, then resume the run.", file=sys.stderr)
        return FINISHED
    finally:
        running.group.close()


class Running:
    """A training from its folder: what was there before the first step, and what is said at the end."""

    def __init__(
        self, folder: Path, emit: Callable[[Event], None], wanted: Callable[[], bool], save_every: float
    ) -> None:
        self.folder, self.emit, self.wanted, self.save_every = folder, emit, wanted, save_every
        self.training: Training | None = None
        self.recipe: Recipe | None = None
        self.group = Alone()

    def run(self, recipe: Recipe | None, gather: Callable[[Machine], Alone], rank: int) -> int:
        """To the end, whichever it is. Raises Unwritable."""
        try:
            self.recipe = recipe or _recipe(self.folder)
            machine = machine_for(self.recipe, rank)
            self.group = gather(machine)
            self.training = self._prepare(self.recipe, machine)
            if self.wanted():
                raise Stop
            self.training.run()
            return FINISHED
        except Stop:
            return self._stopped()
        except checkpoint.NoSpace as error:
            return self._pause(error)
        except Unwritable:
            raise
        except Exception as error:
            return self._fail(*self._told(error))

    def _prepare(self, recipe: Recipe, machine: Machine) -> Training:
        """Everything before the first step, with the checkpoint's state where there is one."""
        folder, group = self.folder, self.group
        state, said = checkpoint.load(folder) if group.rank == 0 else (None, "")
        state = group.same(state)
        self.folder = folder = own.handed_on(folder, recipe, group)
        digests = _digests(folder, recipe)
        if state is not None:
            _same_run(state, recipe, digests)
        torch.manual_seed(recipe.seed)
        model, note = build(folder, recipe)
        for sentence in filter(None, (said, note if state is None else "")):
            self.emit(Message(time.time(), sentence))
        training = Training(
            recipe,
            machine,
            resident(recipe, machine),
            model,
            emit=self.emit,
            keep=lambda values: checkpoint.save(folder, {"recipe": to_toml(recipe), "code": digests, **values}),
            wanted=self.wanted,
            save_every=self.save_every,
            group=group,
            one_epoch=own.epoch_of(folder) if recipe.loop == "mine" else None,
        )
        if state is not None:
            training.restore(state)
        return training

    # The endings

    def _stopped(self) -> int:
        """Somebody asked: keep what there is."""
        if self.training is not None:
            self.training.save()
            trouble = self.training.trouble
            if isinstance(trouble, NotANumber):
                return self._fail(trouble.reason, trouble.advice)
            if trouble is not None:
                return self._pause(trouble)
        return self._stop("Stopped as asked; resume it whenever you like.")

    def _pause(self, error: checkpoint.NoSpace) -> int:
        return self._stop(f"{error} Make some space, then resume the run.")

    def _stop(self, reason: str) -> int:
        step, epoch = self._place()
        self.emit(Stopped(time.time(), step, epoch, reason))
        return FINISHED

    def _fail(self, reason: str, advice: str) -> int:
        step, epoch = self._place()
        self.emit(Failed(time.time(), step, epoch, reason, advice))
        return FAILED

    def _place(self) -> tuple[int, int]:
        """The steps done, and the epoch they are in, from 1; 0 before there was any."""
        if self.training is None:
            return 0, 0
        at = self.training.at
        return at.step, min(at.epoch + 1, self.training.recipe.epochs)

    def _told(self, error: Exception) -> tuple[str, str]:
        """What happened, and what to change."""
        recipe = self.recipe
        if isinstance(error, NotANumber | MachineError | own.OwnCodeError):
            return error.reason, error.advice
        if isinstance(error, RecipeError | checkpoint.CheckpointError):
            mark = "; " if "; " in str(error) else ": "
            reason, _, advice = str(error).rpartition(mark)
            return f"{reason}.", f"{advice[:1].upper()}{advice[1:]}"
        if isinstance(error, DataError):
            reason, *advice = re.split(r"(?<=\.) (?=[A-Z])", str(error), maxsplit=1)
            return reason, " ".join(advice)
        if out_of_memory(error) and recipe is not None:
            whose = "GPU's" if isinstance(error, torch.OutOfMemoryError) else "machine's"
            return f"The {whose} memory is not enough for this training.", what_to_change(recipe)
        mine = own.told(error, self.folder / own.MODEL_FILE, self.folder / own.LOOP_FILE)
        if mine is not None:
            return mine.reason, mine.advice
        # The whole story goes into the run's log, which standard error is.
        traceback.print_exception(error, file=sys.stderr)
        words = str(error).strip().split("\n", 1)[0][:300]
        if recipe is not None and recipe.source == "mine":
            kind = model_name(recipe.model)[0]
            return f"Your {kind} could not be trained: {type(error).__name__}: {words}", "Check it, and start again."
        return f"The training broke off: {type(error).__name__}: {words}", "The run's log.txt says where."


def _recipe(folder: Path) -> Recipe:
    try:
        return from_toml((folder / RECIPE_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"The run's {RECIPE_FILE} cannot be read ({error.strerror}); start a new run.") from None


def build(folder: Path, recipe: Recipe) -> tuple[nn.Module, str]:
    """The recipe's model, ours or the learner's, and a sentence about it (may be empty). Raises OwnCodeError."""
    if recipe.source == "mine":
        return own.model_of(folder, recipe)
    return models.build_of(recipe), ""


def _digests(folder: Path, recipe: Recipe) -> dict[str, str]:
    """What the learner's files of this run are, so that a run is only resumed with the code it began with."""
    names = [own.MODEL_FILE] * (recipe.source == "mine") + [own.LOOP_FILE] * (recipe.loop == "mine")
    found = [(name, folder / name) for name in names]
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in found if file.is_file()}


def _same_run(state: dict[str, Any], recipe: Recipe, digests: dict[str, str]) -> None:
    """Refuse to go on with another recipe, or other code, than the checkpoint's. Raises RecipeError."""
    other = difference(from_toml(state["recipe"]), recipe)
    files = [name for name, digest in state["code"].items() if digests.get(name) != digest]
    changes = " and ".join(filter(None, (other, *(f"another {name}" for name in files))))
    if changes:
        raise RecipeError(f"The checkpoint is of another training: now {changes}; start a new run for that.")
