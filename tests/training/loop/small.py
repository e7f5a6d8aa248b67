"""What the tests of the loop share: a small recipe, small images, a training with its events, a curve."""

from __future__ import annotations

import os
import resource
import signal
from dataclasses import replace
from pathlib import Path

import torch

from tutor.training import checkpoint, distributed, models, worker
from tutor.training.batches import Resident
from tutor.training.events import EventWriter, Started, Step, read_events
from tutor.training.loop import Training
from tutor.training.machine import machine_for
from tutor.training.recipe import from_toml, recipe

SMALL = replace(
    recipe("mlp-shifted", "quick"),
    images=0,
    canvas=8,
    batch=32,
    epochs=2,
    threads=1,
    device="cpu",
    noise=0.0,
    precision="float32",
)
"""On the small images."""
EMBEDDED = replace(
    recipe("mlp-shifted", "quick"),
    images=600,
    canvas=28,
    noise=1.0,
    batch=20,
    epochs=2,
    threads=1,
    device="cpu",
    precision="float32",
)
"""On the embedded set: 60 steps."""


def small_data(train=300, validation=90, side=8) -> Resident:
    """Images of noise with one bright row, which is the class."""
    torch.manual_seed(0)

    def split(count):
        labels = torch.arange(count) % side
        images = 0.5 * torch.randn(count, 1, side, side)
        images[torch.arange(count), 0, labels] += 2
        return images, labels

    return Resident(*split(train), *split(validation), tuple("abcdefghij"), "made up")


def training(data, one=SMALL, **named):
    """A Training, and the list its events go to."""
    torch.manual_seed(one.seed)
    events = []
    model = named.pop("model", None) or models.build(one.model, canvas=one.canvas, width=4)
    return Training(one, machine_for(one), data, model, emit=events.append, **named), events


def curve(events):
    """The loss, accuracy and rate of every step; what was trained again after a resumption counts once."""
    steps = {}
    for event in events:
        if isinstance(event, Started):
            steps = {step: values for step, values in steps.items() if step <= event.step}
        if isinstance(event, Step):
            rows = list(zip(event.losses, event.accuracies, event.learning_rates, strict=True))
            steps |= {event.step - len(rows) + 1 + number: row for number, row in enumerate(rows)}
    assert list(steps) == list(range(1, len(steps) + 1))
    return list(steps.values())


def work(folder: Path, save_every: float = 30.0) -> None:
    """What `python -m tutor.training FOLDER` does, in a process that has torch loaded already."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    status = worker.run(folder, EventWriter(folder / "events.jsonl").write, lambda: bool(asked), save_every=save_every)
    os._exit(status)


def events_of(folder: Path):
    """The events of a run's folder."""
    return list(read_events(folder / "events.jsonl")[0])


def same_weights(one: dict, other: dict) -> bool:
    """Bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def state(number: int) -> dict:
    """A small checkpoint."""
    return {"number": number, "weights": torch.full((50,), float(number))}


def saving(folder: str, number: int) -> None:
    """Saves one checkpoint after the other, for ever, and notes beside the folder which one was the last."""
    while True:
        number += 1
        checkpoint.save(Path(folder), state(number) | {"much": torch.zeros(300_000)})
        Path(folder).with_suffix(".number").write_text(str(number))


def limited(folder: str, limit: int) -> None:
    """Saves where no file can be larger than `limit` bytes, and notes in the folder what was said."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        checkpoint.save(Path(folder), state(2) | {"much": torch.zeros(10_000)})
    except checkpoint.NoSpace as error:
        (Path(folder) / "said").write_text(str(error))


def among(rank: int, size: int, port: int, toml: str, folder: Path, stop_after: int) -> None:
    """One of the processes that torchrun would start; the last one is told to stop after some steps."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    if stop_after and rank == size - 1:
        between = Training._between_steps

        def counted(self: Training) -> None:
            if self.at.step == stop_after:
                os.kill(os.getpid(), signal.SIGTERM)
            between(self)

        Training._between_steps = counted
    os._exit(distributed.main(from_toml(toml), folder if rank == 0 else folder / "not mine"))
