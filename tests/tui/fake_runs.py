"""Run folders without a runner: what a run would have written, at once or little by little."""

import math
import time
from dataclasses import replace

import numpy as np

from tutor.training import folder, runs
from tutor.training.events import (
    Epoch,
    EventWriter,
    Example,
    Examples,
    Finished,
    Message,
    Started,
    Step,
)
from tutor.training.recipe import recipe

LABELS = "0123456789"


def digit(number, seed=0, size=28):
    """Something like a written digit."""
    rng = np.random.default_rng(seed + number)
    image = np.zeros((size, size))
    t = np.linspace(0, 1, 60)
    loops = {0: (1, 0), 1: (0, 0), 7: (0, 1)}.get(number, (1 + number % 2, number / 10))
    x = 14 + 6 * np.sin(2 * math.pi * loops[0] * t) + 4 * loops[1] * (t - 0.5)
    y = 4 + 20 * (0.5 - 0.5 * np.cos(math.pi * (1 + (loops[0] > 0)) * t)) if loops[0] else 4 + 20 * t
    for cx, cy in zip(x + rng.normal(0, 0.3), y, strict=True):
        rows, columns = np.mgrid[0:size, 0:size]
        image = np.maximum(image, 255 * np.exp(-((rows - cy) ** 2 + (columns - cx) ** 2) / 2.5))
    return tuple(tuple(int(one) for one in row) for row in image)


def examples(epoch, when):
    """Ten best and ten worst."""
    best = tuple(Example(str(at), str(at), 0.999, 0.001, digit(at)) for at in range(10))
    worst = tuple(Example(str(at), str((at + 3) % 10), 0.97 - at / 50, 4.0, digit(at, 7)) for at in range(10))
    return Examples(when, epoch, best, worst)


class FakeWriter:
    """Writes a run's events in order; `advance` takes as many steps as are asked for."""

    def __init__(self, name="cnn-shifted", *, epochs=5, per_epoch=469, seed=0, start=None):
        """Makes the folder in TUTOR_HOME; the run is alive until `die` or the end."""
        self.recipe = replace(recipe(name, "full"), epochs=epochs)
        self.path, self.lock = folder.create(self.recipe)
        self.writer = EventWriter(self.path / "events.jsonl")
        self.epochs, self.per_epoch, self.step = epochs, per_epoch, 0
        self.random = np.random.default_rng(seed)
        self.final = 0.58 if "mlp" in name else 0.97
        self.time = start if start is not None else time.time()
        self.writer.write(
            Started(self.time, "cuda:0, NVIDIA H100", "2.14", 1, 60000, 10000, 431_080, epochs, per_epoch)
        )

    @property
    def total(self):
        return self.epochs * self.per_epoch

    def curve(self, steps):
        share = steps / self.total
        noise = self.random.normal(0, 1, len(steps))
        fall = np.exp(-share * 14)
        loss = (0.06 + (1 - self.final) + 2.2 * fall + 0.15 / (1 + 20 * share)) * np.exp(noise * 0.12)
        accuracy = np.clip(self.final - 0.85 * fall - 0.06 / (1 + 25 * share) + noise * 0.02, 0.05, 1)
        rate = 5e-4 * 0.5 * (1 + np.cos(math.pi * share))
        return loss, accuracy, rate

    def advance(self, count, nan=(), at=None):
        """Take `count` steps and write them as one line (and the end of an epoch where it is reached)."""
        while count:
            now = min(count, self.per_epoch - self.step % self.per_epoch, self.total - self.step)
            if not now:
                return False
            steps = np.arange(self.step + 1, self.step + now + 1)
            loss, accuracy, rate = self.curve(steps)
            losses = tuple(None if step in nan else float(one) for step, one in zip(steps, loss, strict=True))
            self.step += now
            self.time = time.time() if at is None else at
            epoch = (self.step - 1) // self.per_epoch + 1
            self.writer.write(
                Step(
                    self.time, self.step, epoch, losses[-1], float(accuracy[-1]), float(rate[-1]),
                    41_300.0 + self.random.normal(0, 200), losses, tuple(map(float, accuracy)), tuple(map(float, rate)),
                )
            )  # fmt: skip
            if self.step % self.per_epoch == 0:
                self.end_epoch(epoch, float(np.mean(loss)), float(np.mean(accuracy)))
            count -= now
        return True

    def end_epoch(self, epoch, loss, accuracy):
        self.writer.write(Epoch(self.time, epoch, self.step, loss, accuracy, loss * 1.1, accuracy - 0.012, 21.4))
        self.writer.write(examples(epoch, self.time))
        if self.step == self.total:
            self.finish()

    def finish(self):
        self.writer.write(Finished(self.time, self.step, self.epochs, self.final, 74.0))
        self.die()

    def die(self):
        """Its process is gone."""
        self.lock.release()

    @property
    def run(self):
        return runs.load(self.path)

    def say(self, text):
        self.writer.write(Message(time.time(), text))
