"""The loop: epochs of batches, what they tell, and the places at which they can be stopped and taken up again."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tutor.training import checkpoint
from tutor.training.batches import Resident, order
from tutor.training.events import Epoch, Event, Finished, Started, Step
from tutor.training.examples import examples
from tutor.training.groups import Alone
from tutor.training.machine import Machine
from tutor.training.optimizing import optimizer_of, schedule_of
from tutor.training.recipe import Recipe
from tutor.training.recording import Recorder, Row, first_not_finite
from tutor.training.stepping import step_of
from tutor.training.validating import validate

BETWEEN_EVENTS, BETWEEN_SAVES = 0.05, 30.0
"""Seconds: at most 20 Step events a second; at most this much work lost to a kill."""


class Stop(BaseException):
    """Somebody wants the run to stop; raised between two steps. No Exception, so that no model's code swallows it."""


class NotANumber(Exception):
    """The loss of a step is no number: where, and what is the likely cause."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason} {advice}")
        self.reason, self.advice = reason, advice


@dataclass(slots=True)
class Place:
    """How far a training is, and what it has summed up on the way."""

    epoch: int = 0
    """Whole epochs, validated and all."""
    batch: int = 0
    """Batches of the epoch that runs."""
    step: int = 0
    loss: float = 0.0
    right: float = 0.0
    images: int = 0
    """Sums over the images of the epoch that runs."""
    epoch_seconds: float = 0.0
    seconds: float = 0.0
    best_accuracy: float = 0.0


class Training:
    """A model, its optimizer and schedule, the data, and the place where they are.

    `emit` takes every event as it happens, `keep` writes a checkpoint (it may raise NoSpace), `wanted` says whether
    somebody wants the run to stop, `one_epoch` trains on the batches left of an epoch. After `run` has raised anything,
    what was trained so far is still here.
    """

    def __init__(
        self,
        recipe: Recipe,
        machine: Machine,
        data: Resident,
        model: nn.Module,
        *,
        emit: Callable[[Event], None],
        keep: Callable[[dict[str, Any]], None] = lambda state: None,
        wanted: Callable[[], bool] = lambda: False,
        save_every: float = BETWEEN_SAVES,
        group: Alone | None = None,
        one_epoch: Callable[[Training], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.recipe, self.machine, self.data, self.group = recipe, machine, data, group or Alone()
        self.emit, self._keep, self._wanted, self._clock = emit, keep, wanted, clock
        self._one_epoch = one_epoch or train_epoch
        self.model = machine.holding(model)
        self.trained = self.group.wrapped(self.model, machine)
        """The model as the loop calls it; `model` is what is saved."""
        self.steps_per_epoch = math.ceil(len(data.labels) / recipe.batch)
        self.optimizer = optimizer_of(self.model, recipe)
        self.schedule = schedule_of(self.optimizer, self.steps_per_epoch * recipe.epochs)
        self.step = step_of(self.trained, self.optimizer, data.images, data.labels, machine, self.group)
        self.recorder = Recorder()
        self.at = Place()
        self.images_in_batch, self.images_here = 0, 0
        """Of the batch that runs: in all processes together, and in this one."""
        self._told = 0
        self._told_at = self._next_event = self._marked = clock()
        self._save_every = save_every
        self._next_save = clock() + save_every
        self.trouble: NotANumber | checkpoint.NoSpace | None = None
        """Why the run has to end at its next step."""
        self._before: deque[float] = deque(maxlen=200)

    # What a checkpoint holds

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the curve depends on."""
        self._account()
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "generators": checkpoint.generators(),
            "place": asdict(self.at),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        checkpoint.restore_generators(state["generators"])
        self.at = Place(**state["place"])
        self._told = self.at.step

    def save(self) -> None:
        """Tell every step there is, then keep a checkpoint; a trouble found on the way ends the next step."""
        self._tell(wait=True)
        if self.trouble is None and self.group.rank == 0:
            try:
                self._keep(self.state())
            except checkpoint.NoSpace as error:
                self.trouble = error
        self._told_at = now = self._clock()
        self._next_save = now + self._save_every

    # The run

    def run(self) -> None:
        """To the end. Raises Stop, NotANumber, NoSpace, and what the model's own code raises."""
        self.emit(self._started())
        self._told_at = self._marked = self._clock()
        while self.at.epoch < self.recipe.epochs:
            self._epoch()
        at = self.at
        self.emit(Finished(time.time(), at.step, at.epoch, at.best_accuracy, at.seconds))

    def _started(self) -> Started:
        return Started(
            time=time.time(),
            device=self.machine.words,
            torch=torch.__version__,
            processes=self.group.size,
            train_images=len(self.data.labels),
            validation_images=len(self.data.validation_labels),
            parameters=sum(each.numel() for each in self.model.parameters()),
            epochs=self.recipe.epochs,
            steps_per_epoch=self.steps_per_epoch,
            step=self.at.step,
            epoch=self.at.epoch,
        )

    def _epoch(self) -> None:
        at = self.at
        if at.batch < self.steps_per_epoch:
            self._one_epoch(self)
        self.machine.wait()
        self._tell(wait=True)
        self._agree(step=0)
        self._account()
        if self.group.rank == 0:
            self._validate()
            self._account(training=False)
        at.epoch, at.batch, at.loss, at.right, at.images, at.epoch_seconds = at.epoch + 1, 0, 0.0, 0.0, 0, 0.0
        self.save()
        self._agree(step=0)

    def _validate(self) -> None:
        at, epoch = self.at, self.at.epoch + 1
        # Alone, somebody who wants to stop need not wait for the whole validation split; it is done again later.
        between = self._agree if self.group.size == 1 else lambda: None
        scores = validate(self.model, self.data, self.machine, between)
        at.best_accuracy = max(at.best_accuracy, scores.accuracy)
        self.emit(
            Epoch(
                time=time.time(),
                epoch=epoch,
                step=at.step,
                train_loss=at.loss / max(at.images, 1),
                train_accuracy=at.right / max(at.images, 1),
                validation_loss=scores.loss,
                validation_accuracy=scores.accuracy,
                seconds=at.epoch_seconds,
            )
        )
        self.emit(examples(scores, self.data, epoch, time.time()))

    def indices(self) -> Iterator[Tensor]:
        """Which images are in each batch that is left of this epoch; asking for the next ends the step before."""
        at, size = self.at, self.recipe.batch
        indices = self.machine.taken(order(self.recipe.seed, at.epoch, len(self.data.labels)))
        while at.batch < self.steps_per_epoch:
            whole = indices[at.batch * size : (at.batch + 1) * size]
            mine = self.group.share(whole)
            self.images_in_batch, self.images_here = len(whole), len(mine)
            # A process without images of its own still takes part, with one image that weighs nothing.
            yield mine if len(mine) else whole[:1]
            at.batch += 1
            at.step += 1
            self._between_steps()

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches that are left of this epoch, on the device; asking for the next ends the step before."""
        for chosen in self.indices():
            yield self.data.images.index_select(0, chosen), self.data.labels.index_select(0, chosen)

    @property
    def rate(self) -> float:
        """The learning rate of the step that runs, before the schedule goes on."""
        return float(self.schedule.get_last_lr()[0])

    def record(self, told: Tensor, rate: float) -> None:
        """What the step that runs gave, (2,): its mean loss, its count of right answers; and its learning rate."""
        self.recorder.add(told, rate, self.images_in_batch)

    def _between_steps(self) -> None:
        now = self._clock()
        if now >= self._next_event:
            self._tell()
        if now >= self._next_save:
            self.save()
        self._agree(self.at.step)

    def _agree(self, step: int = 0) -> None:
        """Stop where this process, or another one, has a reason."""
        if self.group.anyone(self.trouble is not None or self._wanted(), step):
            raise self.trouble or Stop

    def _tell(self, *, wait: bool = False) -> None:
        """A Step event of all rows that are here; with `wait` of all steps there were."""
        self.recorder.send()
        rows = self.recorder.arrived(wait=wait)
        now = self._clock()
        self._next_event = now + BETWEEN_EVENTS
        if not rows:
            return
        first, self._told = self._told + 1, self._told + len(rows)
        images = sum(row.images for row in rows)
        at, last = self.at, rows[-1]
        for row in rows:  # one by one, so that the sum is the same however the rows came in chunks
            at.loss += row.loss * row.images
            at.right += row.accuracy * row.images
            at.images += row.images
        self.emit(
            Step(
                time=time.time(),
                step=self._told,
                epoch=(self._told - 1) // self.steps_per_epoch + 1,
                loss=last.loss,
                accuracy=last.accuracy,
                lr=last.rate,
                images_per_second=images / max(now - self._told_at, 1e-6),
                losses=tuple(row.loss for row in rows),
                accuracies=tuple(row.accuracy for row in rows),
                learning_rates=tuple(row.rate for row in rows),
            )
        )
        self._told_at = now
        self._look(rows, first)

    def _look(self, rows: list[Row], first: int) -> None:
        found = first_not_finite(rows)
        self._before.extend(row.loss for row in rows[: len(rows) if found is None else found])
        if found is not None and self.trouble is None:
            step = first + found
            epoch = (step - 1) // self.steps_per_epoch + 1
            self.trouble = NotANumber(
                f"The loss is not a number at step {step} (epoch {epoch}).", likely_cause(self.recipe, self._before)
            )

    def _account(self, *, training: bool = True) -> None:
        """Add the time since the last account."""
        now = self._clock()
        passed, self._marked = now - self._marked, now
        self.at.seconds += passed
        if training:
            self.at.epoch_seconds += passed


def train_epoch(training: Training) -> None:
    """Our loop: nothing in it waits for the device, metrics stay there."""
    training.model.train()
    for chosen in training.indices():
        rate = training.rate
        told = training.step(chosen, training.images_here / training.images_in_batch)
        training.schedule.step()
        training.record(told, rate)


def likely_cause(recipe: Recipe, before: deque[float]) -> str:
    """Why a loss became no number, as far as the losses before tell."""
    lowest, last = (min(before), before[-1]) if before else (math.nan, math.nan)
    if before and last > 3 * max(lowest, 1.0):
        smaller = f"learning_rate={recipe.learning_rate / 10:g}"
        return f"It had grown from {lowest:.3g} to {last:.3g} before: the steps are too large; try {smaller}."
    if recipe.source == "mine":
        return "It came from one step to the next: look in your model for a logarithm, root or quotient of zero."
    if recipe.precision == "bfloat16":
        return "It came from one step to the next: try precision=float32."
    smaller = f"learning_rate={recipe.learning_rate / 10:g}"
    return f"It came from one step to the next: the steps are likely too large; try {smaller}."
